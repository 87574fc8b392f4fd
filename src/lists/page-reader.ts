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
import { columnOf, type Order } from './order.ts'
import { cursorMeta } from './page-meta.ts'
import type { Filters } from './query-schema.ts'
import { createStatements, type NamedCondition, type Row, type Selected, type Source } from './statements.ts'

/** A page of a list, with `meta` of its answer. */
export interface ListPage<Row> {
  rows: Row[]
  meta: {
    pagination: z.infer<typeof Pagination> | z.infer<typeof CursorPagination>
    /** Of a page by cursor, with the option `changes`: where to follow the changes from, for a client that has read all pages. */
    changes?: { next: string }
  }
}

/** The query as its schema read it, without the types of its filters. */
export interface Asked {
  cursor?: string | undefined
  page?: number | undefined
  limit: number
  sort: string
  count?: boolean | undefined
  [filter: string]: unknown
}

/** What a list reads, and what a client may ask of it. */
export interface ReaderOptions {
  /** The columns of filters and fixed values. */
  table: PgTable
  parameters: NamedParameters
  createOrder: (sort: string) => Order
  source: Source
  /** The table whose changes a client follows after the list. @default none */
  followed?: PgTable | undefined
  /** Tells apart lists that a path has several of: the cursor of one is invalid for another. @default '' */
  name?: string
}

/** How many sorts are kept for each list. */
const ordersMax = 64

/** Creates the function that reads pages of a list, by number or by cursor. */
export function createPageReader({ table, parameters, createOrder, source, followed, name }: ReaderOptions) {
  const orders = new LRUCache<string, Order>({ max: ordersMax })
  const statements = createStatements(source)
  const readByCursor = createCursorReader(statements, followed)

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
        ...(changes === undefined || !followed
          ? {}
          : { changes: { next: changeTokensOf(c).encrypt(changes, followed) } }),
      },
    })
    if (!count) return mapped(page, (read) => withMeta(read))
    return mapped([page, statements.total(tx, selected)], ([read, total]) => withMeta(read, total))
  }

  return (c: Context, tx: TenantTx, asked: Asked, fixed: Record<string, unknown>): Query<ListPage<Row>> => {
    const conditions = [...conditionsOf(parameters, asked), ...fixedConditions(table, fixed)]
    const selected = { order: orderOf(asked.sort), conditions }
    if (asked.cursor === undefined) return pageByNumber(c, tx, selected, asked)
    const filters = [...parameters.map(([name]) => asked[name] ?? null), fixed, ...(name === undefined ? [] : [name])]
    return pageByCursor(c, tx, selected, asked, { cursor: asked.cursor, filters })
  }
}

export type NamedParameters = readonly (readonly [name: string, parameter: Parameter])[]

/** The parameters of the filters by name, in the order of the declaration. */
export const parametersOf = (table: PgTable, filters: Filters): NamedParameters =>
  Object.entries(filters).flatMap(([name, filter]) => {
    const column = columnOf(table, filter.column ?? name, `The filter "${name}" of pages()`)
    return Object.entries(filter.parametersOf(column, name)).map(
      ([suffix, parameter]) => [name + suffix, parameter] as const,
    )
  })

/** The conditions of a request. */
export const conditionsOf = (parameters: NamedParameters, asked: Asked): NamedCondition[] =>
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
