import { sql } from 'drizzle-orm'
import type { PgColumn } from 'drizzle-orm/pg-core'
import type { Condition, Filter, Parameter } from './filters.ts'
import { rangeOf } from './range.ts'

/**
 * A filter `?createdFrom=…&createdTo=…`: rows from a value on (`>=`), and rows below a value (`<`). The column is a timestamp, a date or a
 * number.
 *
 * @param column the key of the column. @default the key of the filter
 * @example
 * filters: { created: between('createdAt') }
 */
export const between = (column?: string): Filter<'From' | 'To', string> => ({
  column,
  parametersOf: (of, name) => ({ From: lower(of, name, column), To: upper(of, name, column) }),
})

/**
 * A filter `?from=…`: rows from a value on (`>=`). The column is a timestamp, a date or a number.
 *
 * @param column the key of the column. @default the key of the filter
 * @example
 * filters: { from: atLeast('createdAt'), to: below('createdAt') }
 */
export const atLeast = (column?: string): Filter<'', string> => ({
  column,
  parametersOf: (of, name) => ({ '': lower(of, name, column) }),
})

/**
 * A filter `?to=…`: rows below a value (`<`). The column is a timestamp, a date or a number.
 *
 * @param column the key of the column. @default the key of the filter
 * @example
 * filters: { from: atLeast('createdAt'), to: below('createdAt') }
 */
export const below = (column?: string): Filter<'', string> => ({
  column,
  parametersOf: (of, name) => ({ '': upper(of, name, column) }),
})

function lower(of: PgColumn, name: string, column = name): Parameter<string> {
  const { schema, words, bound } = rangeOf(of, name)
  const toSql: Condition['toSql'] = (value) => sql`${of} >= ${bound(value)}`
  return {
    schema,
    description: `Only rows whose ${column} is ${words[0]}`,
    toConditions: (value) => [{ toSql, value }],
  }
}

function upper(of: PgColumn, name: string, column = name): Parameter<string> {
  const { schema, words, bound } = rangeOf(of, name)
  const toSql: Condition['toSql'] = (value) => sql`${of} < ${bound(value)}`
  return {
    schema,
    description: `Only rows whose ${column} is ${words[1]}`,
    toConditions: (value) => [{ toSql, value }],
  }
}
