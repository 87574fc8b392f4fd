/** What the text of an app says about the places where a resource is registered. */

/** The tenant middleware of an app that names none yet. */
const usualTenant = 'tenant({ from: claim(), auth })'

/**
 * The router that takes the resources: it resolves the tenant, or is the first one. The router of a resource, which another one mounts
 * and which mounts none, is not it. Names inside of a function are not known where the module ends.
 */
export function appOf(text: string): string | undefined {
  const routers = routersOf(text, '').filter((name) => !isMounted(text, name) || mounts(text, name))
  return routers.find((name) => resolvesTenant(text, name)) ?? routers[0]
}

/** The names of routers that are declared with this indentation, as a pattern. */
const routersOf = (text: string, indent: string): string[] =>
  [
    ...text.matchAll(
      new RegExp(`^${indent}(?:export )?(?:const|let) (\\w+)[^=\\n]*= (?:new (?:OpenAPI)?Hono|createRouter)\\b`, 'gm'),
    ),
  ].map(([, name = '']) => name)

const isMounted = (text: string, name: string): boolean => new RegExp(`\\.route\\([^()]*, *${name}\\b`).test(text)
const mounts = (text: string, name: string): boolean => new RegExp(`^${name}\\.route\\(`, 'm').test(text)
const resolvesTenant = (text: string, name: string): boolean =>
  new RegExp(`^${name}\\.use\\(${restOfStatement}${tenantPattern(text)}`, 'm').test(text)

/** A part of a statement, as a pattern: its further lines are indented or close it. */
const restOfStatement = '(?:.|\\n[ \\t)])*?'

/** Where the last lines for an app stand: before the module exports or serves it, or another router copies its routes. */
export function endOf(text: string, app: string): number | undefined {
  const copies = new RegExp(`^\\w+\\.route\\([^()\\n]*, *${app}\\b`, 'm')
  if (isMounted(text, app)) return indexOf(text, copies)
  return indexOf(text, /^(export default|serve\(|Bun\.serve|export const AppType|export type AppType)/m) ?? text.length
}

const indexOf = (text: string, pattern: RegExp): number | undefined => pattern.exec(text)?.index

/** The variable of the tenant middleware. */
const tenantVariable = (text: string): string | undefined =>
  /^(?:export )?(?:const|let) (\w+) = tenant\(/m.exec(text)?.[1]

function tenantPattern(text: string): string {
  const variable = tenantVariable(text)
  return variable === undefined ? '\\btenant\\(' : `\\b(?:tenant\\(|${variable}\\b)`
}

/** The tenant database: a variable of the module, or `db`, where the module imports or declares it. */
export function databaseOf(text: string): string | undefined {
  const [, variable] = /^(?:export )?(?:const|let) (\w+) = createTenantDatabase\(/m.exec(text) ?? []
  if (variable !== undefined) return variable
  return /^import [^'"]*\bdb\b|^(?:export )?(?:const|let) (?:\{[^}]*)?\bdb\b/m.test(text) ? 'db' : undefined
}

/** The middleware that resolves the tenant, as code; empty when it covers every path, undefined when there is none. */
export function tenantOf(text: string, app: string): string | undefined {
  const variable = tenantVariable(text)
  const all = new RegExp(`^${app}\\.use\\((?:['"]/?\\*['"], )?${tenantPattern(text)}`, 'm')
  if (all.test(text)) return ''
  if (variable !== undefined) return variable
  const [, use] = new RegExp(`^${app}\\.use\\(${restOfStatement}(\\btenant\\([\\s\\S]*)`, 'm').exec(text) ?? []
  return use === undefined ? undefined : callOf(use)
}

/** The call at the beginning of a text, with its balanced parentheses. */
function callOf(text: string): string | undefined {
  let depth = 0
  for (let end = 0; end < text.length; end += 1) {
    if (text[end] === '(') depth += 1
    if (text[end] === ')' && --depth === 0) return text.slice(0, end + 1)
  }
  return undefined
}

/** The code for lines that the user adds, with the names of the app wherever it declares them. An empty tenant is resolved for every path. */
export function wordsOf(text: string): { app: string; tenant: string; db: string } {
  const [, database] = /^\s*(?:export )?(?:const|let) (\w+) = createTenantDatabase\(/m.exec(text) ?? []
  const app = appOf(text) ?? routersOf(text, '\\s*')[0] ?? 'app'
  const [call = ''] = /\btenant\(\{[\s\S]*/.exec(text) ?? []
  return { app, tenant: tenantOf(text, `\\s*${app}`) ?? callOf(call) ?? usualTenant, db: database ?? 'db' }
}

/** Why the routes have no place in a module. */
export function whyNoPlace(text: string): string {
  const app = appOf(text)
  if (app === undefined) return 'it declares no router at its top level'
  if (databaseOf(text) === undefined) return 'it neither declares a tenant database nor imports "db"'
  if (tenantOf(text, app) === undefined) return `${app} has no use(…, tenant(…))`
  return `${app} is mounted in the declaration of another router`
}
