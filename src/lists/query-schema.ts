import { z } from '@hono/zod-openapi'
import { beyondTotal, isWithinTotal, limit, optionalPage } from '../openapi/internal.ts'
import { type Filter, literally, type Parameter } from './filters.ts'
import { sortMax } from './order.ts'

/** The filters of a list by name. */
export type Filters = Readonly<Record<string, Filter>>

type SuffixOf<F> = F extends Filter<infer Suffix> ? Suffix : never
type ValueOf<F> = F extends Filter<string, infer Value> ? Value : never

/** The schemas of the parameters of filters: `status`, `createdFrom`, `createdTo`, `titlePrefix`. */
type FilterShape<F extends Filters> = {
  [Name in keyof F & string as `${Name}${SuffixOf<F[Name]>}`]: z.ZodOptional<z.ZodType<ValueOf<F[Name]>, string>>
}

const cursor = z
  .string()
  .optional()
  .openapi({
    description:
      'A page by cursor: empty for the first one, then `nextCursor` or `previousCursor` of the last answer. It is valid with the sort and ' +
      'the filters that it was made with',
    examples: [''], // not `example`, which Swagger UI would send: a page by cursor has no number
    param: { allowEmptyValue: true }, // a box in Swagger UI
  })

const count = z
  .string()
  .refine((value) => value === 'true' || value === 'false', 'Must be true or false')
  .transform((value) => value === 'true')
  .optional()
  .openapi({ type: 'boolean', description: 'Whether a page by cursor has `total`. A page by number always has it' })

const common = { cursor, page: optionalPage, limit, count }
type Common = typeof common

/** The schema of a list's query string. */
export type ListQuery<F extends Filters> = z.ZodObject<
  Common & { sort: z.ZodDefault<z.ZodType<string, string>> } & FilterShape<F>,
  z.core.$strict
>

/** What a list may be sorted by, in words, and the schema of the parameter. */
export function sortOf(names: readonly string[]) {
  const one = `-?(${names.map(literally).join('|')})`
  const most = Math.min(sortMax, names.length)
  const pattern = `^${one}(,${one}){0,${most - 1}}$`
  const fields = new RegExp(pattern)
  const allowed = `at most ${most} of ${names.join(', ')}, each once, separated by commas; - in front of a name for descending order`
  const isSort = (value: string) => {
    if (value.length > 1000 || !fields.test(value)) return false
    const given = value.split(',').map((field) => field.replace(/^-/, ''))
    return new Set(given).size === given.length
  }
  return { schema: z.string().refine(isSort, `Must be ${allowed}`), pattern, allowed }
}

/** The parameter `sort` of a list with a default. */
export function sortSchema(names: readonly string[], preset: string) {
  const { schema, pattern, allowed } = sortOf(names)
  return schema
    .default(preset)
    .openapi({ type: 'string', pattern, default: preset, description: `The order: ${allowed}` })
}

/**
 * Creates the schema of a list's query string. It refuses unknown parameters, and says which there are.
 *
 * @param own the schema of `sort`, and those of other parameters that are no filters
 * @throws TypeError when two parameters have one name
 */
export function createListQuery<F extends Filters>(
  own: { sort: z.ZodDefault<z.ZodType<string, string>> } & Record<string, z.ZodType>,
  parameters: readonly (readonly [name: string, parameter: Parameter])[],
): ListQuery<F> {
  const names = [...Object.keys(common), ...Object.keys(own), ...parameters.map(([name]) => name)]
  const twice = names.find((name, index) => names.indexOf(name) < index)
  if (twice !== undefined) throw new TypeError(`Two parameters of a list have the name "${twice}"`)
  const filters = parameters.map(([name, { schema, description }]) => [
    name,
    schema.optional().openapi({ description }),
  ])
  const unknown = `Unknown parameter: the parameters are ${names.join(', ')}`
  const error: z.core.$ZodErrorMap = ({ code }) => (code === 'unrecognized_keys' ? unknown : undefined)
  const { cursor, page, limit, count } = common
  const { sort, ...others } = own
  const base = z.strictObject({ cursor, page, limit, sort, count }, { error })
  const whole = base.extend({ ...others, ...Object.fromEntries(filters) }) as unknown as typeof base // the fields of base stay
  const checked = whole
    .refine((query) => query.cursor === undefined || query.page === undefined, {
      path: ['page'],
      message: 'A page by cursor has no number: send page or cursor',
      when: beyondTotal.when,
    })
    .refine((query) => query.cursor !== undefined || isWithinTotal(query), beyondTotal)
  return checked as unknown as ListQuery<F> // its filters have these names
}
