import { type Placeholder, type SQL, sql } from 'drizzle-orm'
import { comparable, type Order, type SortKey } from './order.ts'

/** A place between the rows of a list, from which a page is read. */
export interface Position {
  /** The values of a row's sort keys, as PostgreSQL writes them. */
  readonly keys: readonly (string | null)[]
  /** Whether the rows in front of this place are meant. */
  readonly isBackward: boolean
  /** Whether a row with exactly these keys is among them. */
  readonly isInclusive: boolean
}

/** The rows on the other side of a place. */
export const opposite = ({ keys, isBackward, isInclusive }: Position): Position => ({
  keys,
  isBackward: !isBackward,
  isInclusive: !isInclusive,
})

/** The keys of a row as one text of JSON. Their own texts are exact, where a Date or a number would round them. */
export const keyTexts = ({ keys }: Order): SQL<string> => {
  const texts = keys.map(({ column }) => sql`${column}::text`)
  return sql<string>`json_build_array(${sql.join(texts, sql`, `)})::text`
}

/** One column of a comparison. A value is NULL, or a parameter without a cast: PostgreSQL gives it the type of the column. */
interface Level {
  readonly key: SortKey
  readonly isAscending: boolean
  readonly isNull: boolean
  readonly value: Placeholder
}

/**
 * The condition of the rows behind a place, or in front of it. Only which keys are NULL decides its SQL, and no other value.
 *
 * @param values the placeholders of the keys
 */
export function comparison(order: Order, position: Position, values: readonly Placeholder[]): SQL {
  const levels = order.keys.map((key, index): Level => {
    const value = values[index]
    if (!value) throw new TypeError(`A comparison needs a value for ${key.name}`)
    const isNull = position.keys[index] === null
    return { key, isAscending: key.isDescending === position.isBackward, isNull, value }
  })
  const [first] = levels
  if (!first) return position.isInclusive ? sql`true` : sql`false` // a tenant has one row at most
  const isUniform = levels.every(
    ({ key, isAscending, isNull }) => !key.isNullable && !isNull && isAscending === first.isAscending,
  )
  return isUniform ? rowComparison(levels, first.isAscending, position.isInclusive) : expanded(levels, position)
}

/** `(a, b) > ($1, $2)`: one range of an index (PostgreSQL, chapter 9.25.5 "Row Constructor Comparison"). */
function rowComparison(levels: readonly Level[], isAscending: boolean, isInclusive: boolean): SQL {
  const columns = sql.join(
    levels.map(({ key }) => comparable(key.column)),
    sql`, `,
  )
  const values = sql.join(
    levels.map(({ value }) => sql`${value}`),
    sql`, `,
  )
  if (isAscending) return isInclusive ? sql`(${columns}) >= (${values})` : sql`(${columns}) > (${values})`
  return isInclusive ? sql`(${columns}) <= (${values})` : sql`(${columns}) < (${values})`
}

/** The comparison column by column, for mixed directions and NULL. */
function expanded(levels: readonly Level[], { isInclusive }: Position): SQL {
  const condition = levels.reduceRight<SQL | undefined>(
    (rest, level) => either(strict(level), rest && sql`(${equal(level)} and ${rest})`),
    isInclusive ? sql`true` : undefined,
  )
  const range = levels[0] && leadingRange(levels[0])
  if (!condition) return sql`false`
  return range ? sql`(${range} and ${condition})` : condition
}

const either = (a: SQL | undefined, b: SQL | undefined): SQL | undefined => (a && b ? sql`(${a} or ${b})` : (a ?? b))

/** Whether a row is behind the place by this column alone; undefined: no row is. NULL counts as the greatest value. */
function strict({ key, isAscending, isNull, value }: Level): SQL | undefined {
  const column = comparable(key.column)
  if (isNull) return isAscending ? undefined : sql`${column} is not null`
  if (!isAscending) return sql`${column} < ${value}`
  return key.isNullable ? sql`(${column} > ${value} or ${column} is null)` : sql`${column} > ${value}`
}

const equal = ({ key, isNull, value }: Level): SQL =>
  isNull ? sql`${comparable(key.column)} is null` : sql`${comparable(key.column)} = ${value}`

/** What follows from the comparison for its first column, so that an index is read from there on. */
function leadingRange({ key, isAscending, isNull, value }: Level): SQL | undefined {
  if (isNull || (isAscending && key.isNullable)) return undefined
  return isAscending ? sql`${comparable(key.column)} >= ${value}` : sql`${comparable(key.column)} <= ${value}`
}
