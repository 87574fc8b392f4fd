import type { Context } from 'hono'
import {
  AuthenticationFailure,
  type ClaimedTenant,
  type Identity,
  parseTenantId,
  type TenantId,
  type TenantKind,
  type TenantReference,
} from '../context/index.ts'
import { globalActorOf, partsOf, referTo } from '../context/internal.ts'
import { ApiError } from '../errors/index.ts'
import type { TenantNotFound } from './events.ts'
import type { TenantExtractor } from './extractors.ts'
import { type Selector, toSelector } from './selector.ts'
import type { DirectoryEntry, TenantDirectory } from './tenant-directory.ts'

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
  /** Maps names to ids, and reports suspended tenants. */
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
  return async function resolve(c: Context, identity: Identity): Promise<ResolvedTenant> {
    const selector = toSelector(await extractor.extract(c, identity))
    if (selector === undefined) throw new TenantNotFoundError('absent', extractor.label, 'FORBIDDEN', extractor.missing)
    const from = selector.from ?? extractor.label
    const wanted = parse(selector, from)
    const find: Find = async (tenant) =>
      await directory?.find(referTo(tenant.kind, tenant.value), globalActorOf(identity))
    // Before the other checks, which would reveal whether another tenant exists.
    const found =
      identity.tenants === 'any'
        ? { ...(await findAny(wanted, find)), roles: identity.roles }
        : await findClaimed(wanted, identity.tenants, find)
    const { id, entry, roles } = found
    if (id === undefined || (directoryRequired && entry === undefined))
      throw new TenantNotFoundError('unknown', from, 'FORBIDDEN', 'This tenant is not known')
    if (entry?.status === 'suspended')
      throw new TenantNotFoundError('suspended', from, 'FORBIDDEN', 'This tenant is suspended')
    return { tenantId: id, from, roles }
  }
}

/** A tenant by one value of one kind; an id is canonical. */
type Wanted = { kind: 'id'; value: TenantId } | { kind: Exclude<TenantKind, 'id'>; value: string }
type Claimed = Wanted & { roles: readonly string[] | undefined }
type Find = (tenant: Wanted) => Promise<DirectoryEntry | undefined>
interface Found {
  id: TenantId | undefined
  entry: DirectoryEntry | undefined
}

function parse(selector: Selector, from: string): Wanted {
  const wanted = toWanted(selector)
  if (wanted) return wanted
  throw new TenantNotFoundError(
    'malformed',
    from,
    'BAD_REQUEST',
    `${from} must be one tenant id: 8-4-4-4-12 hex digits`,
  )
}

/** Returns undefined for a malformed id. */
function toWanted(reference: TenantReference): Wanted | undefined {
  const { kind, value } = partsOf(reference)
  if (kind !== 'id') return { kind, value }
  const id = parseTenantId(value)
  return id === undefined ? undefined : { kind, value: id }
}

async function findAny(wanted: Wanted, find: Find): Promise<Found> {
  const entry = await find(wanted)
  return { id: wanted.kind === 'id' ? wanted.value : entry?.id, entry }
}

/**
 * Finds a tenant among those of the caller. It looks up only those, and as many whichever other tenant the request names:
 * otherwise the time of the response would show whether that tenant exists. The roles are those of the claim that names the tenant.
 */
async function findClaimed(wanted: Wanted, claims: readonly (string | ClaimedTenant)[], find: Find) {
  const own = distinct(claims.flatMap(toClaimed))
  const same = own.find((claimed) => isSame(claimed, wanted))
  if (same && wanted.kind === 'id') return { ...(await findAny(wanted, find)), roles: same.roles }
  for (const claimed of same ? [same] : own.filter(({ kind }) => kind !== wanted.kind)) {
    const entry = await find(claimed)
    if (entry && (same || isEntryOf(wanted, entry))) return { id: entry.id, entry, roles: claimed.roles }
  }
  throw new AuthenticationFailure('other-tenant', 'FORBIDDEN', 'Your credentials are not for this tenant')
}

function toClaimed(claimed: string | ClaimedTenant): Claimed[] {
  const reference = typeof claimed === 'string' ? { id: claimed } : claimed
  const wanted = toWanted(reference)
  return wanted ? [{ ...wanted, roles: reference.roles }] : []
}

/** Without later claims of the same tenant. */
function distinct(claims: readonly Claimed[]): Claimed[] {
  const first = new Map<string, Claimed>()
  for (const claimed of claims) {
    const key = `${claimed.kind} ${claimed.value}`
    if (!first.has(key)) first.set(key, claimed)
  }
  return [...first.values()]
}

const isSame = (one: Wanted, other: Wanted): boolean => one.kind === other.kind && one.value === other.value

function isEntryOf({ kind, value }: Wanted, entry: DirectoryEntry): boolean {
  return kind === 'domain' ? entry.domains?.includes(value) === true : entry[kind] === value
}
