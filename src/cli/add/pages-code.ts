import { fit, importLines } from './code.ts'
import type { Column } from './columns.ts'
import { importOf, type Resource, sortsByText } from './resource.ts'

/** The parameters that every list has. */
const common = ['cursor', 'page', 'limit', 'sort', 'count']

/** The module of the list: what a client may sort and filter by. */
export function pagesCode(resource: Resource): string {
  const { names, columns, layout, paths, known } = resource
  const { one, many, words } = names
  const texts = columns.filter((column) => sortsByText(resource, column))
  const filters = [
    ...columns.flatMap((column) => filterOf(resource, column) ?? []),
    // A filter of a column "created" has its name already.
    columns.some(({ key }) => key === 'created') ? 'createdAt: between()' : "created: between('createdAt')",
    ...texts.map(({ key }) => `${key}: prefix()`),
  ]
  const used = ['between', 'equals', 'oneOf', 'pages', 'prefix'].filter((name) =>
    ['pages', ...filters].some((code) => code === name || code.includes(` ${name}(`)),
  )
  const table = tableIn(resource)
  const exported = known?.exportName ?? many
  const imports = importLines([
    ...layout.kit(paths.pages, used, '/lists'),
    ...(used.includes('equals') ? layout.kit(paths.pages, ['id']) : []),
    importOf(resource, paths.pages, [exported === table ? table : `${exported} as ${table}`], paths.schema),
  ])
  const sort = ['createdAt', ...texts.map(({ key }) => key)].map((key) => `'${key}'`)
  return `${imports}

/** The list of a tenant's ${words}. */
export const ${one}Pages = pages(${table}, {
${fit('sort: [', sort, '],', '  ')}
  default: '-createdAt',
${fit('filters: {', filters, '},', '  ')}
})
`
}

/** The table's name in the module, where a function of the kit can have the same one. */
const tableIn = ({ names: { many } }: Resource): string =>
  ['between', 'equals', 'oneOf', 'pages', 'prefix'].includes(many) ? `${many}Table` : many

/** The filter by values of an enumeration, or by a reference. */
function filterOf(resource: Resource, { key, kind }: Column): string | undefined {
  if (common.includes(key)) return undefined
  if (kind.references !== undefined) return `${key}: equals(id())`
  if (kind.values === undefined) return undefined
  // A table of before may have an enumeration of its own, or none.
  return resource.known ? `${key}: oneOf([${kind.values}])` : `${key}: oneOf(${tableIn(resource)}.${key}.enumValues)`
}
