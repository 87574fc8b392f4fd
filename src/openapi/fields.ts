import { z } from '@hono/zod-openapi'
import { totalMax } from '../envelope/index.ts'

/** An id in a path or a body: 8-4-4-4-12 hex digits of any version, since other systems' ids are not always RFC 9562. */
export const id = () => z.guid().openapi({ format: 'uuid' })

/**
 * Text as PostgreSQL can hold it: lengths are counted in characters, as `char_length` does, and not in UTF-16 units; a NUL
 * and half a surrogate pair are refused.
 *
 * @param options `min` and `max` in characters; `trim`: without the white space around it
 * @example
 * title: text({ min: 1, max: 200, trim: true })
 */
export const text = ({ min = 0, max, trim = false }: { min?: number; max: number; trim?: boolean }) =>
  (trim ? z.string().trim() : z.string())
    .check((context) => {
      const value = context.value
      // Characters are at least half as many as UTF-16 units: what is longer than twice the maximum needs no counting.
      const length = value.length > 2 * max ? value.length : [...value].length
      const refuse = (issue: { code: 'too_big' | 'too_small' | 'custom'; message: string }) =>
        context.issues.push({
          ...issue,
          origin: 'string',
          minimum: min,
          maximum: max,
          input: value,
          params: {},
        } as never) // one shape for three kinds of issue
      if (!value.isWellFormed()) refuse({ code: 'custom', message: 'Must be well-formed Unicode' })
      if (value.includes('\0')) refuse({ code: 'custom', message: 'Must not contain a NUL character' })
      if (length < min) refuse({ code: 'too_small', message: `Must have at least ${characters(min)}` })
      if (length > max) refuse({ code: 'too_big', message: `Must have at most ${characters(max)}` })
    })
    .openapi({ ...(min > 0 ? { minLength: min } : {}), maxLength: max })

const characters = (count: number) => (count === 1 ? '1 character' : `${count} characters`)

/** A whole number in a query string: digits alone, so that `1e3`, `0x10` and `` are refused. */
const wholeNumber = ({ max, preset }: { max: number; preset: number }) =>
  z
    .string()
    .regex(/^\d{1,9}$/, 'Must be a whole number')
    .transform(Number)
    .pipe(z.number().int().min(1).max(max))
    .prefault(String(preset))
    .openapi({ type: 'integer', minimum: 1, maximum: max, default: preset })

/** `?page=1&limit=20`: which page of a list, counted from 1, and how many to a page, up to 100. */
export const PageQuery = z
  .object({
    page: wholeNumber({ max: totalMax, preset: 1 }).openapi({ description: 'Which page, counted from 1' }),
    limit: wholeNumber({ max: 100, preset: 20 }).openapi({ description: 'How many to a page' }),
  })
  .refine(({ page, limit }) => page * limit <= totalMax, {
    path: ['page'],
    message: `page × limit goes to ${totalMax}`,
    when: ({ issues }) => issues.length === 0, // of a page or a limit that is wrong itself nothing more is to be said
  })
