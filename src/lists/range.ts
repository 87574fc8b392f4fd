import { z } from '@hono/zod-openapi'
import { type SQL, sql } from 'drizzle-orm'
import type { PgColumn } from 'drizzle-orm/pg-core'
import { atMost } from '../openapi/internal.ts'

/** How the values of a range are read and compared. Their own text goes to PostgreSQL: a Date has milliseconds alone. */
export interface Range {
  readonly schema: z.ZodType<string, string>
  /** What a value from the lower bound on is, and one below the upper bound. */
  readonly words: readonly [from: string, below: string]
  bound(value: unknown): SQL
}

const date = String.raw`(\d{4})-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])`
const time = String.raw`([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d{1,6})?`
const offset = String.raw`(Z|[+-](0\d|1[0-3]):[0-5]\d|[+-]14:00)`
const datePattern = new RegExp(`^${date}$`)
const timestampPattern = new RegExp(`^${date}T${time}${offset}$`)

/** Whether the month has the day, and the year is one that PostgreSQL has: there is no year 0. */
function isDay(text: string): boolean {
  const [year = 0, month = 0, day = 0] = text.slice(0, 10).split('-').map(Number)
  const lastDay = new Date(Date.UTC(2000 + (year % 400), month, 0)).getUTCDate() // 400 years repeat the leap years
  return year > 0 && day <= lastDay
}

const timestamp = z
  .string()
  .refine(
    (text) => text.length <= 40 && timestampPattern.test(text) && isDay(text),
    'Must be a time with an offset, such as 2026-01-31T12:00:00Z or 2026-01-31T12:00:00.123456%2B02:00 (a + is written %2B)',
  )
  .openapi({ format: 'date-time', examples: ['2026-01-01T00:00:00Z'] })

const day = z
  .string()
  .refine((text) => text.length === 10 && datePattern.test(text) && isDay(text), 'Must be a date, such as 2026-01-31')
  .openapi({ format: 'date', examples: ['2026-01-01'] })

const wholeNumber = (bits: bigint) => {
  const end = 1n << (bits - 1n)
  return z
    .string()
    .refine(
      (text) => text.length <= 20 && /^-?\d{1,19}$/.test(text) && BigInt(text) >= -end && BigInt(text) < end,
      `Must be a whole number from ${-end} to ${end - 1n}`,
    )
    .openapi({ type: 'string', pattern: String.raw`^-?\d{1,19}$`, examples: ['1'] })
}

/** Without an exponent, so that every value is within the range of each type. */
const decimal = atMost(62)
  .regex(/^-?\d{1,30}(\.\d{1,30})?$/, 'Must be a decimal number, such as -12.50')
  .openapi({ type: 'string', pattern: String.raw`^-?\d{1,30}(\.\d{1,30})?$`, examples: ['1.5'] })

const inTime = ['at this time or later', 'before this time'] as const
const number = ['at least this', 'less than this'] as const

const asColumn = (value: unknown) => sql`${value}`
const inUtc = (value: unknown) => sql`(${value}::timestamptz at time zone 'UTC')`

const ranges: [types: RegExp, range: Range][] = [
  [/^timestamptz\b|^timestamp\b.*\bwith time zone/, { schema: timestamp, words: inTime, bound: asColumn }],
  [/^timestamp\b/, { schema: timestamp, words: inTime, bound: inUtc }],
  [/^date\b/, { schema: day, words: ['on this day or later', 'before this day'], bound: asColumn }],
  [/^(smallint|int2|smallserial)\b/, { schema: wholeNumber(16n), words: number, bound: asColumn }],
  [/^(integer|int|int4|serial)\b/, { schema: wholeNumber(32n), words: number, bound: asColumn }],
  [/^(bigint|int8|bigserial)\b/, { schema: wholeNumber(64n), words: number, bound: asColumn }],
  [/^(numeric|decimal|real|float4|float8|double precision)\b/, { schema: decimal, words: number, bound: asColumn }],
]

/** @throws TypeError for a column that is neither a timestamp, nor a date, nor a number */
export function rangeOf(column: PgColumn, name: string): Range {
  const type = column.getSQLType().toLowerCase()
  const found = type.endsWith(']') ? undefined : ranges.find(([types]) => types.test(type))
  if (found) return found[1]
  throw new TypeError(`between() of "${name}" needs a timestamp, a date or a number, and the column is ${type}`)
}
