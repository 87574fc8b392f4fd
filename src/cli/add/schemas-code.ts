import { chain, fit, importLines } from './code.ts'
import type { Column } from './columns.ts'
import { instantCode } from './kinds.ts'
import type { Resource } from './resource.ts'

/** The module of the schemas of requests and responses. */
export function schemasCode({ names, columns, layout, paths }: Resource): string {
  const kit = ['id', ...columns.flatMap(({ kind }) => (kind.kit ? [kind.kit] : []))]
  const imports = importLines([[['z'], '@hono/zod-openapi'], ...layout.kit(paths.schemas, [...new Set(kit)])])
  const hasInstant = columns.some(({ kind }) => kind.zod === 'instant()')
  const wired = columns.filter(({ kind }) => kind.wire)
  const { One } = names
  const response = [
    'id: id()',
    '...fields',
    ...wired.map(({ key, kind, isNullable }) => `${key}: ${kind.wire?.zod}${isNullable ? '.nullable()' : ''}`),
    'createdAt: z.iso.datetime()',
    'updatedAt: z.iso.datetime()',
  ]
  const none = `Give at least one of ${columns.map(({ key }) => key).join(', ')}`
  return `${imports}

${hasInstant ? `${instantCode}\n` : ''}const fields = {
${columns.map((column) => chain(`${column.key}: `, fieldOf(column), ',', '  ')).join('\n')}
}

${created(names.One, columns)}
export type Create${One} = z.infer<typeof Create${One}>

export const Update${One} = z
  .strictObject(fields)
  .partial()
${fit('.refine(', ['(body) => Object.keys(body).length > 0', `'${none}'`], ')', '  ')}
  .openapi('Update${One}', { minProperties: 1 })
export type Update${One} = z.infer<typeof Update${One}>

export const ${One} = z
${fit('.object({', response, '})', '  ')}
  .openapi('${One}')
export type ${One} = z.infer<typeof ${One}>
`
}

/** The example is what the document shows, and what the contract runner sends. */
function fieldOf({ kind, isNullable }: Column): string {
  const field = `${kind.zod}${isNullable ? '.nullable()' : ''}`
  return `${field}.openapi({ example: ${kind.samples[0]} })`
}

/** A field that may be null may be left out. */
function created(One: string, columns: Column[]): string {
  if (!columns.some(({ isNullable }) => isNullable))
    return `export const Create${One} = z.strictObject(fields).openapi('Create${One}')`
  const parts = columns.map(({ key, isNullable }) => `${key}: fields.${key}${isNullable ? '.optional()' : ''}`)
  return `export const Create${One} = z
${fit('.strictObject({', parts, '})', '  ')}
  .openapi('Create${One}')`
}
