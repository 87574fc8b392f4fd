import { getTableColumns, is, type SQL, sql } from 'drizzle-orm'
import { getTableConfig, PgArray, type PgColumn, type PgTable } from 'drizzle-orm/pg-core'

/** A column of a sort, with its direction. */
export interface SortKey {
  /** The key of the column in the Drizzle table. */
  readonly name: string
  readonly column: PgColumn
  readonly isDescending: boolean
  readonly isNullable: boolean
}

/** The order of a list: the columns of a sort, ended by those of the primary key, so that no two rows are equal. */
export interface Order {
  /** The sort as a client writes it. */
  readonly sort: string
  readonly keys: readonly SortKey[]
}

/** The most fields of a sort. */
export const sortMax = 3

const textTypes = /^(text|varchar|character varying|char|character|bpchar|citext)\b/i
const isText = (column: PgColumn): boolean => !is(column, PgArray) && textTypes.test(column.getSQLType())

/**
 * What a column is sorted and compared as: text by its code points, since `collate "C"` is the same in every database and version, and
 * its comparisons may use an index behind row-level security.
 */
export const comparable = (column: PgColumn): SQL => (isText(column) ? sql`${column} collate "C"` : sql`${column}`)

/** The term of ORDER BY. NULL counts as the greatest value, as PostgreSQL has it by default (chapter 7.5). */
export const orderTerm = ({ column, isDescending }: SortKey, isBackward = false): SQL =>
  isDescending === isBackward ? sql`${comparable(column)} asc` : sql`${comparable(column)} desc`

/** The column of a table with a name. @throws TypeError without one */
export function columnOf(table: PgTable, name: string, what: string): PgColumn {
  const columns = getTableColumns(table)
  if (!Object.hasOwn(columns, name))
    throw new TypeError(
      `${what} names "${name}", which is no column of ${getTableConfig(table).name}: it has ${Object.keys(columns).join(', ')}`,
    )
  return columns[name] as PgColumn // a table of PostgreSQL has these columns
}

/** The columns of the primary key without the tenant's: they tell apart the rows of a tenant. */
export function primaryKeyOf(table: PgTable, tenantColumn: string): PgColumn[] {
  const { columns, name, primaryKeys } = getTableConfig(table)
  // The columns of a declared key are other objects than those of the table.
  const declared = primaryKeys[0]?.columns.map((one) => one.name)
  const key = columns.filter((column) => (declared ? declared.includes(column.name) : column.primary))
  if (declared) key.sort((a, b) => declared.indexOf(a.name) - declared.indexOf(b.name))
  if (key.length === 0) throw new TypeError(`A primary key tells rows apart, and the table ${name} declares none`)
  // With `casing`, the name of a column is its key in code.
  const inCode = tenantColumn.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase())
  return key.filter(({ name }) => name !== tenantColumn && name !== inCode)
}

/**
 * Creates the function that reads a sort such as `-createdAt,title`.
 *
 * @throws TypeError for a table without a primary key
 */
export function createOrders(table: PgTable, tenantColumn: string): (sort: string) => Order {
  const primaryKey = primaryKeyOf(table, tenantColumn)
  const isNullable = (column: PgColumn) => !column.notNull && !primaryKey.includes(column)
  return createOrdersBy((name) => columnOf(table, name, 'The sort of pages()'), primaryKey, isNullable)
}

/**
 * As {@link createOrders}, for rows of another source.
 *
 * @param column the column of a name
 * @param ending the columns that tell the rows apart
 */
export const createOrdersBy =
  (column: (name: string) => PgColumn, ending: readonly PgColumn[], isNullable: (column: PgColumn) => boolean) =>
  (sort: string): Order => {
    const fields = sort.split(',').map((field): SortKey => {
      const isDescending = field.startsWith('-')
      const name = isDescending ? field.slice(1) : field
      const of = column(name)
      return { name, column: of, isDescending, isNullable: isNullable(of) }
    })
    const isDescending = fields.at(-1)?.isDescending ?? false
    const rest = ending.filter((one) => fields.every((field) => field.column !== one))
    return {
      sort,
      keys: [...fields, ...rest.map((of) => ({ name: of.name, column: of, isDescending, isNullable: false }))],
    }
  }

/**
 * Checks the sort of a declaration.
 *
 * @throws TypeError for a name that is no column, a column without an order, a name given twice, and too many names
 */
export function assertSort(table: PgTable, names: readonly string[], preset: string): void {
  if (names.length === 0) throw new TypeError('pages() needs at least one column in sort')
  const fields = preset.split(',').map((field) => field.replace(/^-/, ''))
  if (fields.length > sortMax) throw new TypeError(`The default of pages() may name at most ${sortMax} columns`)
  for (const list of [names, fields])
    if (new Set(list).size < list.length) throw new TypeError(`pages() names a column twice in "${list.join()}"`)
  for (const name of [...names, ...fields]) {
    const column = columnOf(table, name, 'The sort of pages()')
    if (/^(json|xml|point|line|box|path|polygon)\b/i.test(column.getSQLType()))
      throw new TypeError(`pages() cannot sort by "${name}": PostgreSQL has no order for ${column.getSQLType()}`)
  }
  const other = fields.find((name) => !names.includes(name))
  if (other !== undefined)
    throw new TypeError(`The default of pages() names "${other}", which a client could not ask for: add it to sort`)
}
