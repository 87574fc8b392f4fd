import type { Context } from 'hono'
import { isBasePath } from '../text/index.ts'
import { addressOf, parseForwarded } from './forwarded.ts'

/** The proxies in front of a request's app. */
export interface Proxies {
  count: number
  basePath: string
  /** The headers that the response depends on so far. */
  read: Set<string>
}

// Not in the variables of the context: other middleware may have a variable of the same name.
const proxiesOf = new WeakMap<Context, Proxies>()

/** Remembers the proxies of a request. */
export const setProxies = (c: Context, proxies: Proxies): void => void proxiesOf.set(c, proxies)

/** Whether a request's app knows its proxies already. */
export const hasProxies = (c: Context): boolean => proxiesOf.has(c)

/** Reads what the outermost of our proxies said about the host or the protocol. */
export function readForwarded(c: Context, field: 'host' | 'proto'): string | undefined {
  const proxies = trusted(c)
  if (!proxies) return undefined
  const name = field === 'host' ? 'X-Forwarded-Host' : 'X-Forwarded-Proto'
  proxies.read.add(name).add('Forwarded')
  const given = c.req.header(name)
  const entries = given === undefined ? elementsOf(c).map((one) => one.get(field)) : entriesOf(given)
  // Proxies overwrite these headers more often than they append to them.
  return (entries.length < proxies.count ? entries[0] : entries.at(-proxies.count)) || undefined
}

/** Reads the address of the client as the outermost of our proxies saw it. Each proxy appends one: fewer entries say nothing. */
export function readAddress(c: Context): string | undefined {
  const proxies = trusted(c)
  if (!proxies) return undefined
  const given = c.req.header('X-Forwarded-For')
  if (given !== undefined) return entriesOf(given).at(-proxies.count)
  const node = elementsOf(c).at(-proxies.count)?.get('for')
  return node === undefined ? undefined : addressOf(node)
}

/** The prefix that our proxies removed from the path of a request; an empty text for none. */
export function readPrefix(c: Context): string {
  const { basePath = '' } = proxiesOf.get(c) ?? {}
  const proxies = trusted(c)
  if (basePath !== '' || !proxies) return basePath
  proxies.read.add('X-Forwarded-Prefix')
  const prefixes = entriesOf(c.req.header('X-Forwarded-Prefix') ?? '')
    .slice(-proxies.count)
    .map((prefix) => prefix.replace(/\/$/, ''))
    .filter((prefix) => prefix !== '')
  return prefixes.every(isBasePath) ? prefixes.join('') : ''
}

/** The proxies of a request whose headers count. */
function trusted(c: Context): Proxies | undefined {
  const proxies = proxiesOf.get(c)
  return proxies && proxies.count > 0 ? proxies : undefined
}

const entriesOf = (list: string): string[] => list.split(',').map((entry) => entry.trim())
const elementsOf = (c: Context) => parseForwarded(c.req.header('Forwarded') ?? '') ?? []
