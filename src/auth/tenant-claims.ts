import type { ClaimedTenant, TenantKind } from '../context/index.ts'
import { assertKind, isReference, referTo } from '../context/internal.ts'
import { claimAt } from './claim-path.ts'

/** The claims of a verified token. */
export type TokenClaims = Readonly<Record<string, unknown>>

/** A claim with the caller's roles in one tenant. */
export interface RolesClaim {
  /** The claim with the role, or the list of roles: a name, or a JSON pointer (RFC 6901) when it begins with `/`. */
  readonly claim: string
  /**
   * The values that mean an owner.
   *
   * @default ['owner']
   */
  readonly owner?: readonly string[] | undefined
  /**
   * The values that mean a member. All other values give no role.
   *
   * @default ['member']
   */
  readonly member?: readonly string[] | undefined
}

/** A claim with the caller's tenants. */
export interface TenantClaim {
  /** The claim with the tenant, or the list of tenants: a name, or a JSON pointer (RFC 6901) when it begins with `/`. */
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

/** Where a token names the caller's tenants: the name of a claim with ids, claims, or a function. */
export type TenantClaims =
  | string
  | TenantClaim
  | readonly TenantClaim[]
  | ((claims: TokenClaims) => ClaimedTenant | readonly ClaimedTenant[] | undefined)

/** A claim has a wrong type. It holds no value. */
export class WrongClaim extends Error {}

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
  const tenantsAt = claimAt(claim, 'tenants')
  const kind = assertKind(yields)
  const readRoles =
    roles === undefined ? undefined : createRolesReader(typeof roles === 'string' ? { claim: roles } : roles)
  return (claims) => {
    const named = textsOf(tenantsAt(claims))
    if (readRoles === undefined) return named.map((value) => referTo(kind, value))
    // The roles of one claim cannot say in which of several tenants they count.
    const held = named.length === 1 ? readRoles(claims) : []
    return named.map((value) => ({ ...referTo(kind, value), roles: held }))
  }
}

function createRolesReader({ claim, owner = ['owner'], member = ['member'] }: RolesClaim) {
  const rolesAt = claimAt(claim, 'roles')
  return (claims: TokenClaims): string[] => {
    const given = textsOf(rolesAt(claims))
    const has = (values: readonly string[]) => given.some((role) => values.includes(role))
    return [...(has(owner) ? ['owner'] : []), ...(has(member) ? ['member'] : [])]
  }
}

const isText = (value: unknown): value is string => typeof value === 'string' && value !== ''

/** @throws WrongClaim unless the value is absent, a text or a list of texts */
function textsOf(value: unknown): string[] {
  const texts: unknown[] = value === undefined ? [] : Array.isArray(value) ? value : [value]
  if (!texts.every(isText)) throw new WrongClaim()
  return texts
}

function readBy(tenants: Extract<TenantClaims, (claims: never) => unknown>, claims: TokenClaims): ClaimedTenant[] {
  const found: unknown[] = [tenants(claims) ?? []].flat()
  if (!found.every(isReference)) throw new WrongClaim()
  return found
}
