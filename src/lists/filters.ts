import { z } from '@hono/zod-openapi'
import { type SQL, sql } from 'drizzle-orm'
import { makePgArray, type PgColumn } from 'drizzle-orm/pg-core'
import { text } from '../openapi/index.ts'
import { comparable } from './order.ts'
import { endOfPrefix } from './prefix-end.ts'

/** A condition of a query: its SQL is the same for all values. */
export interface Condition {
  /** @param value a placeholder, or the value itself */
  toSql(value: unknown): SQL
  readonly value: unknown
}

/** One parameter of the query string. */
export interface Parameter<Value = unknown> {
  readonly schema: z.ZodType<Value, string>
  /** What it means in words, for the OpenAPI document. */
  readonly description: string
  /** The conditions for a value that the schema accepted. They are as many for each value, and a missing one is undefined. */
  toConditions(value: Value): readonly (Condition | undefined)[]
}

/** A filter of a list: the names of its parameters are its key in `filters` and a suffix. */
export interface Filter<Suffix extends string = string, Value = unknown> {
  /** The key of the column; undefined: that of the filter. */
  readonly column: string | undefined
  /** @throws TypeError for a column of another type */
  parametersOf(column: PgColumn, name: string): { readonly [Key in Suffix]: Parameter<Value> }
}

/** The most values of a list, also when they repeat each other. */
export const valuesMax = 100
/** The longest prefix, in characters. */
const prefixMax = 200

/**
 * A filter `?status=todo,done`: rows whose column has one of the values.
 *
 * @param given the values that a client may ask for
 * @param column the key of the column. @default the key of the filter
 * @throws TypeError for no values, and for a value with a comma
 * @example
 * filters: { status: oneOf(['todo', 'in_progress', 'done']) }
 */
export function oneOf<const Value extends string>(given: readonly Value[], column?: string): Filter<'', Value[]> {
  const values = [...new Set(given)]
  if (values.length === 0 || values.some((value) => value === '' || value.includes(',')))
    throw new TypeError('oneOf() needs values that are not empty and have no comma: commas separate them in the query')
  const allowed = `${values.join(', ')}, separated by commas`
  const any = values.map(literally).join('|')
  const lengthMax = valuesMax * (Math.max(...values.map(({ length }) => length)) + 1)
  const schema = z
    .string()
    .transform((text, context) => {
      const chosen = text.length > lengthMax ? [] : text.split(',')
      const known = values.filter((value) => chosen.includes(value)) // each once, in the order of the declaration
      const isKnown = known.length > 0 && chosen.length <= valuesMax && known.length === new Set(chosen).size
      if (isKnown) return known
      context.addIssue({ code: 'custom', message: `Must be one or more of ${allowed}, at most ${valuesMax} of them` })
      return z.NEVER
    })
    .openapi({ type: 'string', pattern: `^(${any})(,(${any}))*$`, examples: [values.slice(0, 2).join(',')] })
  return {
    column,
    parametersOf(of, name) {
      const toSql: Condition['toSql'] = (value) => sql`${of} = any(${value})`
      const toConditions = (chosen: Value[]) => [{ toSql, value: makePgArray(chosen) }]
      return { '': { schema, description: `Only rows whose ${column ?? name} is one of ${allowed}`, toConditions } }
    },
  }
}

/**
 * A filter `?userId=…`: rows whose column has this value.
 *
 * @param schema reads the text of the parameter, into a value as the column has it. It refuses what the column refuses, as `id()` and
 *   `text()` do: else a client gets BAD_REQUEST without the name of the parameter
 * @param column the key of the column. @default the key of the filter
 * @example
 * filters: { userId: equals(id()) }
 */
export function equals<Value>(schema: z.ZodType<Value, string>, column?: string): Filter<'', Value> {
  return {
    column,
    parametersOf(of, name) {
      const toSql: Condition['toSql'] = (value) => sql`${of} = ${sql.param(value, of)}`
      return {
        '': {
          schema,
          description: `Only rows whose ${column ?? name} is this`,
          toConditions: (value) => [{ toSql, value }],
        },
      }
    },
  }
}

/**
 * A filter `?titlePrefix=Inv`: rows whose text begins so. Upper and lower case differ. An index on the column with `collate "C"` serves it.
 *
 * @param column the key of the column. @default the key of the filter
 * @example
 * filters: { title: prefix() }
 */
export function prefix(column?: string): Filter<'Prefix', string> {
  return {
    column,
    parametersOf(of, name) {
      // The comparisons of char(n) ignore blanks at the end, those of citext the case.
      if (!/^(text|varchar|character varying)\b[^[]*$/i.test(of.getSQLType()))
        throw new TypeError(`prefix() of "${name}" needs a column of text or varchar, not ${of.getSQLType()}`)
      const from: Condition['toSql'] = (value) => sql`${comparable(of)} >= ${value}`
      const to: Condition['toSql'] = (value) => sql`${comparable(of)} < ${value}`
      const toConditions = (value: string) => {
        const end = endOfPrefix(value)
        return [{ toSql: from, value }, end === undefined ? undefined : { toSql: to, value: end }]
      }
      const schema = text({ min: 1, max: prefixMax }).openapi({ examples: ['A'] })
      return {
        Prefix: {
          schema,
          description: `Only rows whose ${column ?? name} begins with this text. Upper and lower case differ`,
          toConditions,
        },
      }
    },
  }
}

/** A text as a part of a regular expression, also of one with the flag `u`, which JSON Schema asks for. */
export const literally = (text: string): string => text.replaceAll(/[\\^$.*+?()[\]{}|/]/g, '\\$&')
