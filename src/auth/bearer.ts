import type { Context } from 'hono'
import { invalidToken, missingToken, repeatedToken } from './token-errors.ts'

const lengthMax = 16_384

/**
 * Returns the bearer token of a request, unverified (RFC 6750, section 2.1).
 *
 * @throws AuthenticationFailure UNAUTHORIZED without a token, or when it is longer than 16 KiB or does not have the three
 *   base64url parts of a signed JWT (RFC 7515, section 7.1); BAD_REQUEST for two Authorization headers
 */
export function readBearer(c: Context, realm: string): string {
  const token = /^Bearer +(.*)$/i.exec(c.req.header('Authorization') ?? '')?.[1] ?? ''
  if (token === '') throw missingToken(realm)
  if (token.length > lengthMax) throw invalidToken(realm, 'malformed-token')
  // Two headers arrive as one, joined by a comma, and a token never contains a comma.
  if (token.includes(',')) throw repeatedToken(realm)
  // Before any decoding: the base64url decoders of some runtimes ignore white space.
  if (!/^[\w-]+\.[\w-]*\.[\w-]*$/.test(token)) throw invalidToken(realm, 'malformed-token')
  return token
}
