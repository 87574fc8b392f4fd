import { type ForeignKey, getTableConfig, type PgColumn } from 'drizzle-orm/pg-core'
import { OperatorError } from '../../errors/index.ts'
import { qualify, type SchemaTable, unquote } from '../schema/read-schema.ts'

/** How the tenant of a table's rows is known. */
export type TenantSource =
  /** A column of the table holds the tenant's id. */
  | { kind: 'column'; column: PgColumn }
  /** A foreign key that is never null leads to a row with a tenant. */
  | { kind: 'parent'; key: ForeignKey; parent: SchemaTable }
  /** The table has the tenant column already. */
  | { kind: 'present' }

/** The sources of the tables' tenants, in an order in which each can be filled, and the tables without a source. */
export interface TenantSources {
  known: Map<SchemaTable, TenantSource>
  unknown: SchemaTable[]
}

/**
 * Finds out how the rows of each table get their tenant.
 *
 * @param tables those that need a tenant
 * @param given names of columns that hold the tenant's id: `orders.org_id`
 * @throws OperatorError for a name that the schema does not have, or whose column is no uuid
 */
export function findSources(tables: SchemaTable[], given: string[]): TenantSources {
  const known = new Map<SchemaTable, TenantSource>()
  for (const table of tables) if (table.tenant?.notNull) known.set(table, { kind: 'present' })
  const columns = given.map((name) => columnOf(name, tables))
  for (const { table, column } of columns) if (!known.has(table)) known.set(table, { kind: 'column', column })
  for (const table of tables) {
    const column = table.columns.find((own) => columns.some((one) => isNamesake(own, one.column)))
    if (column && !known.has(table)) known.set(table, { kind: 'column', column })
  }
  let size = -1
  while (size !== known.size) {
    size = known.size
    for (const table of tables) {
      const source = known.has(table) ? undefined : byForeignKey(table, known)
      if (source) known.set(table, source)
    }
  }
  return { known, unknown: tables.filter((table) => !known.has(table)) }
}

/** Whether a column has the name of one that holds the tenant's id: then it holds it too. Each table has an "id" of its own. */
const isNamesake = (own: PgColumn, other: PgColumn): boolean =>
  own.name === other.name && own.getSQLType() === 'uuid' && !own.primary && !other.primary

function columnOf(name: string, tables: SchemaTable[]): { table: SchemaTable; column: PgColumn } {
  const [, label = '', columnName = ''] = /^(.+)\.([^.]+)$/.exec(name) ?? []
  const [table, other] = tables.filter((one) => [unquote(one.label), one.name].includes(unquote(label)))
  if (table && other)
    throw new OperatorError(`--tenant-from: ${name} can be of ${table.label} or of ${other.label}: write the schema`)
  if (!table) {
    const known = tables.map((one) => one.label).join(', ')
    throw new OperatorError(`--tenant-from: ${name} must be table.column, with one of these tables: ${known}`)
  }
  const column = table.columns.find((one) => one.name === unquote(columnName))
  if (!column) throw new OperatorError(`--tenant-from: ${table.label} has no column ${columnName}`)
  if (column.getSQLType() !== 'uuid')
    throw new OperatorError(`--tenant-from: ${name} is ${column.getSQLType()}, and a tenant's id is a uuid`)
  return { table, column }
}

function byForeignKey(table: SchemaTable, known: TenantSources['known']): TenantSource | undefined {
  for (const key of table.foreignKeys) {
    const { columns } = key.reference()
    const parent = parentOf(key, [...known.keys()])
    if (parent && parent !== table && columns.every((column) => column.notNull)) return { kind: 'parent', key, parent }
  }
  return undefined
}

/** The table that a foreign key refers to, if it is one of these. */
export function parentOf(key: ForeignKey, tables: SchemaTable[]): SchemaTable | undefined {
  const { schema, name } = getTableConfig(key.reference().foreignTable)
  return tables.find(({ label }) => label === qualify(schema, name))
}
