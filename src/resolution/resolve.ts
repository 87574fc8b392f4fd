import type { Context } from 'hono'
import { AuthenticationFailure, type Identity, parseTenantId, type TenantId } from '../context/index.ts'
import { ApiError } from '../errors/index.ts'
import type { TenantNotFound } from './events.ts'
import type { TenantExtractor } from './extractors.ts'
import { asSelector, type Selector } from './selector.ts'
import type { DirectoryEntry, TenantDirectory } from './tenant-directory.ts'

/** There is no tenant that the request could be for. */
export class NoTenant extends ApiError {
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
  /** Where the tenant stands, for example {@link header}. */
  from: TenantExtractor
  /** Maps names to ids, and knows who is suspended. */
  directory?: TenantDirectory | undefined
  /** Whether ids have to be in the registry too. Otherwise any well-formed id is a tenant, as without a directory. */
  directoryRequired?: boolean
}

/** A request's tenant, and the label of the place that named it. */
export interface Resolved {
  tenantId: TenantId
  from: string
}

/** Makes what finds out the tenant of a request, and whether its caller may act for it. */
export function createResolver(options: ResolverOptions) {
  const { from: extractor, directory, directoryRequired = false } = options
  return async function resolve(c: Context, identity: Identity | undefined): Promise<Resolved> {
    const found = asSelector(await extractor.extract(c, identity))
    if (found === undefined) throw new NoTenant('absent', extractor.label, 'FORBIDDEN', extractor.missing)
    const from = found.from ?? extractor.label
    const wanted = parse(found, from)
    const known = await directory?.find(wanted)
    const id = 'id' in wanted ? wanted.id : known?.id
    // First, so that nobody hears of others' tenants whether they exist.
    if (identity?.tenants && !identity.tenants.some((claimed) => isSame(claimed, id, known)))
      throw new AuthenticationFailure('other-tenant', 'FORBIDDEN', 'Your credentials are not for this tenant')
    if (id === undefined || (directoryRequired && known === undefined))
      throw new NoTenant('unknown', from, 'FORBIDDEN', 'This tenant is not known')
    if (known?.status === 'suspended') throw new NoTenant('suspended', from, 'FORBIDDEN', 'This tenant is suspended')
    return { tenantId: id, from }
  }
}

function parse(selector: Selector, from: string): { id: TenantId } | { name: string } {
  if ('name' in selector) return { name: selector.name }
  const id = parseTenantId(selector.id)
  if (id === undefined)
    throw new NoTenant('malformed', from, 'BAD_REQUEST', `${from} must be one tenant id: 8-4-4-4-12 hex digits`)
  return { id }
}

/** Whether a claim says this tenant, by its id or by its name. A claim in the form of an id is no other tenant's name. */
function isSame(claimed: string, id: TenantId | undefined, known: DirectoryEntry | undefined): boolean {
  if (id === undefined) return false
  const claimedId = parseTenantId(claimed)
  return claimedId === undefined ? claimed === known?.slug : claimedId === id
}
