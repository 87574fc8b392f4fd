import { getTableConfig } from 'drizzle-orm/pg-core'
import { type Connection, query } from '../../database/index.ts'
import type { Finding } from '../../isolation/index.ts'
import { type DatabaseTable, type Reference, readTables } from './database-tables.ts'
import { createExpectedTable, scratchSchema } from './expected-tables.ts'
import { qualify, type SchemaTable, unquote } from './read-schema.ts'

/**
 * Compares a Drizzle schema with the tables of a database: tables, columns with type and nullability, primary, unique and
 * foreign keys, and policies of the schema. It runs in a transaction of the caller, and changes nothing.
 *
 * @param others relations that may be missing in the schema, as `schema.name`
 * @returns one finding per difference
 */
export async function compareSchema(
  connection: Connection,
  tables: SchemaTable[],
  others: string[],
): Promise<Finding[]> {
  await query(connection, 'savepoint comparison')
  await query(connection, `create schema ${scratchSchema}`)
  const rejected = new Map<SchemaTable, string>()
  for (const [number, table] of tables.entries()) {
    const reason = await createExpectedTable(connection, table, String(number))
    if (reason !== undefined) rejected.set(table, reason)
  }
  const described = await readTables(connection)
  await query(connection, 'rollback to savepoint comparison')
  const actual = new Map(described.map((table) => [qualify(table.schema, table.name), table]))
  const findings = tables.flatMap((table, number) => {
    const found = actual.get(table.label)
    if (!found) return [differs(table.label, 'is in the schema and not in the database', generate)]
    const reason = rejected.get(table)
    if (reason !== undefined)
      return [differs(table.label, `PostgreSQL rejects the table of the schema: ${reason}`, correct)]
    const wanted = described.find(({ schema, name }) => schema === scratchSchema && name === String(number))
    return wanted ? compareTable(table, wanted, found) : []
  })
  const known = new Set([...tables.map(({ label }) => label), ...others].map(unquote))
  const extra = described.filter(({ schema, name }) => schema !== scratchSchema && !known.has(`${schema}.${name}`))
  return [
    ...findings,
    ...extra.map(({ schema, name }) => ({
      ...differs(qualify(schema, name), 'is in the database and not in the schema', correct),
      level: 'warning' as const,
    })),
  ]
}

function compareTable(table: SchemaTable, wanted: DatabaseTable, found: DatabaseTable): Finding[] {
  const { label } = table
  const columns = [...new Set([...Object.keys(wanted.columns), ...Object.keys(found.columns)])].flatMap((name) => {
    const [expected, actual] = [wanted.columns[name], found.columns[name]]
    if (expected === actual) return []
    if (actual === undefined)
      return [differs(label, `column ${name} is in the schema and not in the database`, generate)]
    if (expected === undefined)
      return [differs(label, `column ${name} is in the database and not in the schema`, correct)]
    return [differs(label, `column ${name} is ${expected} in the schema and ${actual} in the database`, generate)]
  })
  return [
    ...columns,
    ...compareTexts(label, 'primary key', wanted.primaryKeys, found.primaryKeys),
    ...compareTexts(label, 'unique key', wanted.uniqueKeys, found.uniqueKeys),
    ...compareTexts(
      label,
      'foreign key',
      table.foreignKeys.map(referenceOf).map(describeReference),
      found.foreignKeys.map(describeReference),
    ),
    ...compareTexts(label, 'policy', wanted.policies.filter(isOwnPolicy), found.policies.filter(isOwnPolicy)),
  ]
}

function compareTexts(label: string, what: string, wanted: string[], found: string[]): Finding[] {
  const [missing, extra] = [
    wanted.filter((text) => !found.includes(text)),
    found.filter((text) => !wanted.includes(text)),
  ]
  return [
    ...missing.map((text) => differs(label, `${what} ${text} is in the schema and not in the database`, generate)),
    ...extra.map((text) => differs(label, `${what} ${text} is in the database and not in the schema`, correct)),
  ]
}

/** The isolation check covers the policies of tenancy.protect(). */
const isOwnPolicy = (policy: string): boolean => !/^tenant_(isolation|restrictive) /.test(policy)

const actions: Record<string, string> = { cascade: 'c', restrict: 'r', 'set null': 'n', 'set default': 'd' }

function referenceOf(key: SchemaTable['foreignKeys'][number]): Reference {
  const { columns, foreignColumns, foreignTable } = key.reference()
  const { schema = 'public', name } = getTableConfig(foreignTable)
  return {
    columns: columns.map((column) => column.name),
    schema,
    name,
    foreignColumns: foreignColumns.map((column) => column.name),
    onDelete: actions[key.onDelete ?? ''] ?? 'a',
    onUpdate: actions[key.onUpdate ?? ''] ?? 'a',
  }
}

function describeReference({ columns, schema, name, foreignColumns, onDelete, onUpdate }: Reference): string {
  const action = (letter: string) => Object.keys(actions).find((word) => actions[word] === letter) ?? 'no action'
  const target = `${qualify(schema, name)} (${foreignColumns.join(', ')})`
  return `(${columns.join(', ')}) to ${target} on delete ${action(onDelete)} on update ${action(onUpdate)}`
}

const generate = 'Run "drizzle-kit generate" and read the new migration. If the database is right, correct the schema.'
const correct = 'Correct the schema. If the schema is right, add a migration.'

const differs = (object: string, problem: string, remedy: string): Finding => ({
  level: 'error',
  check: 'schema-differs',
  guarantee: 27,
  object,
  problem,
  remedy,
})
