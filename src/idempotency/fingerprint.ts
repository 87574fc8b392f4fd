import { createHash } from 'node:crypto'
import canonicalize from 'canonicalize'
import type { Context } from 'hono'

/**
 * The hash of what a request asks for: its query, in any order, and its body. JSON is compared by its canonical form (RFC 8785), so
 * that the order of keys and white space do not matter; another body byte by byte.
 *
 * @returns SHA-256 as PostgreSQL reads a bytea
 */
export async function fingerprintOf(c: Context): Promise<string> {
  const query = new URLSearchParams(/\?.*/s.exec(c.req.url)?.[0])
  query.sort()
  const hash = createHash('sha256').update(`${query}\n`)
  const type = c.req.header('Content-Type') ?? ''
  if (/^application\/([\w.-]+\+)?json/i.test(type)) hash.update(`json\n${canonical(await c.req.text())}`)
  else hash.update(`${type}\n`).update(new Uint8Array(await c.req.arrayBuffer()))
  return `\\x${hash.digest('hex')}`
}

function canonical(text: string): string {
  try {
    return canonicalize(JSON.parse(text)) ?? text
  } catch {
    return text // no JSON, or half a surrogate pair, which has no canonical form
  }
}
