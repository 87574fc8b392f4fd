import { and, getTableColumns, type SQL } from 'drizzle-orm'
import type { PgTable } from 'drizzle-orm/pg-core'
import type { Context } from 'hono'
import type { z } from 'zod'
import type { Query, TenantTx } from '../database/index.ts'
import { assertSort, createOrders } from './order.ts'
import { type Asked, conditionsOf, createPageReader, type ListPage, parametersOf } from './page-reader.ts'
import { createListQuery, type Filters, type ListQuery, sortSchema } from './query-schema.ts'

/** A list of a table's rows, as {@link pages} declares it. */
export interface Pages<Table extends PgTable, F extends Filters> {
  /** The schema of the query string: `request: { query: taskPages.query }`. */
  readonly query: ListQuery<F>
  /**
   * Reads a page of the tenant's rows.
   *
   * @param query what the schema read: `c.req.valid('query')`
   * @param fixed values that columns must have, whatever the client asks for: a list below a parent
   * @throws ApiError BAD_REQUEST for an invalid cursor, before anything is sent; ConfigError for a page by cursor without `cursors()`;
   *   TenantRequired for a page by cursor outside of a tenant
   * @example
   * const { rows, meta } = await db.read((tx) => taskPages.page(c, tx, c.req.valid('query')))
   * return ok(c, rows.map(toTask), { meta })
   * // GET /users/{id}/tasks
   * const page = await db.read((tx) => taskPages.page(c, tx, c.req.valid('query'), { userId: c.req.valid('param').id }))
   */
  page(
    c: Context,
    tx: TenantTx,
    query: z.output<ListQuery<F>>,
    fixed?: Fixed<Table>,
  ): Query<ListPage<Table['$inferSelect']>>
  /**
   * The condition of the query's filters, for a statement of your own over the same rows, such as an export; undefined without a filter.
   *
   * @example
   * for await (const task of tx.stream(tx.select().from(tasks).where(taskPages.where(query)))) …
   */
  where(query: z.output<ListQuery<F>>): SQL | undefined
}

export interface PagesOptions<Table extends PgTable, F extends Filters> {
  /** The columns that a client may sort by, by their keys in the Drizzle table. */
  sort: readonly (keyof Table['_']['columns'] & string)[]
  /** The sort of a request without one, such as `-createdAt` or `status,-createdAt`. */
  default: string
  /** What a client may filter by. @default nothing */
  filters?: F
  /** The name of the tenant column in the database, which is no key of a cursor. @default 'tenant_id' */
  tenantColumn?: string
  /**
   * Whether pages by cursor say where their changes can be followed from (`meta.changes`, `changes()` of rowhouse/audit). The table must be
   * audited. @default false
   */
  changes?: boolean
}

/** Values that columns must have. */
export type Fixed<Table extends PgTable> = {
  readonly [Key in keyof Table['$inferSelect']]?: NonNullable<Table['$inferSelect'][Key]>
}

/**
 * Declares a list of a table's rows: the parameters of its query string, its SQL and `meta.pagination`. A client reads it by number
 * (`?page=2`) or by cursor (`?cursor=`), in an order and with filters of its own choice.
 *
 * @param table a tenant table with a primary key
 * @throws TypeError for a name that is no column, a column that a filter or a sort cannot compare, and a table without a primary key
 * @example
 * export const taskPages = pages(tasks, {
 *   sort: ['createdAt', 'title'],
 *   default: '-createdAt',
 *   filters: { status: oneOf(taskStatuses), userId: equals(id()), created: between('createdAt'), title: prefix() },
 * })
 */
export function pages<Table extends PgTable, const F extends Filters = Record<never, never>>(
  table: Table,
  options: PagesOptions<Table, F>,
): Pages<Table, F> {
  const { sort, default: preset, tenantColumn = 'tenant_id' } = options
  assertSort(table, sort, preset)
  const parameters = parametersOf(table, options.filters ?? {})
  const read = createPageReader({
    table,
    parameters,
    createOrder: createOrders(table, tenantColumn),
    source: { from: table, fields: getTableColumns(table) },
    followed: options.changes ? table : undefined,
  })
  return {
    query: createListQuery<F>({ sort: sortSchema(sort, preset) }, parameters),
    // The statements select the columns of the table.
    page: (c, tx, query, fixed = {}) => read(c, tx, query as Asked, fixed) as Query<ListPage<Table['$inferSelect']>>,
    where: (query) => and(...conditionsOf(parameters, query as Asked).map(({ toSql, value }) => toSql(value))),
  }
}
