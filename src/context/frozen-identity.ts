import type { Identity } from './authentication.ts'
import { assertKind } from './tenant-key.ts'

const frozen = new WeakSet<Identity>()

/**
 * A deeply frozen copy of an identity: what a handler does to it reaches neither the memory of the authentication nor another
 * request. A copy from here is returned as it is. Dates, maps and the like, which cannot be frozen, are part of the copy.
 *
 * @throws TypeError for an identity that does not say which tenants the caller may act for, or has a function or a symbol in it
 */
export function frozenIdentity(identity: Identity): Identity {
  if (frozen.has(identity)) return identity
  assertTenants(identity)
  if (identity.yields !== undefined) assertKind(identity.yields)
  const copy = copyOf(identity)
  freeze(copy)
  frozen.add(copy)
  return copy
}

/** A verifier in JavaScript may forget the tenants, or return nothing for an unknown session. */
function assertTenants(identity: { readonly tenants?: unknown } | null | undefined): void {
  const tenants: unknown = identity?.tenants
  if (tenants === 'any' || (Array.isArray(tenants) && tenants.every((one) => typeof one === 'string'))) return
  throw new TypeError(
    "verify() must return an identity whose tenants are a list of texts, or 'any': throw AuthenticationFailure for a " +
      'caller that is not authenticated',
  )
}

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
