import { cursorsCode } from '../output/option-code.ts'
import { appOf, databaseOf, endOf, tenantOf, whyNoPlace, wordsOf } from './app-text.ts'
import { importLines } from './code.ts'
import { capital } from './names.ts'
import { importOf, type Resource } from './resource.ts'

/** The app with a resource, and the lines that the user has to add because no place was found for them. */
export interface Registered {
  text: string
  missing: string[]
  /** Why lines are missing. */
  reasons: string[]
}

/** Adds the routes of a resource to the text of the app. What the text has stays as it is. */
export function register(text: string, resource: Resource): Registered {
  const { names, references, layout, paths } = resource
  const { one } = names
  const hasReferences = references.length > 0
  const [missing, reasons]: [string[], string[]] = [[], []]
  const edit = (
    isThere: boolean,
    change: (text: string) => string | undefined,
    lines: string[],
    reasonOf: (text: string) => string,
  ) => {
    if (isThere) return
    const after = change(result)
    if (after === undefined) {
      missing.push(...lines)
      reasons.push(reasonOf(result))
    }
    result = after ?? result
  }
  let result = text
  const line = importLines([
    importOf(resource, layout.app, [...(hasReferences ? [`${one}Constraints`] : []), `${one}Routes`], paths.routes),
  ])
  const isRouted = new RegExp(`^import [^'"]*\\b${one}Routes\\b`, 'm').test(text)
  edit(isRouted, (text) => withImport(text, line), [line], noImport)
  // A list has pages by cursor, which need a secret.
  const cursors = importLines(layout.kit(layout.app, ['cursors'], '/lists'))
  const importsCursors = /^import [^'"]*\bcursors\b/m.test(text)
  edit(importsCursors, (text) => withImport(text, cursors), [cursors], noImport)
  const mounted = [cursorsCode(wordsOf(text).app)]
  edit(/\bcursors\(/.test(text), (text) => withLines(text, (app) => [cursorsCode(app)]), mounted, whyNoPlace)
  const constraints = `createErrorHandler({ constraints: { ...${one}Constraints } })`
  edit(
    !hasReferences || text.includes(`...${one}Constraints`),
    (text) => withConstraints(text, `${one}Constraints`),
    [constraints],
    () => 'no call of createErrorHandler() takes constraints',
  )
  edit(
    new RegExp(`\\b${one}Routes\\(`).test(text),
    (text) => withTable(text, resource) ?? withRoutes(text, resource),
    mountLines(resource, wordsOf(text)),
    whyNoPlace,
  )
  return { text: result === text ? text : withTag(result, resource), missing, reasons: [...new Set(reasons)] }
}

const noImport = () => 'it has no import'

/** @param tenant the middleware; empty when the app resolves the tenant of every path */
function mountLines({ names }: Resource, { app, tenant, db }: { app: string; tenant: string; db: string }): string[] {
  const use = tenant === '' ? [] : [`${app}.use('/${names.folder}/*', ${tenant})`]
  return [...use, `${app}.route('/${names.folder}', ${names.one}Routes(${db === 'db' ? '{ db }' : `{ db: ${db} }`}))`]
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
function withRoutes(text: string, resource: Resource): string | undefined {
  const db = databaseOf(text)
  if (db === undefined) return undefined
  return withLines(text, (app) => {
    const tenant = tenantOf(text, app)
    return tenant === undefined ? undefined : mountLines(resource, { app, tenant, db })
  })
}

/** Lines with the name of the app, where it ends. */
function withLines(text: string, linesOf: (app: string) => string[] | undefined): string | undefined {
  const app = appOf(text)
  if (app === undefined) return undefined
  const [lines, end] = [linesOf(app), endOf(text, app)]
  if (lines === undefined || end === undefined) return undefined
  const before = text.slice(0, end)
  return `${end === text.length ? `${before.trimEnd()}\n` : before}${lines.join('\n')}\n${text.slice(end)}`
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
