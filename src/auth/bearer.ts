import type { Context } from 'hono'
import { invalidToken, noToken, repeatedToken } from './refusals.ts'

const lengthMax = 16_384

/**
 * Reads the bearer token of a request, before any of it is parsed (RFC 6750, section 2.1). A signed JWT has three parts in
 * base64url (RFC 7515, section 7.1); the decoders of some runtimes would let white space pass.
 *
 * @returns the token, which is nobody's word yet
 * @throws AuthenticationFailure UNAUTHORIZED without a token, and of one that is no signed JWT or longer than 16 KiB; BAD_REQUEST of two
 */
export function readBearer(c: Context, realm: string): string {
  const token = /^Bearer +(.*)$/i.exec(c.req.header('Authorization') ?? '')?.[1] ?? ''
  if (token === '') throw noToken(realm)
  if (token.length > lengthMax) throw invalidToken(realm, 'malformed-token')
  // Two headers arrive as one, joined by a comma, which no token holds.
  if (token.includes(',')) throw repeatedToken(realm)
  if (!/^[\w-]+\.[\w-]*\.[\w-]*$/.test(token)) throw invalidToken(realm, 'malformed-token')
  return token
}
