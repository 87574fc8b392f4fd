import { cursorsCode } from '../output/option-code.ts'
import { importLines } from './code.ts'
import { capital } from './names.ts'
import { importOf, type Resource } from './resource.ts'

/** The app with a resource, and the lines that the user has to add because no place was found for them. */
export interface Registered {
  text: string
  missing: string[]
}

/** Adds the routes of a resource to the text of the app. What the text has stays as it is. */
export function register(text: string, resource: Resource): Registered {
  const { names, references, layout, paths } = resource
  const { one } = names
  const hasReferences = references.length > 0
  const missing: string[] = []
  const edit = (isThere: boolean, change: (text: string) => string | undefined, lines: string[]) => {
    if (isThere) return
    const after = change(result)
    if (after === undefined) missing.push(...lines)
    result = after ?? result
  }
  let result = text
  const line = importLines([
    importOf(resource, layout.app, [...(hasReferences ? [`${one}Constraints`] : []), `${one}Routes`], paths.routes),
  ])
  edit(new RegExp(`^import [^'"]*\\b${one}Routes\\b`, 'm').test(text), (text) => withImport(text, line), [line])
  // A list has pages by cursor, which need a secret.
  const cursors = importLines(layout.kit(layout.app, ['cursors'], '/lists'))
  edit(/^import [^'"]*\bcursors\b/m.test(text), (text) => withImport(text, cursors), [cursors])
  edit(/\bcursors\(/.test(text), (text) => withLines(text, (app) => [cursorsCode(app)]), [cursorsCode('app')])
  const constraints = `createErrorHandler({ constraints: { ...${one}Constraints } })`
  edit(!hasReferences || text.includes(`...${one}Constraints`), (text) => withConstraints(text, `${one}Constraints`), [
    constraints,
  ])
  edit(
    new RegExp(`\\b${one}Routes\\(`).test(text),
    (text) => withTable(text, resource) ?? withRoutes(text, resource),
    routeLines(text, resource),
  )
  return { text: result === text ? text : withTag(result, resource), missing }
}

/** The lines for an app that has no place for them: with a tenant, unless the app resolves one for every path. */
function routeLines(text: string, { names }: Resource): string[] {
  const middleware = `app.use('/${names.folder}/*', tenant({ from: claim(), auth }))`
  return [
    ...(tenantOf(text, '\\w+') === '' ? [] : [middleware]),
    `app.route('/${names.folder}', ${names.one}Routes({ db }))`,
  ]
}

/** A package after the last package, a resource after another one; else after the last import. */
function withImport(text: string, line: string): string | undefined {
  const imports = [...text.matchAll(/^import [^'"]*['"]([^'"]+)['"].*$/gm)]
  const [, from = ''] = /from '([^']+)'/.exec(line) ?? []
  if (!from.startsWith('.'))
    return afterImport(text, imports.filter(([, other = '']) => !other.startsWith('.')).at(-1) ?? imports.at(-1), line)
  const later = imports.find(([, other = '']) => /\/routes(\.[jt]s)?$/.test(other) && other > from)
  if (later) return `${text.slice(0, later.index)}${line}\n${text.slice(later.index)}`
  const last = imports.filter(([, other = '']) => /\/routes(\.[jt]s)?$/.test(other)).at(-1) ?? imports.at(-1)
  return afterImport(text, last, line)
}

function afterImport(text: string, last: RegExpExecArray | undefined, line: string): string | undefined {
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
  const [, db = databaseOf(text)] = /^(?:export )?(?:const|let) (\w+) = createTenantDatabase\(/m.exec(text) ?? []
  if (db === undefined) return undefined
  const routes = `${names.one}Routes(${db === 'db' ? '{ db }' : `{ db: ${db} }`})`
  return withLines(text, (app) => {
    const middleware = tenantOf(text, app)
    if (middleware === undefined) return undefined
    const use = middleware === '' ? [] : [`${app}.use('/${names.folder}/*', ${middleware})`]
    return [...use, `${app}.route('/${names.folder}', ${routes})`]
  })
}

/** Lines with the name of the app, where the module ends. Names inside of a function are not known there. */
function withLines(text: string, linesOf: (app: string) => string[] | undefined): string | undefined {
  const [, app] = /^(?:export )?(?:const|let) (\w+)[^=\n]*= (?:new (?:OpenAPI)?Hono|createRouter)\b/m.exec(text) ?? []
  const lines = app === undefined ? undefined : linesOf(app)
  if (lines === undefined) return undefined
  const end = text.search(/^(export default|serve\(|Bun\.serve|export const AppType|export type AppType)/m)
  if (end < 0) return `${text.trimEnd()}\n${lines.join('\n')}\n`
  return `${text.slice(0, end)}${lines.join('\n')}\n${text.slice(end)}`
}

/** `db`, where the module imports or declares it. */
const databaseOf = (text: string): string | undefined =>
  /^import [^'"]*\bdb\b|^(?:export )?(?:const|let) (?:\{[^}]*)?\bdb\b/m.test(text) ? 'db' : undefined

/** The middleware that resolves the tenant, as code; empty when it covers every path, undefined when there is none. */
function tenantOf(text: string, app: string): string | undefined {
  const [, variable] = /^(?:export )?(?:const|let) (\w+) = tenant\(/m.exec(text) ?? []
  const all = new RegExp(`^${app}\\.use\\((?:['"]/?\\*['"], )?(?:tenant\\(|${variable ?? 'tenant\\('})`, 'm')
  if (all.test(text)) return ''
  if (variable !== undefined) return variable
  const [use] = new RegExp(`^${app}\\.use\\([\\s\\S]*`, 'm').exec(text) ?? []
  return use === undefined ? undefined : callOf(use, 'tenant(')
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
