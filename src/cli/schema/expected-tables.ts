import { is, type SQL } from 'drizzle-orm'
import { IndexedColumn, PgArray, type PgColumn, PgDialect, PgEnumColumn, PgEnumObjectColumn } from 'drizzle-orm/pg-core'
import { type Connection, query } from '../../database/index.ts'
import { identifier } from '../output/sql-text.ts'
import { quote, type SchemaTable } from './read-schema.ts'

/** The schema of the expected tables. */
export const scratchSchema = 'rowhouse_scratch'

/**
 * Creates a table of a Drizzle schema, so that PostgreSQL itself prints its types and expressions. The caller rolls its
 * transaction back.
 *
 * @param name the name in the scratch schema
 * @returns the message of PostgreSQL when it rejects the table
 */
export async function createExpectedTable(
  connection: Connection,
  table: SchemaTable,
  name: string,
): Promise<string | undefined> {
  const target = `${quote(scratchSchema)}.${quote(name)}`
  await query(connection, 'savepoint expected_table')
  try {
    for (const statement of [createTable(table, target), ...uniqueKeys(table, target), ...policies(table, target)])
      await query(connection, statement)
    return undefined
  } catch (error) {
    await query(connection, 'rollback to savepoint expected_table')
    return error instanceof Error ? error.message : String(error)
  }
}

function createTable({ columns, primaryKeys }: SchemaTable, target: string): string {
  const lines = columns.map((column) => `${quote(column.name)} ${typeOf(column)}${column.notNull ? ' not null' : ''}`)
  const single = columns.filter(({ primary }) => primary)
  for (const key of [...primaryKeys.map((key) => key.columns), ...(single.length > 0 ? [single] : [])])
    lines.push(`primary key (${key.map(({ name }) => quote(name)).join(', ')})`)
  return `create table ${target} (${lines.join(', ')})`
}

/** `getSQLType` omits the schema and the quotes of an enum. */
function typeOf(column: PgColumn): string {
  if (is(column, PgArray)) return `${typeOf(column.baseColumn)}[]`
  if (is(column, PgEnumColumn) || is(column, PgEnumObjectColumn))
    return `${quote(column.enum.schema ?? 'public')}.${quote(column.enum.enumName)}`
  return column.getSQLType()
}

/** Unique constraints and unique indexes are compared as indexes: they reject the same rows. */
function uniqueKeys({ columns, uniqueConstraints, indexes }: SchemaTable, target: string): string[] {
  const plain = [
    ...uniqueConstraints.map((key) => ({ columns: key.columns, together: key.nullsNotDistinct })),
    ...columns
      .filter(({ isUnique }) => isUnique)
      .map((column) => ({ columns: [column], together: column.uniqueType === 'not distinct' })),
  ].map(({ columns, together }) => {
    const names = columns.map(({ name }) => quote(name)).join(', ')
    return `create unique index on ${target} (${names})${together ? ' nulls not distinct' : ''}`
  })
  const other = indexes
    .filter(({ config }) => config.unique)
    .map(({ config }) => {
      const parts = config.columns.map(indexElement)
      return `create unique index on ${target} (${parts.join(', ')})${config.where ? ` where ${textOf(config.where)}` : ''}`
    })
  return [...plain, ...other]
}

function policies({ policies }: SchemaTable, target: string): string[] {
  return policies.map(({ name, as = 'permissive', for: command = 'all', using, withCheck }) => {
    const expressions = [using && ` using (${textOf(using)})`, withCheck && ` with check (${textOf(withCheck)})`]
    return `create policy ${quote(name)} on ${target} as ${as} for ${command}${expressions.filter(Boolean).join('')}`
  })
}

/** A column or an expression of an index, as drizzle-kit writes it: an operator class stands without an order. */
export function indexElement(part: Partial<IndexedColumn | SQL>): string {
  if (!is(part, IndexedColumn)) return textOf(part as SQL) // a column of an index is an IndexedColumn or an expression
  const { order, opClass, nulls = order === 'desc' ? 'first' : 'last' } = part.indexConfig ?? {}
  const isDescending = order === 'desc'
  const sorted = `${isDescending ? ' desc' : ''}${isDescending || nulls === 'first' ? ` nulls ${nulls}` : ''}`
  return `${identifier(part.name ?? '')}${opClass ? ` ${opClass}` : sorted}`
}

/** The text that Drizzle writes into migrations: columns without their table, values inlined. */
export const textOf = (expression: SQL): string => new PgDialect().sqlToQuery(expression.inlineParams(), 'indexes').sql
