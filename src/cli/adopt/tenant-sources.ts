import { type ForeignKey, getTableConfig, type PgColumn } from 'drizzle-orm/pg-core'
import type { TenantIdType } from '../../context/index.ts'
import { OperatorError } from '../../errors/index.ts'
import { qualify, type SchemaTable, unquote } from '../schema/read-schema.ts'

/** A foreign key that is never null leads to a row with a tenant. */
export interface ParentSource {
  kind: 'parent'
  key: ForeignKey
  parent: SchemaTable
}

/** How the tenant of a table's rows is known. */
export type TenantSource =
  /** A column of the table holds the tenant's id; where it is null, the parent's tenant is used. */
  | { kind: 'column'; column: PgColumn; otherwise: ParentSource | undefined }
  | ParentSource
  /** The table has the tenant column already. */
  | { kind: 'present' }

/** The sources of the tables' tenants, in an order in which each can be filled, and what is not known. */
export interface TenantSources {
  known: Map<SchemaTable, TenantSource>
  unknown: SchemaTable[]
  /** Questions about columns that may hold a tenant, in tables that get their tenants from elsewhere. */
  doubts: string[]
}

/**
 * Finds out how the rows of each table get their tenant: from a named column, a column of the same name, or a foreign key.
 *
 * @param tables those that need a tenant
 * @param given names of columns that hold the tenant's id: `orders.org_id`
 * @param type the type of tenant ids
 * @throws OperatorError for a name that the schema does not have or that two schemas have, or whose column has another type
 */
export function findSources(tables: SchemaTable[], given: string[], type: TenantIdType): TenantSources {
  const named = new Map<SchemaTable, PgColumn>()
  for (const name of given) {
    const { table, column } = columnOf(name, tables, type)
    if (!named.has(table)) named.set(table, column)
  }
  const isFilled = ({ tenant }: SchemaTable) => tenant?.notNull === true
  const candidates = new Map(
    tables.filter((table) => !isFilled(table)).map((table) => [table, ownColumns(table, named)]),
  )
  const known = new Map<SchemaTable, TenantSource>(tables.filter(isFilled).map((table) => [table, { kind: 'present' }]))
  const own = new Map(
    [...candidates].flatMap(([table, columns]) => {
      const column = columns.find((one) => canHold(one, type))
      return column ? [[table, column] as const] : []
    }),
  )
  for (const [table, column] of own)
    if (column.notNull) known.set(table, { kind: 'column', column, otherwise: undefined })
  followKeys(tables, known, own)
  for (const [table, column] of own) {
    if (known.has(table)) continue
    known.set(table, { kind: 'column', column, otherwise: undefined })
    followKeys(tables, known, own)
  }
  const doubts = [...candidates].flatMap(([table, columns]) =>
    doubtsAbout({ table, columns, source: known.get(table) }, named, type),
  )
  return { known, unknown: tables.filter((table) => !known.has(table)), doubts }
}

/** Adds the tables whose foreign keys lead to known ones. */
function followKeys(tables: SchemaTable[], known: TenantSources['known'], own: Map<SchemaTable, PgColumn>): void {
  let size = -1
  while (size !== known.size) {
    size = known.size
    for (const table of tables) {
      const source = known.has(table) ? undefined : byForeignKey(table, known)
      const column = own.get(table)
      if (source) known.set(table, column ? { kind: 'column', column, otherwise: source } : source)
    }
  }
}

/** The named column of a table, or those with the name of a named one. */
function ownColumns(table: SchemaTable, named: Map<SchemaTable, PgColumn>): PgColumn[] {
  const column = named.get(table)
  if (column) return [column]
  return table.columns.filter((one) =>
    [...named].some(
      // The ids of two tables have the same name and no relation.
      ([other, { name }]) => one.name === name && !(isKey(table, name) && isKey(other, name)),
    ),
  )
}

const isKey = ({ columns, primaryKeys }: SchemaTable, name: string): boolean =>
  [...columns.filter(({ primary }) => primary), ...primaryKeys.flatMap((key) => key.columns)].some(
    (column) => column.name === name,
  )

function doubtsAbout(
  { table, columns, source }: { table: SchemaTable; columns: PgColumn[]; source: TenantSource | undefined },
  named: Map<SchemaTable, PgColumn>,
  type: TenantIdType,
): string[] {
  const doubt = (name: string, why: string) => `does ${table.label}.${name} hold the tenant of its rows? ${why}`
  const used = source?.kind === 'column' ? source.column : undefined
  const others = columns
    .filter((column) => column !== used)
    .map((column) =>
      canHold(column, type)
        ? doubt(column.name, `The column ${used?.name} has the name of a named column too`)
        : doubt(column.name, `It is ${column.getSQLType()}, and a tenant's id is a ${type}`),
    )
  if (source?.kind !== 'parent') return others
  const targets = [...named].flatMap(([other, { name }]) => targetsOf(other, name))
  const alike = table.columns.filter(({ name }) => targetsOf(table, name).some((target) => targets.includes(target)))
  return [
    ...others,
    ...alike
      .filter((column) => !columns.includes(column))
      .map(({ name }) => doubt(name, 'It refers to the same rows as a named column')),
  ]
}

/** The columns that a column refers to by itself, as `schema.table.column`. */
const targetsOf = ({ foreignKeys }: SchemaTable, name: string): string[] =>
  foreignKeys.flatMap((key) => {
    const { columns, foreignTable, foreignColumns } = key.reference()
    const { schema, name: table } = getTableConfig(foreignTable)
    return columns.length === 1 && columns[0]?.name === name
      ? [`${qualify(schema, table)}.${foreignColumns[0]?.name}`]
      : []
  })

function columnOf(name: string, tables: SchemaTable[], type: TenantIdType): { table: SchemaTable; column: PgColumn } {
  const [, label = '', columnName = ''] = /^(.+)\.([^.]+)$/.exec(name) ?? []
  const [table, ...others] = tables.filter((one) => [unquote(one.label), one.name].includes(unquote(label)))
  if (!table) {
    const known = tables.map((one) => one.label).join(', ')
    throw new OperatorError(`--tenant-from: ${name} must be table.column, with one of these tables: ${known}`)
  }
  if (others.length > 0) {
    const labels = [table, ...others].map((one) => one.label)
    throw new OperatorError(
      `--tenant-from: ${name} is in ${labels.join(' and ')}: write the schema, as ${table.label}.${columnName}`,
    )
  }
  const column = table.columns.find((one) => one.name === unquote(columnName))
  if (!column) throw new OperatorError(`--tenant-from: ${table.label} has no column ${columnName}`)
  if (!canHold(column, type))
    throw new OperatorError(
      `--tenant-from: ${name} is ${column.getSQLType()}, and a tenant's id is a ${type}: tenantId of rowhouse.config.ts is its type`,
    )
  return { table, column }
}

/** The types of columns whose values an UPDATE writes into a tenant column without a cast. */
const convertible: Record<TenantIdType, RegExp> = {
  uuid: /^uuid$/,
  text: /^(text|varchar|char)\b/i,
  bigint: /^(bigint|integer|smallint|bigserial|serial|smallserial)$/,
}

const canHold = (column: PgColumn, type: TenantIdType): boolean => convertible[type].test(column.getSQLType())

function byForeignKey(table: SchemaTable, known: TenantSources['known']): ParentSource | undefined {
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
