import { createHash } from 'node:crypto'
import canonicalize from 'canonicalize'
import type { Context } from 'hono'
import { ApiError } from '../errors/index.ts'

/**
 * The hash of what a request asks for: its query, in any order, and its body. JSON is compared by its canonical form (RFC 8785), so
 * that the order of keys and white space do not matter; a form by its entries, whatever their boundary is; another body byte by byte.
 *
 * @returns SHA-256 as PostgreSQL reads a bytea
 */
export async function fingerprintOf(c: Context): Promise<string> {
  const query = new URLSearchParams(/\?.*/s.exec(c.req.url)?.[0])
  query.sort()
  const hash = createHash('sha256').update(`${query}\n`)
  const type = c.req.header('Content-Type') ?? ''
  if (/^application\/([\w.-]+\+)?json/i.test(type)) hash.update(`json\n${canonical(await c.req.text())}`)
  else if (/^(multipart\/form-data|application\/x-www-form-urlencoded)\b/i.test(type))
    hash.update(`form\n${await entriesOf(c)}`)
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

/** @throws ApiError BAD_REQUEST for a form that is malformed */
async function entriesOf(c: Context): Promise<string> {
  const form = await c.req.formData().catch((cause: unknown) => {
    throw new ApiError('BAD_REQUEST', 'The form is malformed', { cause })
  })
  const entries = [...form].map(async ([name, value]) =>
    typeof value === 'string' ? [name, value] : [name, value.name, value.type, await hashOf(value)],
  )
  return JSON.stringify(await Promise.all(entries))
}

const hashOf = async (file: Blob): Promise<string> =>
  createHash('sha256')
    .update(new Uint8Array(await file.arrayBuffer()))
    .digest('hex')
