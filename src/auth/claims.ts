import type { JWTPayload } from 'jose'
import { AuthenticationFailure, type Identity, isActor } from '../context/index.ts'
import { invalidToken } from './refusals.ts'

const tenantsMax = 256

/**
 * Makes what reads a verified token's claims.
 *
 * @param realm for the challenge of a token whose claims are malformed
 * @param tenantClaim the claim's name, or a JSON pointer (RFC 6901) when it begins with `/`
 * @throws TypeError when it is neither
 */
export function createClaimReader(realm: string, tenantClaim: string): (payload: JWTPayload) => Identity {
  const path = parsePath(tenantClaim)

  return function readClaims(payload) {
    if (!isActor(payload.sub)) throw invalidToken(realm, 'wrong-claim')
    const claimed = path.reduce(step, payload)
    const tenants = Array.isArray(claimed) ? claimed : claimed === undefined ? [] : [claimed]
    if (tenants.length === 0)
      throw new AuthenticationFailure('no-tenant-claim', 'FORBIDDEN', 'Your token names no tenant that it is for')
    if (tenants.length > tenantsMax || !tenants.every(isName)) throw invalidToken(realm, 'wrong-claim')
    return { actor: payload.sub, tenants, claims: payload }
  }
}

const isName = (value: unknown): value is string => typeof value === 'string' && value !== ''

function parsePath(tenantClaim: string): string[] {
  if (tenantClaim === '') throw new TypeError('tenantClaim is empty')
  if (!tenantClaim.startsWith('/')) return [tenantClaim]
  if (/~(?![01])/.test(tenantClaim)) throw new TypeError(`tenantClaim is no JSON pointer: ${tenantClaim}`)
  // `~1` first: `~01` stands for `~1` (RFC 6901, section 4).
  const decode = (part: string) => part.replaceAll('~1', '/').replaceAll('~0', '~')
  return tenantClaim.slice(1).split('/').map(decode)
}

/** One step into the claims: what a token says itself, never what JavaScript has on every object. */
function step(at: unknown, key: string): unknown {
  if (typeof at !== 'object' || at === null || !Object.hasOwn(at, key)) return undefined
  return (at as Record<string, unknown>)[key] // it is an object that has the key
}
