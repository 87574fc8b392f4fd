import type { ClaimedTenant, TenantKind } from '../context/index.ts'
import { assertKind, isTenantKey, keyOf } from '../context/internal.ts'
import { type ClaimPath, parseClaimPath, WrongClaim } from './claim-path.ts'
import { createRolesReader, type RoleWords } from './role-words.ts'

/** The claims of a verified token. */
export type TokenClaims = Readonly<Record<string, unknown>>

/** A claim with the caller's roles in one tenant. */
export interface RolesClaim extends RoleWords {
  /**
   * The claim with the role, or the list of roles: a name, or a JSON pointer (RFC 6901) when it begins with `/`. A `*` stands for the
   * same member as in the claim of the tenants.
   */
  readonly claim: string
}

/** A claim with the caller's tenants. */
export interface TenantClaim {
  /**
   * The claim with the tenant, or the list of tenants: a name, or a JSON pointer (RFC 6901) when it begins with `/`. In a pointer, `*`
   * stands for each member: `/organizations/*\/id` for the `id` of each, `/organizations/*` for the names of the members. A whole number
   * is read as text, up to 9007199254740991: JSON does not keep larger ones exactly.
   */
  readonly claim: string
  /**
   * What the claim holds. All but `id` need a tenant directory.
   *
   * @default 'id'
   */
  readonly yields?: TenantKind | undefined
  /**
   * The claim with the caller's roles in the tenant of this claim. A token without it, or with several tenants in this claim, gives
   * no role.
   *
   * @default every caller is a member
   */
  readonly roles?: string | RolesClaim | undefined
}

/** Where a token names the caller's tenants: the name of a claim with ids, claims, or a function, where a text is an id. */
export type TenantClaims =
  | string
  | TenantClaim
  | readonly TenantClaim[]
  | ((claims: TokenClaims) => string | ClaimedTenant | readonly (string | ClaimedTenant)[] | undefined)

/** Reads the tenants of a token's claims; an empty list for a token without any. */
export type ReadTenants = (claims: TokenClaims) => readonly ClaimedTenant[]

/**
 * Creates the function that reads the tenants of a token, and the kinds of tenants that it returns. The function throws WrongClaim
 * for claims of a wrong type.
 *
 * @throws TypeError for an invalid claim or kind
 */
export function createTenantReader(tenants: TenantClaims): { read: ReadTenants; yields: readonly TenantKind[] } {
  if (typeof tenants === 'function') return { read: (claims) => readBy(tenants, claims), yields: [] }
  const sources = [tenants].flat().map((source) => (typeof source === 'string' ? { claim: source } : source))
  if (sources.length === 0) throw new TypeError('tenants must name a claim')
  const readers = sources.map(createReader)
  return {
    read: (claims) => readers.flatMap((read) => read(claims)),
    yields: sources.map(({ yields = 'id' }) => yields),
  }
}

function createReader({ claim, yields = 'id', roles }: TenantClaim): ReadTenants {
  const path = parseClaimPath(claim, 'tenants')
  assertKind(yields)
  const readRoles = roles === undefined ? undefined : createClaimedRolesReader(roles, path)
  return (claims) => {
    const members = path.hasMembers ? path.members(claims) : [undefined]
    return members.flatMap((member) => {
      const named = namesOf(path.read(claims, member))
      if (readRoles === undefined) return named.map((value) => keyOf(yields, value))
      // Roles cannot say in which of several tenants they count.
      const isOne = named.length === 1 && (members.length === 1 || readRoles.isOfMember)
      const held = isOne ? readRoles.read(claims, member) : []
      return named.map((value) => ({ ...keyOf(yields, value), roles: held }))
    })
  }
}

function createClaimedRolesReader(roles: string | RolesClaim, tenants: ClaimPath) {
  const { claim, ...words } = typeof roles === 'string' ? { claim: roles } : roles
  const readRoles = createRolesReader(words)
  const path = parseClaimPath(claim, 'roles')
  if (path.hasMembers && !tenants.hasMembers)
    throw new TypeError(`roles can have a * only where the claim of the tenants has one (got "${claim}")`)
  return {
    isOfMember: path.hasMembers,
    read: (claims: TokenClaims, of: string | undefined) => readRoles(textsOf(path.read(claims, of))),
  }
}

/** @throws WrongClaim unless the value is absent, a text or a whole number, or a list of these */
function namesOf(value: unknown): string[] {
  const names: unknown[] = Array.isArray(value) ? value : value === undefined ? [] : [value]
  return textsOf(names.map((name) => (Number.isSafeInteger(name) ? String(name) : name)))
}

const isText = (value: unknown): value is string => typeof value === 'string' && value !== ''

/** @throws WrongClaim unless the value is absent, a text or a list of texts */
function textsOf(value: unknown): string[] {
  const texts: unknown[] = value === undefined ? [] : Array.isArray(value) ? value : [value]
  if (!texts.every(isText)) throw new WrongClaim()
  return texts
}

function readBy(tenants: Extract<TenantClaims, (claims: never) => unknown>, claims: TokenClaims): ClaimedTenant[] {
  const found: unknown[] = [tenants(claims) ?? []].flat().map((one) => (typeof one === 'string' ? { id: one } : one))
  if (!found.every(isTenantKey)) throw new WrongClaim()
  return found
}
