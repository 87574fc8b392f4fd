import { getTableConfig } from 'drizzle-orm/pg-core'
import { type Connection, query } from '../../database/index.ts'
import type { Finding } from '../../isolation/index.ts'
import { type DatabaseTable, type Reference, readTables } from './database-tables.ts'
import { drawTable, scratchSchema } from './expected-tables.ts'
import { qualify, type SchemaTable, unquote } from './read-schema.ts'

/**
 * Compares a Drizzle schema with the tables of a database: tables, columns with type and nullability, primary, unique and
 * foreign keys, and policies that the schema declares. Call it in a transaction, which it leaves as it was.
 *
 * @param shared relations that need not be in the schema, as `schema.name`
 * @returns a finding for each difference; none where both say the same
 */
export async function compareSchema(
  connection: Connection,
  tables: SchemaTable[],
  shared: string[],
): Promise<Finding[]> {
  await query(connection, 'savepoint comparison')
  await query(connection, `create schema ${scratchSchema}`)
  const refused = new Map<SchemaTable, string>()
  for (const [number, table] of tables.entries()) {
    const reason = await drawTable(connection, table, String(number))
    if (reason !== undefined) refused.set(table, reason)
  }
  const described = await readTables(connection)
  await query(connection, 'rollback to savepoint comparison')
  const actual = new Map(described.map((table) => [qualify(table.schema, table.name), table]))
  const findings = tables.flatMap((table, number) => {
    const found = actual.get(table.label)
    if (!found) return [differs(table.label, 'is in the schema and not in the database', generate)]
    const reason = refused.get(table)
    if (reason !== undefined)
      return [differs(table.label, `PostgreSQL cannot make it as the schema has it: ${reason}`, correct)]
    const wanted = described.find(({ schema, name }) => schema === scratchSchema && name === String(number))
    return wanted ? compareTable(table, wanted, found) : []
  })
  const known = new Set([...tables.map(({ label }) => label), ...shared].map(unquote))
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
    const [expected, is] = [wanted.columns[name], found.columns[name]]
    if (expected === is) return []
    if (is === undefined) return [differs(label, `column ${name} is in the schema and not in the database`, generate)]
    if (expected === undefined)
      return [differs(label, `column ${name} is in the database and not in the schema`, correct)]
    return [differs(label, `column ${name} is ${expected} in the schema and ${is} in the database`, generate)]
  })
  return [
    ...columns,
    ...compareTexts(label, 'primary key', wanted.primaryKeys, found.primaryKeys),
    ...compareTexts(label, 'unique key', wanted.uniqueKeys, found.uniqueKeys),
    ...compareTexts(
      label,
      'foreign key',
      table.foreignKeys.map(referenceOf).map(inWords),
      found.foreignKeys.map(inWords),
    ),
    ...compareTexts(label, 'policy', wanted.policies.filter(isTheirs), found.policies.filter(isTheirs)),
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

/** The wall check judges those that tenancy.protect() makes. */
const isTheirs = (policy: string): boolean => !/^tenant_(isolation|restrictive) /.test(policy)

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

function inWords({ columns, schema, name, foreignColumns, onDelete, onUpdate }: Reference): string {
  const action = (letter: string) => Object.keys(actions).find((word) => actions[word] === letter) ?? 'no action'
  const target = `${qualify(schema, name)} (${foreignColumns.join(', ')})`
  return `(${columns.join(', ')}) to ${target} on delete ${action(onDelete)} on update ${action(onUpdate)}`
}

const generate = 'Run "drizzle-kit generate" and read what it writes; where the database is right, correct the schema.'
const correct = 'Correct the schema; or, where the schema is right, add a migration that says so.'

const differs = (object: string, problem: string, remedy: string): Finding => ({
  level: 'error',
  check: 'schema-differs',
  guarantee: 27,
  object,
  problem,
  remedy,
})
