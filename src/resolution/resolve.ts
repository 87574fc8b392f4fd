import type { Context } from 'hono'
import { AuthenticationFailure, type Identity, type TenantId, type TenantIdType } from '../context/index.ts'
import { globalActorOf, type TenantIds, tenantIdsOf } from '../context/internal.ts'
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
  /** The type of tenant ids: that of the tenant database. @default 'uuid' */
  tenantId?: TenantIdType | undefined
  /** Maps names to ids, and reports suspended tenants. */
  directory?: TenantDirectory | undefined
  /**
   * Whether ids must be in the directory too. Otherwise every well-formed id is a tenant, as without a directory.
   *
   * @default false
   */
  directoryRequired?: boolean
}

/** A request's tenant, and the label of the extractor that found it. */
export interface ResolvedTenant {
  tenantId: TenantId
  from: string
}

/** Creates the function that resolves the tenant of a request and checks that its caller may act for it. */
export function createTenantResolver(options: ResolverOptions) {
  const { from: extractor, directory, directoryRequired = false } = options
  const ids = tenantIdsOf(options.tenantId)
  return async function resolve(c: Context, identity: Identity): Promise<ResolvedTenant> {
    const selector = toSelector(await extractor.extract(c, identity, ids))
    if (selector === undefined) throw new TenantNotFoundError('absent', extractor.label, 'FORBIDDEN', extractor.missing)
    const from = selector.from ?? extractor.label
    const wanted = parse(selector, from, ids)
    const find: Find = async (tenant) => await directory?.find(tenant, globalActorOf(identity))
    // Before the other checks, which would reveal whether another tenant exists.
    const { tenants } = identity
    const { id, entry } =
      tenants === 'any' ? await findAny(wanted, find) : await findClaimed(wanted, tenants, find, ids)
    if (id === undefined || (directoryRequired && entry === undefined))
      throw new TenantNotFoundError('unknown', from, 'FORBIDDEN', 'This tenant is not known')
    if (entry?.status === 'suspended')
      throw new TenantNotFoundError('suspended', from, 'FORBIDDEN', 'This tenant is suspended')
    return { tenantId: id, from }
  }
}

type Wanted = { id: TenantId } | { name: string }
type Find = (tenant: Wanted) => Promise<DirectoryEntry | undefined>
interface Found {
  id: TenantId | undefined
  entry: DirectoryEntry | undefined
}

function parse(selector: Selector, from: string, ids: TenantIds): Wanted {
  if ('name' in selector) return { name: selector.name }
  const id = ids.parse(selector.id)
  if (id === undefined) {
    const message = `${from} must be one tenant id: ${ids.must}`
    throw new TenantNotFoundError('malformed', from, 'BAD_REQUEST', message)
  }
  return { id }
}

async function findAny(wanted: Wanted, find: Find): Promise<Found> {
  const entry = await find(wanted)
  return { id: 'id' in wanted ? wanted.id : entry?.id, entry }
}

/**
 * Finds a tenant among those of the caller. It looks up only those, and as many whichever other tenant the request names:
 * otherwise the time of the response would show whether that tenant exists. A claim in the form of an id never matches a name.
 */
async function findClaimed(wanted: Wanted, claims: readonly string[], find: Find, ids: TenantIds): Promise<Found> {
  const own = [...new Set(claims)].map((claimed) => toWanted(claimed, ids))
  const same = own.find((claimed) => isSame(claimed, wanted))
  if (same && 'id' in wanted) return await findAny(wanted, find)
  for (const claimed of same ? [same] : own.filter((claimed) => 'id' in claimed !== 'id' in wanted)) {
    const entry = await find(claimed)
    if (entry && isEntryOf(claimed, entry) && isEntryOf(wanted, entry)) return { id: entry.id, entry }
  }
  throw new AuthenticationFailure('other-tenant', 'FORBIDDEN', 'Your credentials are not for this tenant')
}

function toWanted(claimed: string, ids: TenantIds): Wanted {
  const id = ids.parse(claimed)
  return id === undefined ? { name: claimed } : { id }
}

function isSame(one: Wanted, other: Wanted): boolean {
  return 'id' in one ? 'id' in other && one.id === other.id : 'name' in other && one.name === other.name
}

function isEntryOf(wanted: Wanted, { id, slug }: DirectoryEntry): boolean {
  return 'id' in wanted ? wanted.id === id : wanted.name === slug
}
