import { importLines } from './code.ts'
import { capital } from './names.ts'
import { importOf, type Resource } from './resource.ts'

/** The app with a resource, and the lines that the user has to add because no place was found for them. */
export interface Registered {
  text: string
  missing: string[]
}

/** Adds the routes of a resource to the text of the app. A text that has them stays as it is. */
export function register(text: string, resource: Resource): Registered {
  const { names, references, layout, paths } = resource
  const { one, folder } = names
  if (new RegExp(`\\b${one}Routes\\b`).test(text)) return { text, missing: [] }
  const imported = [...(references.length > 0 ? [`${one}Constraints`] : []), `${one}Routes`]
  const missing: string[] = []
  const edit = (before: string, change: (text: string) => string | undefined, line: string): string => {
    const after = change(before)
    if (after === undefined) missing.push(line)
    return after ?? before
  }
  const line = importLines([importOf(resource, layout.app, imported, paths.routes)])
  let result = edit(text, (text) => withImport(text, line), line)
  if (references.length > 0) {
    const constraints = `createErrorHandler({ constraints: { ...${one}Constraints } })`
    result = edit(result, (text) => withConstraints(text, `${one}Constraints`), constraints)
  }
  result = edit(
    result,
    (text) => withTable(text, resource) ?? withRoutes(text, resource),
    `app.route('/${folder}', ${one}Routes({ db }))`,
  )
  return { text: withTag(result, resource), missing }
}

/** After the import of another resource, else after the last import. */
function withImport(text: string, line: string): string | undefined {
  const imports = [...text.matchAll(/^import [\s\S]*?from '([^']+)'.*$/gm)]
  const [, from = ''] = /from '([^']+)'/.exec(line) ?? []
  const later = imports.find(([, other = '']) => /\/routes(\.[jt]s)?$/.test(other) && other > from)
  if (later) return `${text.slice(0, later.index)}${line}\n${text.slice(later.index)}`
  const last = imports.filter(([, other = '']) => /\/routes(\.[jt]s)?$/.test(other)).at(-1) ?? imports.at(-1)
  if (!last) return undefined
  const end = last.index + last[0].length
  return `${text.slice(0, end)}\n${line}${text.slice(end)}`
}

function withConstraints(text: string, name: string): string | undefined {
  const replaced = [
    [/(createErrorHandler\(\{[^()]*?constraints: \{)((?:[^{}]|\n)*?),?(\s*\})/, `$1$2, ...${name}$3`],
    [/createErrorHandler\(\)/, `createErrorHandler({ constraints: { ...${name} } })`],
    [/createErrorHandler\(\{ (?![^()]*constraints)/, `createErrorHandler({ constraints: { ...${name} }, `],
  ] as const
  for (const [pattern, replacement] of replaced)
    if (pattern.test(text)) return text.replace(pattern, replacement).replace('constraints: {, ', 'constraints: { ')
  return undefined
}

/** The app has a table of its resources: `'/tasks': { routes: taskRoutes({ db }), … },`. */
function withTable(text: string, { names }: Resource): string | undefined {
  const lines = [...text.matchAll(/^( *)'\/[\w-]+': (.*\b)\w+Routes\(\{ db \}\)(.*),$/gm)]
  const last = lines.at(-1)
  if (!last) return undefined
  const [whole, indent = '', before = '', after = ''] = last
  const end = last.index + whole.length
  return `${text.slice(0, end)}\n${indent}'/${names.folder}': ${before}${names.one}Routes({ db })${after},${text.slice(end)}`
}

/** The app mounts routes: `app.route('/tasks', taskRoutes({ db }))`. */
function withRoutes(text: string, { names }: Resource): string | undefined {
  const [, app] = /(?:const|let) (\w+)[^=\n]*= (?:new (?:OpenAPI)?Hono|createRouter)\b/.exec(text) ?? []
  const db = /(?:const|let) (\w+) = createTenantDatabase\(/.exec(text)?.[1] ?? (/\bdb\b/.test(text) ? 'db' : undefined)
  if (app === undefined || db === undefined) return undefined
  const middleware = tenantOf(text, app)
  if (middleware === undefined) return undefined
  const routes = `${names.one}Routes(${db === 'db' ? '{ db }' : `{ db: ${db} }`})`
  const lines = [
    ...(middleware === '' ? [] : [`${app}.use('/${names.folder}/*', ${middleware})`]),
    `${app}.route('/${names.folder}', ${routes})`,
  ]
  const end = text.search(/^(export default|serve\(|Bun\.serve|export const AppType|export type AppType)/m)
  const calls = [
    ...text.matchAll(new RegExp(`^${app}\\.(?:route|get|post|put|patch|delete|use)\\([\\s\\S]*?^(?=\\S)`, 'gm')),
  ]
  const lastCall = calls.at(-1)
  const place = end >= 0 ? end : lastCall ? lastCall.index + lastCall[0].length : text.length
  return `${text.slice(0, place)}${lines.join('\n')}\n${text.slice(place)}`
}

/** The middleware that resolves the tenant, as code; empty when it covers every path, undefined when there is none. */
function tenantOf(text: string, app: string): string | undefined {
  const [, variable] = /(?:const|let) (\w+) = tenant\(/.exec(text) ?? []
  const call = variable === undefined ? callOf(text, 'tenant(') : variable
  if (call === undefined) return undefined
  const all = new RegExp(`${app}\\.use\\((?:'/?\\*', )?(?:tenant\\(|${variable ?? 'tenant\\('})`)
  return all.test(text) ? '' : call
}

/** A call with its balanced parentheses. */
function callOf(text: string, beginning: string): string | undefined {
  const start = new RegExp(`\\b${beginning.replace('(', '\\(')}`).exec(text)?.index
  if (start === undefined) return undefined
  let depth = 0
  for (let end = start; end < text.length; end += 1) {
    if (text[end] === '(') depth += 1
    if (text[end] === ')' && --depth === 0) return text.slice(start, end + 1)
  }
  return undefined
}

/** The description of the resource in the OpenAPI document, where the app has a table of them. */
function withTag(text: string, { names }: Resource): string {
  const lines = [...text.matchAll(/^( *)(?:\w+|'[\w-]+'): '\w[^']* of a tenant',$/gm)]
  const last = lines.at(-1)
  if (!last) return text
  const key = names.folder.includes('-') ? `'${names.folder}'` : names.folder
  const end = last.index + last[0].length
  return `${text.slice(0, end)}\n${last[1]}${key}: '${capital(names.words)} of a tenant',${text.slice(end)}`
}
