import type { Context } from 'hono'
import { missingInVary } from '../text/index.ts'

/** The Cache-Control of responses with tenant data (RFC 9111, section 5.2.2). */
export const notShareable = 'private, no-store'

/** The names of `Vary`, and its text as {@link keepPrivate} finds it in most responses. */
export interface Vary {
  readonly names: readonly string[]
  readonly text: string
}

/**
 * Makes a response private, unless its route opted out, and adds the missing names to its `Vary`: a handler that creates its
 * own Response leaves out or replaces the headers of the context.
 */
export function keepPrivate(c: Context, vary: Vary, shareable: ((c: Context) => boolean) | undefined): void {
  const { headers } = c.res
  const control = headers.get('Cache-Control')
  const own: string[] = []
  for (const name of headers.keys()) if (cacheHeader.test(name)) own.push(name)
  const present = headers.get('Vary') ?? ''
  const missing = present === vary.text ? [] : missingInVary(present, vary.names)
  if (missing.length > 0) c.header('Vary', missing.join(', '), { append: true })
  if (control !== null && own.length === 0 && isPrivate(control)) return
  const isShareable = (control !== null || own.length > 0) && shareable?.(c) === true
  if (control === null || !(isShareable || isPrivate(control))) c.header('Cache-Control', notShareable)
  if (!isShareable) for (const name of own) c.header(name, undefined)
}

// Caches of a certain kind prefer these to Cache-Control (RFC 9213).
const cacheHeader = /^(?:.+-cache-control|surrogate-control|x-accel-expires)$/

/** `private="Set-Cookie"` restricts that header only, so quoted parts do not count. */
function isPrivate(control: string): boolean {
  if (control === notShareable || control === 'private, no-cache') return true // what most responses have
  const directives = control
    .toLowerCase()
    .replaceAll(/"[^"]*"/g, '""')
    .split(',')
    .map((part) => part.trim())
  if (directives.some((directive) => directive === 'public' || directive.startsWith('s-maxage'))) return false
  return directives.includes('private') || directives.includes('no-store')
}
