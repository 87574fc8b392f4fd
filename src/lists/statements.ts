import { and, count, type Placeholder, type SQL, sql } from 'drizzle-orm'
import type { PgColumn, PgTable } from 'drizzle-orm/pg-core'
import { LRUCache } from 'lru-cache'
import { exists, mapped, prepared, type Query, rowCount, type TenantTx } from '../database/index.ts'
import type { Preparable } from '../database/internal.ts'
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
type Placeholders = Record<string, Placeholder>

/** What the SQL of a statement depends on. It has no value of a request, since it is kept. */
interface Shape {
  order: Order
  tests: readonly Pick<Condition, 'toSql'>[]
  /** A place whose keys are null or any text. */
  position: Position | undefined
}
/** Builds a statement, whose values are placeholders. */
type Build<Result> = (tx: TenantTx, placeholders: Placeholders, shape: Shape) => Preparable<Result>
type Run = (tx: TenantTx, values: Values) => Query<unknown>

/** How many statements are kept for each list. Others are built again. */
const statementsMax = 128
/** The field of a row that has its keys. No column is called so. */
export const keysField = '(keys)'

/** Where the rows of a list come from. */
export interface Source {
  /** What stands behind FROM. */
  readonly from: PgTable | SQL
  readonly fields: Readonly<Record<string, PgColumn | SQL>>
}

/** The statements of a list: the SQL of each is built once for each sort, set of filters and kind of page. */
export function createStatements(source: Source) {
  const { buildNumber, buildNext, buildRow, buildTotal } = createBuilders(source)
  const built = new LRUCache<string, Run>({ max: statementsMax })

  function run<Result>(
    tx: TenantTx,
    kind: string,
    build: Build<Result>,
    { order, conditions }: Selected,
    { position, ...numbers }: { position?: Position | undefined; offset?: number; limit?: number } = {},
  ): Query<Result> {
    const shape = {
      order,
      tests: conditions.map(({ toSql }) => ({ toSql })),
      position: position && withoutValues(position),
    }
    const key = JSON.stringify([kind, order.sort, conditions.map(({ id }) => id), shape.position])
    const values: Values = { ...numbers }
    for (const [index, value] of (position?.keys ?? []).entries()) values[keyName(index)] = value
    for (const [index, { value }] of conditions.entries()) values[filterName(index)] = value
    const found =
      built.get(key) ?? prepared(Object.keys(values), (unsent, placeholders) => build(unsent, placeholders, shape))
    built.set(key, found)
    return found(tx, values) as Query<Result> // the key has the kind of what builds it
  }

  return {
    /** A page by number. */
    byNumber: (tx: TenantTx, selected: Selected, place: { offset: number; limit: number }): Query<Row[]> =>
      run(tx, 'number', buildNumber, selected, place),
    /** The rows next to a place, the nearest first, each with its keys; without a place the first rows. */
    next: (tx: TenantTx, selected: Selected, limit: number, position: Position | undefined): Query<Row[]> =>
      run(tx, 'next', buildNext, selected, { limit, position }),
    /** Whether there is a row next to a place. */
    hasRow: (tx: TenantTx, selected: Selected, position: Position): Query<boolean> =>
      exists(run(tx, 'row', buildRow, selected, { position })),
    /** How many rows there are, up to `totalMax + 1`. */
    total: (tx: TenantTx, { conditions }: Selected): Query<number> =>
      mapped(run(tx, 'total', buildTotal, { conditions, order: unordered }), ([row]) => row?.total ?? 0),
  }
}

const unordered: Order = { sort: '', keys: [] }

function createBuilders({ from, fields }: Source) {
  const buildNumber: Build<Row[]> = (tx, placeholders, shape) =>
    tx
      .select(fields)
      .from(from)
      .where(conditionOf(shape, placeholders))
      .orderBy(...termsOf(shape))
      .offset(rowCount(placeholderOf(placeholders, 'offset')))
      .limit(rowCount(placeholderOf(placeholders, 'limit')))

  const buildNext: Build<Row[]> = (tx, placeholders, shape) =>
    tx
      .select({ ...fields, [keysField]: keyTexts(shape.order) })
      .from(from)
      .where(conditionOf(shape, placeholders))
      .orderBy(...termsOf(shape))
      .limit(rowCount(placeholderOf(placeholders, 'limit')))

  const one = { one: sql`1`.as('one') }
  // In order, so that an index is read from the place on.
  const buildRow: Build<unknown[]> = (tx, placeholders, shape) =>
    tx
      .select(one)
      .from(from)
      .where(conditionOf(shape, placeholders))
      .orderBy(...termsOf(shape))
      .limit(rowCount(1))

  const buildTotal: Build<{ total: number }[]> = (tx, placeholders, shape) => {
    const limit = rowCount(totalMax + 1)
    const counted = tx.select(one).from(from).where(conditionOf(shape, placeholders)).limit(limit).as('counted')
    return tx.select({ total: count() }).from(counted)
  }
  return { buildNumber, buildNext, buildRow, buildTotal }
}

const termsOf = ({ order, position }: Shape): SQL[] => order.keys.map((key) => orderTerm(key, position?.isBackward))

/** The condition of the filters and of the place; undefined without them. */
function conditionOf({ order, tests, position }: Shape, placeholders: Placeholders): SQL | undefined {
  const filters = tests.map(({ toSql }, index) => toSql(placeholderOf(placeholders, filterName(index))))
  const keys = order.keys.map((_, index) => keyName(index))
  const behind =
    position &&
    comparison(
      order,
      position,
      keys.map((key) => placeholderOf(placeholders, key)),
    )
  return and(...filters, behind)
}

const filterName = (index: number) => `filter ${index}`
const keyName = (index: number) => `key ${index}`

function placeholderOf(placeholders: Placeholders, name: string): Placeholder {
  const placeholder = placeholders[name]
  if (!placeholder) throw new TypeError(`The statement has no value "${name}"`)
  return placeholder
}

/** A place as its SQL needs it: a key that is NULL is compared by other SQL. */
const withoutValues = ({ keys, ...how }: Position): Position => ({
  ...how,
  keys: keys.map((key) => (key === null ? null : '')),
})
