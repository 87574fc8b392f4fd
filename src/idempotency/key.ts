import type { Context } from 'hono'
import { ApiError } from '../errors/index.ts'
import { idempotencyKeyPattern } from '../text/index.ts'

const header = 'Idempotency-Key'
const wellFormed = new RegExp(idempotencyKeyPattern)
const longest = 255

/**
 * The key of a request that may be sent again (draft-ietf-httpapi-idempotency-key-header), or undefined without the header. `"abc"` and
 * `abc` are one key.
 *
 * @throws ApiError BAD_REQUEST for a malformed one: a key has 1 to 255 visible ASCII characters
 */
export function idempotencyKey(c: Context): string | undefined {
  const value = c.req.header(header)
  if (value === undefined) return undefined
  const key = value.startsWith('"') ? value.slice(1, -1).replaceAll(/\\(.)/g, '$1') : value
  if (wellFormed.test(value) && key.length <= longest) return key
  const message = `Must be one key of 1 to ${longest} visible ASCII characters`
  throw new ApiError('BAD_REQUEST', `The header ${header} is not valid`, {
    details: [{ path: header, in: 'header', code: 'invalid_key', message }],
  })
}
