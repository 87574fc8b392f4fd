import { z } from '@hono/zod-openapi'
import { sql } from 'drizzle-orm'
import { makePgArray } from 'drizzle-orm/pg-core'
import { type Condition, type Filter, valuesMax } from './filters.ts'

/**
 * A filter `?action=created,deleted`: rows whose column has one of the values, which are not known beforehand. `oneOf` is for those that
 * are.
 *
 * @param schema reads each of the values, as that of `equals` does. A value with a comma cannot be asked for
 * @param column the key of the column. @default the key of the filter
 * @example
 * filters: { action: anyOf(text({ min: 1, max: 100 })) }
 */
export function anyOf(schema: z.ZodType<string, string>, column?: string): Filter<'', string[]> {
  const values = z
    .string()
    .transform((text, context) => {
      const chosen = text.split(',', valuesMax + 1)
      if (chosen.length > valuesMax) {
        context.addIssue({ code: 'custom', message: `Must be at most ${valuesMax} values, separated by commas` })
        return z.NEVER
      }
      return [...new Set(chosen)].map((value) => {
        const read = schema.safeParse(value)
        if (read.success) return read.data
        for (const { message } of read.error.issues) context.addIssue({ code: 'custom', message })
        return z.NEVER
      })
    })
    .openapi({ type: 'string' })
  return {
    column,
    parametersOf(of, name) {
      const toSql: Condition['toSql'] = (value) => sql`${of} = any(${value})`
      const description = `Only rows whose ${column ?? name} is one of these, separated by commas, at most ${valuesMax} of them`
      return { '': { schema: values, description, toConditions: (chosen) => [{ toSql, value: makePgArray(chosen) }] } }
    },
  }
}
