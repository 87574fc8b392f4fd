import { and, count, getTableColumns, type Placeholder, type SQL, sql } from 'drizzle-orm'
import type { PgTable } from 'drizzle-orm/pg-core'
import { LRUCache } from 'lru-cache'
import { mapped, prepared, type Query, rowCount, type TenantTx } from '../database/index.ts'
import { totalMax } from '../envelope/index.ts'
import type { Condition } from './filters.ts'
import { comparison, keyTexts, type Position } from './keyset.ts'
import { type Order, orderTerm } from './order.ts'

/** A condition of a request, with the name of its SQL. */
export interface NamedCondition extends Condition {
  readonly id: string
}

/** What all statements of a request have. */
export interface Selected {
  order: Order
  conditions: readonly NamedCondition[]
}

type Values = Record<string, unknown>
export type Row = Record<string, unknown>
type Run<Result> = (tx: TenantTx, values: Values) => Query<Result>

/** How many statements are kept for each list. Others are built again. */
const statementsMax = 128
/** The field of a row that has its keys. A column cannot be called so in code. */
export const keysField = '(keys)'

const fieldName = (index: number) => `filter ${index}`
const keyName = (index: number) => `key ${index}`

/** The statements of a list: the SQL of each is built once for each sort, set of filters and kind of page. */
export function createStatements(table: PgTable) {
  const built = new LRUCache<string, Run<never>>({ max: statementsMax })

  function run<Result>(
    tx: TenantTx,
    kind: string,
    { order, conditions }: Selected,
    values: Values,
    build: Parameters<typeof prepared<string, Result>>[1],
  ): Query<Result> {
    const key = JSON.stringify([kind, order.sort, ...conditions.map(({ id }) => id)])
    const filters = Object.fromEntries(conditions.map(({ value }, index) => [fieldName(index), value]))
    const all = { ...values, ...filters }
    const found = built.get(key) ?? prepared(Object.keys(all), build)
    built.set(key, found as Run<never>) // the key says what it returns
    return (found as Run<Result>)(tx, all)
  }

  const filtered = ({ conditions }: Selected, placeholders: Record<string, Placeholder>, ...more: SQL[]) =>
    and(...conditions.map(({ toSql }, index) => toSql(placeholderOf(placeholders, fieldName(index)))), ...more)

  const behind = (order: Order, position: Position, placeholders: Record<string, Placeholder>) =>
    comparison(
      order,
      position,
      order.keys.map((_, index) => placeholderOf(placeholders, keyName(index))),
    )

  return {
    /** A page by number. */
    byNumber(tx: TenantTx, selected: Selected, values: { offset: number; limit: number }): Query<Row[]> {
      return run(tx, 'number', selected, values, (unsent, placeholders) =>
        unsent
          .select()
          .from(table)
          .where(filtered(selected, placeholders))
          .orderBy(...selected.order.keys.map((key) => orderTerm(key)))
          .offset(rowCount(placeholderOf(placeholders, 'offset')))
          .limit(rowCount(placeholderOf(placeholders, 'limit'))),
      )
    },
    /** The rows next to a place, the nearest first, each with its keys; without a place the first rows. */
    next(tx: TenantTx, selected: Selected, limit: number, position?: Position): Query<Row[]> {
      const { order } = selected
      const values = { limit, ...(position ? keyValues(position) : {}) }
      return run(tx, `next ${shapeOf(position)}`, selected, values, (unsent, placeholders) =>
        unsent
          .select({ ...getTableColumns(table), [keysField]: keyTexts(order) })
          .from(table)
          .where(filtered(selected, placeholders, ...(position ? [behind(order, position, placeholders)] : [])))
          .orderBy(...order.keys.map((key) => orderTerm(key, position?.isBackward)))
          .limit(rowCount(placeholderOf(placeholders, 'limit'))),
      )
    },
    /** Whether there is a row next to a place. */
    hasRow(tx: TenantTx, selected: Selected, position: Position): Query<boolean> {
      const { order } = selected
      const rows = run(tx, `row ${shapeOf(position)}`, selected, keyValues(position), (unsent, placeholders) =>
        unsent
          .select({ one: sql`1`.as('one') })
          .from(table)
          .where(filtered(selected, placeholders, behind(order, position, placeholders)))
          .orderBy(...order.keys.map((key) => orderTerm(key, position.isBackward))) // so that an index is read from the place on
          .limit(rowCount(1)),
      )
      return mapped(rows, (found) => found.length > 0)
    },
    /** How many rows there are, up to `totalMax + 1`. */
    total(tx: TenantTx, selected: Selected): Query<number> {
      const rows = run(tx, 'total', { ...selected, order: { sort: '', keys: [] } }, {}, (unsent, placeholders) => {
        const counted = unsent
          .select({ one: sql`1`.as('one') })
          .from(table)
          .where(filtered(selected, placeholders))
          .limit(rowCount(totalMax + 1))
          .as('counted')
        return unsent.select({ total: count() }).from(counted)
      })
      return mapped(rows, ([row]) => row?.total ?? 0)
    },
  }
}

/** Which SQL a place needs. A key that is NULL is compared by other SQL, and is no parameter of it. */
const shapeOf = (position: Position | undefined): string =>
  position === undefined
    ? ''
    : JSON.stringify([position.isBackward, position.isInclusive, position.keys.map((key) => key === null)])

const keyValues = ({ keys }: Position): Values => Object.fromEntries(keys.map((key, index) => [keyName(index), key]))

function placeholderOf(placeholders: Record<string, Placeholder>, name: string): Placeholder {
  const placeholder = placeholders[name]
  if (!placeholder) throw new TypeError(`The statement has no value "${name}"`)
  return placeholder
}
