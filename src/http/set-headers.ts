import type { Context } from 'hono'
import { missingInVary } from '../text/index.ts'

/** Sets headers of a finished response. Its body stays as it is, unless the headers are those of a response of `fetch`. */
export function setHeaders(c: Context, headers: readonly (readonly [string, string])[]): void {
  try {
    for (const [name, value] of headers) c.res.headers.set(name, value)
  } catch {
    for (const [name, value] of headers) c.header(name, value) // copies a response whose headers are immutable
  }
}

/** Adds names to the `Vary` of a finished response. */
export function addVary(c: Context, names: readonly string[]): void {
  const present = c.res.headers.get('Vary')
  const missing = missingInVary(present ?? '', names)
  if (missing.length > 0) setHeaders(c, [['Vary', [...(present ? [present] : []), ...missing].join(', ')]])
}
