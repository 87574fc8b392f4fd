import type { Context } from 'hono'
import { ApiError } from '../errors/index.ts'

/** The request header with the key of a request that may be sent again (draft-ietf-httpapi-idempotency-key-header). */
export const keyHeader = 'Idempotency-Key'

// A string of RFC 8941, section 3.3.3, without spaces: two headers arrive as one with ", " in it.
const quoted = /^"((?:[\x21\x23-\x5b\x5d-\x7e]|\\["\\])+)"$/
const bare = /^[\x21\x23-\x7e][\x21-\x7e]*$/
const longest = 255

/**
 * The key of a request, or undefined without the header. `"abc"` and `abc` are one key.
 *
 * @throws ApiError BAD_REQUEST for a malformed one: a key has 1 to 255 visible ASCII characters
 */
export function idempotencyKey(c: Context): string | undefined {
  const value = c.req.header(keyHeader)
  if (value === undefined) return undefined
  const inside = quoted.exec(value)?.[1]
  const key = inside === undefined ? bare.exec(value)?.[0] : inside.replaceAll(/\\(.)/g, '$1')
  if (key === undefined || key.length > longest)
    throw refusal('invalid_key', `Must be one key of 1 to ${longest} visible ASCII characters`)
  return key
}

/** Why a key is refused. */
export function refusal(code: string, message: string): ApiError {
  return new ApiError('BAD_REQUEST', `The header ${keyHeader} is not valid`, {
    details: [{ path: keyHeader, in: 'header', code, message }],
  })
}
