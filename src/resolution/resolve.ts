import type { Context } from 'hono'
import { AuthenticationFailure, type Identity, parseTenantId, type TenantId } from '../context/index.ts'
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

/** A request's tenant, and the label of the extractor that found it. */
export interface ResolvedTenant {
  tenantId: TenantId
  from: string
}

/** Creates the function that resolves the tenant of a request and checks that its caller may act for it. */
export function createTenantResolver(options: ResolverOptions) {
  const { from: extractor, directory, directoryRequired = false } = options
  return async function resolve(c: Context, identity: Identity): Promise<ResolvedTenant> {
    const selector = toSelector(await extractor.extract(c, identity))
    if (selector === undefined) throw new TenantNotFoundError('absent', extractor.label, 'FORBIDDEN', extractor.missing)
    const from = selector.from ?? extractor.label
    const wanted = parse(selector, from)
    const entry = await directory?.find(wanted)
    const id = 'id' in wanted ? wanted.id : entry?.id
    // Before the other checks, which would reveal whether another tenant exists.
    if (identity.tenants !== 'any' && !identity.tenants.some((claimed) => isSameTenant(claimed, id, entry)))
      throw new AuthenticationFailure('other-tenant', 'FORBIDDEN', 'Your credentials are not for this tenant')
    if (id === undefined || (directoryRequired && entry === undefined))
      throw new TenantNotFoundError('unknown', from, 'FORBIDDEN', 'This tenant is not known')
    if (entry?.status === 'suspended')
      throw new TenantNotFoundError('suspended', from, 'FORBIDDEN', 'This tenant is suspended')
    return { tenantId: id, from }
  }
}

function parse(selector: Selector, from: string): { id: TenantId } | { name: string } {
  if ('name' in selector) return { name: selector.name }
  const id = parseTenantId(selector.id)
  if (id === undefined) {
    const message = `${from} must be one tenant id: 8-4-4-4-12 hex digits`
    throw new TenantNotFoundError('malformed', from, 'BAD_REQUEST', message)
  }
  return { id }
}

/** Compares a claim with a tenant, by id or by name. A claim in the form of an id never matches a name. */
function isSameTenant(claimed: string, id: TenantId | undefined, entry: DirectoryEntry | undefined): boolean {
  if (id === undefined) return false
  const claimedId = parseTenantId(claimed)
  return claimedId === undefined ? claimed === entry?.slug : claimedId === id
}
