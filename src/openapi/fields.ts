import { z } from '@hono/zod-openapi'
import { totalMax } from '../envelope/index.ts'
import { wholeNumberPattern } from '../text/index.ts'

/** A string of at most `max` UTF-16 units. A longer one fails at once, so that no later check runs a pattern on it. */
export const atMost = (max: number) =>
  z.string().check(({ value, issues }) => {
    if (value.length <= max) return
    const message = `Must have at most ${characters(max)}`
    issues.push({ code: 'too_big', origin: 'string', maximum: max, input: value, message, continue: false })
  })

/** An id: 8-4-4-4-12 hex digits of any version, since ids of other systems do not always follow RFC 9562. */
export const id = () => atMost(36).check(z.guid()).openapi({ format: 'uuid' })

/**
 * An email address of ASCII characters.
 *
 * @param options `max` in characters (`@default 320`)
 * @example
 * email: email().openapi({ example: 'ada@acme.example' })
 */
export const email = ({ max = 320 }: { max?: number } = {}) =>
  atMost(max).check(z.email()).openapi({ format: 'email', maxLength: max })

/**
 * Text that PostgreSQL can store. Lengths are in characters, as `char_length` counts them, not in UTF-16 units. A NUL and half a
 * surrogate pair are rejected.
 *
 * @param options `min` and `max` in characters; `trim` removes white space around the text
 * @example
 * title: text({ min: 1, max: 200, trim: true })
 */
export const text = ({ min = 0, max, trim = false }: { min?: number; max: number; trim?: boolean }) =>
  (trim ? z.string().trim() : z.string())
    .check((context) => {
      const value = context.value
      // A character has at most two UTF-16 units: a text of more than twice the maximum is too long without counting.
      const length = value.length > 2 * max ? value.length : [...value].length
      const report = (issue: { code: 'too_big' | 'too_small' | 'custom'; message: string }) =>
        context.issues.push({
          ...issue,
          origin: 'string',
          minimum: min,
          maximum: max,
          input: value,
          params: {},
        } as never) // Zod's types have a separate shape for each kind of issue
      if (!value.isWellFormed()) report({ code: 'custom', message: 'Must be well-formed Unicode' })
      if (value.includes('\0')) report({ code: 'custom', message: 'Must not contain a NUL character' })
      if (length < min) report({ code: 'too_small', message: `Must have at least ${characters(min)}` })
      if (length > max) report({ code: 'too_big', message: `Must have at most ${characters(max)}` })
    })
    .openapi({ ...(min > 0 ? { minLength: min } : {}), maxLength: max })

const characters = (count: number) => (count === 1 ? '1 character' : `${count} characters`)

/** A whole number in a query string, from 1 to `max`. */
const wholeNumber = ({ max }: { max: number }) =>
  atMost(15)
    .regex(wholeNumberPattern, 'Must be a whole number')
    .transform(Number)
    .pipe(z.number().int().min(1).max(max))

const asInteger = (max: number, preset: number) =>
  ({ type: 'integer', minimum: 1, maximum: max, default: preset }) as const

const pageNumber = wholeNumber({ max: totalMax })
const inWords = 'The page, counted from 1'

/** The parameter `page` of a list with cursors. It has no default, which Swagger UI would send together with a cursor. */
export const optionalPage = pageNumber
  .optional()
  .openapi({ type: 'integer', minimum: 1, maximum: totalMax, description: inWords })

/** The parameter `limit`. */
export const limit = wholeNumber({ max: 100 })
  .prefault('20')
  .openapi({ ...asInteger(100, 20), description: 'Items per page' })

/** Whether a page by number ends within the rows that are counted. */
export const isWithinTotal = ({ page = 1, limit }: { page?: number | undefined; limit: number }): boolean =>
  page * limit <= totalMax

/** The issue of a page that does not. */
export const beyondTotal = {
  path: ['page'],
  message: `page × limit must be at most ${totalMax}`,
  // An invalid page or limit has an issue of its own.
  when: ({ issues }: { issues: readonly unknown[] }): boolean => issues.length === 0,
}

/** The query `?page=1&limit=20`: the page of a list, counted from 1, and its size, up to 100. */
export const PageQuery = z
  .object({ page: pageNumber.prefault('1').openapi({ ...asInteger(totalMax, 1), description: inWords }), limit })
  .refine(isWithinTotal, beyondTotal)
