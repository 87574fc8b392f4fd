import type { Identity } from './authentication.ts'
import { isTenantKey } from './claimed-tenant.ts'

const frozen = new WeakSet<Identity>()

/**
 * A deeply frozen copy of an identity: what a handler does to it reaches neither the memory of the authentication nor another
 * request. A copy from here is returned as it is. Dates, maps and the like, which cannot be frozen, are part of the copy.
 *
 * @throws TypeError for an identity that does not say which tenants the caller may act for, whose roles are no list of texts, or
 *   with a function or a symbol in it
 */
export function frozenIdentity(identity: Identity): Identity {
  if (frozen.has(identity)) return identity
  assertTenants(identity)
  const copy = copyOf(identity)
  freeze(copy)
  frozen.add(copy)
  return copy
}

/** A verifier in JavaScript may forget the tenants, or return nothing for an unknown session. */
function assertTenants(identity: { readonly tenants?: unknown; readonly roles?: unknown } | null | undefined): void {
  const { tenants, roles } = identity ?? {}
  if (tenants === 'any' ? isRoles(roles) : Array.isArray(tenants) && tenants.every(isClaimed) && roles === undefined)
    return
  throw new TypeError(
    "verify() must return an identity whose tenants are a list of ids or of { id, slug, externalId or domain, roles }, or 'any' " +
      'with roles: throw AuthenticationFailure for a caller that is not authenticated',
  )
}

const isClaimed = (tenant: unknown): boolean =>
  typeof tenant === 'string' || (isTenantKey(tenant) && isRoles((tenant as { roles?: unknown }).roles)) // it may have roles

/** Whether a value is a list of roles, or says nothing of roles. */
const isRoles = (roles: unknown): boolean =>
  roles === undefined || (Array.isArray(roles) && roles.every((role) => typeof role === 'string'))

function copyOf(identity: Identity): Identity {
  try {
    return structuredClone(identity)
  } catch (cause) {
    throw new TypeError('An identity must be data, as structuredClone() copies it: no functions, no symbols', { cause })
  }
}

/** Without recursion: the depth of claims is the issuer's choice. */
function freeze(data: object): void {
  const found: unknown[] = [data]
  for (const value of found) {
    if (typeof value !== 'object' || value === null || Object.isFrozen(value) || ArrayBuffer.isView(value)) continue
    for (const inner of Object.values(Object.freeze(value))) found.push(inner) // the loop visits what is added, too
  }
}
