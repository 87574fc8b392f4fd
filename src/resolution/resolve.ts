import type { Context } from 'hono'
import {
  AuthenticationFailure,
  type ClaimedTenant,
  type Identity,
  type TenantId,
  type TenantIdType,
  type TenantKey,
} from '../context/index.ts'
import { globalActorOf, partsOf, type TenantIds, tenantIdsOf } from '../context/internal.ts'
import { ApiError } from '../errors/index.ts'
import type { TenantNotFound } from './events.ts'
import type { TenantExtractor } from './extractors.ts'
import { type Selector, toSelector } from './selector.ts'
import type { DirectoryEntry, TenantDirectory } from './tenant-directory.ts'
import { parseTenantKey } from './tenant-keys.ts'

/** The request names no tenant, or one that is not served. */
export class TenantNotFoundError extends ApiError {
  constructor(
    readonly reason: TenantNotFound['reason'],
    readonly from: string,
    code: 'FORBIDDEN' | 'BAD_REQUEST',
    message: string,
  ) {
    super(code, message)
  }
}

export interface ResolverOptions {
  /** Reads the tenant from the request, for example {@link header}. */
  from: TenantExtractor
  /** The type of tenant ids: that of the tenant database. @default 'uuid' */
  tenantId?: TenantIdType | undefined
  /** Maps slugs, external ids and domains to ids, and reports suspended tenants. */
  directory?: TenantDirectory | undefined
  /**
   * Whether ids must be in the directory too. Otherwise every well-formed id is a tenant, as without a directory.
   *
   * @default false
   */
  directoryRequired?: boolean
}

/** A request's tenant, the label of the extractor that found it, and the caller's roles in it. */
export interface ResolvedTenant {
  tenantId: TenantId
  from: string
  roles: readonly string[] | undefined
}

/** Creates the function that resolves the tenant of a request and checks that its caller may act for it. */
export function createTenantResolver(options: ResolverOptions) {
  const { from: extractor, directory, directoryRequired = false } = options
  const ids = tenantIdsOf(options.tenantId)
  const claimsOf = createClaimsReader(directory, ids)
  return async function resolve(c: Context, identity: Identity): Promise<ResolvedTenant> {
    const selector = toSelector(await extractor.extract(c, identity), extractor.yields)
    if (selector === undefined) throw new TenantNotFoundError('absent', extractor.label, 'FORBIDDEN', extractor.missing)
    const from = selector.from ?? extractor.label
    const wanted = parse(selector, from, ids)
    const find: Find = async (tenant) => await directory?.find(tenant, globalActorOf(identity))
    // Before the other checks, which would reveal whether another tenant exists.
    const { id, entry, roles } =
      identity.tenants === 'any'
        ? { ...(await findAny(wanted, find, ids)), roles: identity.roles }
        : await findClaimed(wanted, claimsOf(identity, identity.tenants), find, ids)
    if (id === undefined || (directoryRequired && entry === undefined))
      throw new TenantNotFoundError('unknown', from, 'FORBIDDEN', 'This tenant is not known')
    if (entry?.status === 'suspended')
      throw new TenantNotFoundError('suspended', from, 'FORBIDDEN', 'This tenant is suspended')
    return { tenantId: id, from, roles }
  }
}

type Find = (tenant: TenantKey) => Promise<DirectoryEntry | undefined>
interface Found {
  id: TenantId | undefined
  entry: DirectoryEntry | undefined
}

/** The canonical form of a selector. What can be no name of any tenant stays as it is: nothing equals it. */
function parse({ from: _, ...selector }: Selector, from: string, ids: TenantIds): TenantKey {
  const key = parseTenantKey(selector, ids.parse)
  if (key === undefined && 'id' in selector) {
    const message = `${from} must be one tenant id: ${ids.must}`
    throw new TenantNotFoundError('malformed', from, 'BAD_REQUEST', message)
  }
  return key ?? selector
}

async function findAny(wanted: TenantKey, find: Find, ids: TenantIds): Promise<Found> {
  const entry = await find(wanted)
  return { id: 'id' in wanted ? ids.parse(wanted.id) : entry?.id, entry }
}

/**
 * Finds a tenant among those of the caller. It looks up only those, and as many whichever other tenant the request names:
 * otherwise the time of the response would show whether that tenant exists. Values of two kinds are compared in the entry of the caller's
 * own tenant, and never with one another. The roles are those of the first claim that names the tenant that was found: the request
 * chooses how it names the tenant, and must not choose the roles.
 */
async function findClaimed(
  wanted: TenantKey,
  own: readonly Claim[],
  find: Find,
  ids: TenantIds,
): Promise<Found & Pick<Claim, 'roles'>> {
  const found = await findOwn(wanted, own, find, ids)
  const claim = found && own.find(({ key }) => isNameOf(key, found))
  if (claim) return { ...found, roles: claim.roles }
  throw new AuthenticationFailure('other-tenant', 'FORBIDDEN', 'Your credentials are not for this tenant')
}

async function findOwn(
  wanted: TenantKey,
  own: readonly Claim[],
  find: Find,
  ids: TenantIds,
): Promise<Found | undefined> {
  const same = own.find(({ key }) => isSame(key, wanted))
  if (same && 'id' in wanted) return await findAny(wanted, find, ids)
  for (const { key } of same ? [same] : own.filter(({ key }) => partsOf(key).kind !== partsOf(wanted).kind)) {
    const entry = await find(key)
    if (entry && isEntryOf(key, entry) && isEntryOf(wanted, entry)) return { id: entry.id, entry }
  }
  return undefined
}

/** A tenant of the caller's credentials, in its canonical form. */
interface Claim {
  readonly key: TenantKey
  readonly roles: readonly string[] | undefined
}

/** Creates the function that reads the claims of an identity. */
function createClaimsReader(directory: TenantDirectory | undefined, ids: TenantIds) {
  // Identities are frozen, and one of a remembered token comes with many requests.
  const known = new WeakMap<Identity, Claim[]>()
  return (identity: Identity, tenants: readonly (string | ClaimedTenant)[]): readonly Claim[] => {
    const claims = known.get(identity) ?? toClaims(tenants, ids)
    const named = directory ? undefined : claims.find(({ key }) => !('id' in key))
    if (named)
      throw new TypeError(
        `tenant() needs a directory, because the credentials name a tenant by ${partsOf(named.key).kind}`,
      )
    known.set(identity, claims)
    return claims
  }
}

/** The claims without those that no tenant can have, and of several claims of one tenant the first. */
function toClaims(tenants: readonly (string | ClaimedTenant)[], ids: TenantIds): Claim[] {
  const claims = new Map<string, Claim>()
  for (const tenant of tenants) {
    const claimed = typeof tenant === 'string' ? { id: tenant } : tenant
    const key = parseTenantKey(claimed, ids.parse)
    const { kind, value } = partsOf(key ?? claimed)
    const text = `${kind} ${value}`
    if (key && !claims.has(text)) claims.set(text, { key, roles: claimed.roles })
  }
  return [...claims.values()]
}

function isSame(one: TenantKey, other: TenantKey): boolean {
  const [a, b] = [partsOf(one), partsOf(other)]
  return a.kind === b.kind && a.value === b.value
}

/** Whether a key names the tenant that was found. One without an entry in the directory has no name but its id. */
const isNameOf = (key: TenantKey, { id, entry }: Found): boolean =>
  'id' in key ? key.id === id : entry !== undefined && isEntryOf(key, entry)

function isEntryOf(key: TenantKey, { id, slug, externalId, domains = [] }: DirectoryEntry): boolean {
  if ('id' in key) return key.id === id
  if ('slug' in key) return key.slug === slug
  return 'externalId' in key ? key.externalId === externalId : domains.includes(key.domain)
}
