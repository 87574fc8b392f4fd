import type { JWTPayload } from 'jose'
import { AuthenticationFailure, type Identity, isActor, type TenantKind } from '../context/index.ts'
import { invalidToken } from './token-errors.ts'

const tenantsMax = 256

/**
 * Creates the function that reads the claims of a verified token.
 *
 * @param realm for the challenge that answers a token with malformed claims
 * @param tenantClaim the claim's name, or a JSON pointer (RFC 6901) when it begins with `/`
 * @param yields what the values of the claim are
 * @throws TypeError when `tenantClaim` is empty or an invalid JSON pointer
 */
export function createClaimReader(
  realm: string,
  tenantClaim: string,
  yields: TenantKind,
): (payload: JWTPayload) => Identity {
  const path = parsePath(tenantClaim)

  return function readClaims(payload) {
    if (!isActor(payload.sub)) throw invalidToken(realm, 'wrong-claim')
    const claimed = path.reduce(valueAt, payload)
    const tenants = Array.isArray(claimed) ? claimed : claimed === undefined ? [] : [claimed]
    if (tenants.length === 0)
      throw new AuthenticationFailure('no-tenant-claim', 'FORBIDDEN', 'Your token does not name a tenant')
    if (tenants.length > tenantsMax || !tenants.every(isText)) throw invalidToken(realm, 'wrong-claim')
    return { actor: payload.sub, tenants, ...(yields === 'id' ? {} : { yields }), claims: payload }
  }
}

const isText = (value: unknown): value is string => typeof value === 'string' && value !== ''

function parsePath(tenantClaim: string): string[] {
  if (tenantClaim === '') throw new TypeError('tenantClaim must not be empty')
  if (!tenantClaim.startsWith('/')) return [tenantClaim]
  if (/~(?![01])/.test(tenantClaim))
    throw new TypeError(`tenantClaim must be a JSON pointer, with ~ written as ~0 (got "${tenantClaim}")`)
  // `~1` first: `~01` means `~1` (RFC 6901, section 4).
  const decode = (part: string) => part.replaceAll('~1', '/').replaceAll('~0', '~')
  return tenantClaim.slice(1).split('/').map(decode)
}

/** Returns an own property. Inherited ones, such as `constructor`, are not claims. */
function valueAt(parent: unknown, key: string): unknown {
  if (typeof parent !== 'object' || parent === null || !Object.hasOwn(parent, key)) return undefined
  return (parent as Record<string, unknown>)[key] // an object that has the key
}
