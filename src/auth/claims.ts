import type { JWTPayload } from 'jose'
import { AuthenticationFailure, type Identity, isActor } from '../context/index.ts'
import { frozenIdentity } from '../context/internal.ts'
import type { ReadTenants } from './tenant-claims.ts'
import { invalidToken } from './token-errors.ts'

const tenantsMax = 256

/**
 * Creates the function that reads the caller of a verified token.
 *
 * @param realm for the challenge that answers a token with malformed claims
 */
export function createClaimReader(realm: string, readTenants: ReadTenants): (payload: JWTPayload) => Identity {
  return function readClaims(payload) {
    if (!isActor(payload.sub)) throw invalidToken(realm, 'wrong-claim')
    const tenants = read(realm, readTenants, payload)
    if (tenants.length === 0)
      throw new AuthenticationFailure('no-tenant-claim', 'FORBIDDEN', 'Your token does not name a tenant')
    if (tenants.length > tenantsMax) throw invalidToken(realm, 'wrong-claim')
    try {
      return frozenIdentity({ actor: payload.sub, tenants, claims: payload })
    } catch (cause) {
      throw invalidToken(realm, 'wrong-claim', 'unverifiable', cause) // roles that are no list of texts
    }
  }
}

/** A function of the application's that expects other claims, and throws, makes the token invalid. */
function read(realm: string, readTenants: ReadTenants, payload: JWTPayload) {
  try {
    return readTenants(payload)
  } catch (cause) {
    throw invalidToken(realm, 'wrong-claim', 'unverifiable', cause)
  }
}
