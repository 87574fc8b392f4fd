import { sql } from 'drizzle-orm'
import type { PgTable } from 'drizzle-orm/pg-core'
import type { Context } from 'hono'
import { LRUCache } from 'lru-cache'
import type { z } from 'zod'
import { mapped, type Query, type TenantTx } from '../database/index.ts'
import { type CursorPagination, type Pagination, pagination, toPage } from '../envelope/index.ts'
import { type CursorRows, createCursorReader } from './cursor-reader.ts'
import { changeTokensOf } from './cursors.ts'
import type { Parameter } from './filters.ts'
import { assertSort, columnOf, createOrders, type Order } from './order.ts'
import { cursorMeta } from './page-meta.ts'
import { createListQuery, type Filters, type ListQuery } from './query-schema.ts'
import { createStatements, type NamedCondition, type Row, type Selected } from './statements.ts'

/** A page of a list, with `meta` of its answer. */
export interface ListPage<Row> {
  rows: Row[]
  meta: {
    pagination: z.infer<typeof Pagination> | z.infer<typeof CursorPagination>
    /** Of a page by cursor, with the option `changes`: where to follow the changes from, for a client that has read all pages. */
    changes?: { next: string }
  }
}

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
type Fixed<Table extends PgTable> = {
  readonly [Key in keyof Table['$inferSelect']]?: NonNullable<Table['$inferSelect'][Key]>
}

/** The query as its schema read it, without the types of its filters. */
interface Asked {
  cursor?: string | undefined
  page?: number | undefined
  limit: number
  sort: string
  count?: boolean | undefined
  [filter: string]: unknown
}

/** How many sorts are kept for each list. */
const ordersMax = 64

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
  const orders = new LRUCache<string, Order>({ max: ordersMax })
  const createOrder = createOrders(table, tenantColumn)
  const statements = createStatements(table)
  const readByCursor = createCursorReader(statements, options.changes ? table : undefined)

  function orderOf(given: string): Order {
    const order = orders.get(given) ?? createOrder(given)
    orders.set(given, order)
    return order
  }

  function pageByNumber(
    c: Context,
    tx: TenantTx,
    selected: Selected,
    { page = 1, limit }: Asked,
  ): Query<ListPage<Row>> {
    const rows = statements.byNumber(tx, selected, { offset: (page - 1) * limit, limit: limit + 1 })
    return mapped([rows, statements.total(tx, selected)], ([found, total]) => {
      const { rows, ...counted } = toPage(found, limit, total)
      return { rows, meta: { pagination: pagination(c, { page, limit }, counted) } }
    })
  }

  function pageByCursor(
    c: Context,
    tx: TenantTx,
    selected: Selected,
    { limit, count }: Asked,
    at: { cursor: string; filters: readonly unknown[] },
  ): Query<ListPage<Row>> {
    const page = readByCursor(c, tx, selected, { ...at, limit })
    const withMeta = ({ rows, next, previous, changes }: CursorRows, total?: number) => ({
      rows,
      meta: {
        pagination: cursorMeta(c, { cursor: at.cursor, limit, next, previous, total }),
        ...(changes === undefined ? {} : { changes: { next: changeTokensOf(c).encrypt(changes, table) } }),
      },
    })
    if (!count) return mapped(page, (read) => withMeta(read))
    return mapped([page, statements.total(tx, selected)], ([read, total]) => withMeta(read, total))
  }

  return {
    query: createListQuery<F>(sort, preset, parameters),
    page(c, tx, query, fixed = {}) {
      const asked = query as Asked // the schema has these fields besides those of filters
      const conditions = [...conditionsOf(parameters, asked), ...fixedConditions(table, fixed)]
      const selected = { order: orderOf(asked.sort), conditions }
      const filters = [...parameters.map(([name]) => asked[name] ?? null), fixed]
      const page =
        asked.cursor === undefined
          ? pageByNumber(c, tx, selected, asked)
          : pageByCursor(c, tx, selected, asked, { cursor: asked.cursor, filters })
      return page as Query<ListPage<Table['$inferSelect']>> // the statements select the columns of the table
    },
  }
}

type NamedParameters = readonly (readonly [name: string, parameter: Parameter])[]

/** The parameters of the filters by name, in the order of the declaration. */
const parametersOf = (table: PgTable, filters: Filters): NamedParameters =>
  Object.entries(filters).flatMap(([name, filter]) => {
    const column = columnOf(table, filter.column ?? name, `The filter "${name}" of pages()`)
    return Object.entries(filter.parametersOf(column, name)).map(
      ([suffix, parameter]) => [name + suffix, parameter] as const,
    )
  })

/** The conditions of a request. */
const conditionsOf = (parameters: NamedParameters, asked: Asked): NamedCondition[] =>
  parameters.flatMap(([name, { toConditions }]) => {
    const value = asked[name]
    if (value === undefined) return []
    return toConditions(value).flatMap((one, index) => (one ? [{ ...one, id: `${name} ${index}` }] : []))
  })

/** @throws TypeError for a name that is no column, and for a missing value: without it the list would be longer */
function fixedConditions(table: PgTable, fixed: Record<string, unknown>): NamedCondition[] {
  return Object.entries(fixed).map(([name, value]) => {
    const column = columnOf(table, name, 'A fixed value of a list')
    if (value === undefined || value === null) throw new TypeError(`A list has no fixed value of ${name}`)
    return { id: `fixed ${name}`, value, toSql: (placeholder) => sql`${column} = ${sql.param(placeholder, column)}` }
  })
}
