import { OperatorError } from '../../errors/index.ts'

/** The names that the code of a resource uses. */
export interface Names {
  /** @example 'line_items' */
  table: string
  /** @example 'lineItems' */
  many: string
  /** @example 'lineItem' */
  one: string
  /** @example 'LineItems' */
  Many: string
  /** @example 'LineItem' */
  One: string
  /** The folder and the path of the URL. @example 'line-items' */
  folder: string
  /** @example 'line items' */
  words: string
  /** @example 'line item' */
  word: string
}

const reserved = new Set(
  (
    'await break case catch class const continue debugger default delete do else enum export extends false finally for function if ' +
    'implements import in instanceof interface let new null package private protected public return static super switch this throw ' +
    'true try typeof var void while with yield app db'
  ).split(' '),
)

/** What the modules of a table and of its queries use beside the name of the table. */
const ofQueries = new Set(
  (
    'boolean check date foreignKey index integer jsonb numeric pgTable primaryKey sql tenantColumns text timestamp uuid t ' +
    'and condition eq expected id mapped one placeholders prepared row rowVersion set tx values writtenRow undefined'
  ).split(' '),
)

/** What the modules of schemas, routes and tests use beside the name of one row. */
const ofRoutes = new Set('ApiError Constraints Date Error Object Row TenantDatabase TenantEnv Written'.split(' '))

/**
 * Derives the names of a resource.
 *
 * @param table snake_case, usually a plural
 * @param singular snake_case. @default the table without its plural ending
 * @throws OperatorError for a name that code or SQL would have to quote
 */
export function namesOf(table: string, singular = singularOf(table)): Names {
  for (const name of [table, singular])
    if (!/^[a-z][a-z0-9]*(_[a-z0-9]+)*$/.test(name) || name.length > 40)
      throw new OperatorError(
        `${JSON.stringify(name)} must be a name in snake_case of at most 40 characters, such as line_items`,
      )
  const [many, one] = [camelCase(table), camelCase(singular)]
  const One = capital(one)
  const found =
    [many, one].find((name) => reserved.has(name)) ??
    (ofQueries.has(many) ? many : undefined) ??
    (ofRoutes.has(One) ? One : undefined)
  if (found !== undefined)
    throw new OperatorError(`${found} is a word of JavaScript or of the app: choose another name`)
  const words = (name: string) => name.replaceAll('_', ' ')
  return {
    ...{ table, many, one, Many: capital(many), One },
    ...{ folder: table.replaceAll('_', '-'), words: words(table), word: words(singular) },
  }
}

const singularOf = (table: string): string => {
  if (/[^aeiou]ies$/.test(table)) return table.replace(/ies$/, 'y')
  if (/(ss|sh|ch|x)es$/.test(table)) return table.replace(/es$/, '')
  if (table === 'people' || table.endsWith('_people')) return table.replace(/people$/, 'person')
  return /[^su]s$/.test(table) ? table.slice(0, -1) : table
}

/** @example camelCase('line_items') // 'lineItems' */
export const camelCase = (name: string): string =>
  name.replaceAll(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase())

/** @example snakeCase('dueAt') // 'due_at' */
export const snakeCase = (name: string): string => name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)

/** @example capital('line item') // 'Line item' */
export const capital = (name: string): string => name.charAt(0).toUpperCase() + name.slice(1)
