import type { Context, MiddlewareHandler } from 'hono'
import { ApiError } from '../errors/index.ts'
import type { Bookmark } from './bookmark.ts'
import { runInContext } from './context.ts'
import { notify, type TenancyListeners, type TenantNotFound } from './events.ts'
import type { TenantExtractor } from './extractors.ts'
import type { RegisteredTenant, TenantRegistry } from './registry.ts'
import { asSelector, type Selector } from './selector.ts'
import { parseTenantId, type TenantId } from './tenant-id.ts'
import { type Identity, type Trust, TrustFailure } from './trust.ts'

/** What {@link tenant} leaves in the context, and what it takes from there when it is set. */
export type TenantEnv = {
  Variables: {
    tenantId: TenantId
    /** What was verified of the caller, where anything was. */
    identity?: Identity
    /** Why the tenant of a request was refused, for the log. */
    refusal?: string
    requestId?: string
    signal?: AbortSignal
  }
}

export interface TenantOptions extends TenancyListeners {
  /** Where the tenant stands, for example {@link header}. */
  from: TenantExtractor
  /** How callers prove who they are; left out, whatever they say is believed. */
  trust?: Trust | undefined
  /** Maps names to ids, and knows who is suspended. */
  registry?: TenantRegistry | undefined
  /** Whether ids have to be in the registry too. Otherwise any well-formed id is a tenant, as without a registry. */
  registryRequired?: boolean
}

/**
 * Resolves the tenant of a request: verify the caller, extract, validate, canonicalise, look whether the caller may act for
 * it, then keep it for everything the request does. Answers are marked as the tenant's own, so that no cache shares them
 * (RFC 9111, section 5.2.2). Where there is a replica, a session that sends `Bookmark` reads its own writes: `none` to begin
 * with, then what it was last given.
 *
 * @throws ApiError UNAUTHORIZED when the caller is not believed; FORBIDDEN when there is no tenant, or it is unknown, suspended
 *   or another than the caller's; BAD_REQUEST when it is malformed or given twice
 * @example
 * app.use('/tasks/*', tenant({ from: firstOf(header('X-Tenant-Id'), claim()), trust: jwt({ … }) }))
 */
export function tenant(options: TenantOptions): MiddlewareHandler<TenantEnv> {
  const { from, trust } = options
  const vary = [...new Set([...(from.vary ?? []), ...(trust?.vary ?? [])])].join(', ')
  const resolve = createResolver(options)

  return async function tenant(c, next) {
    c.header('Cache-Control', 'private, no-store')
    if (vary !== '') c.header('Vary', vary, { append: true })
    const requestId = c.get('requestId')
    let identity: Identity | undefined
    let resolved: Resolved
    try {
      if (trust) {
        identity = await trust.verify(c)
        c.set('identity', identity)
      }
      resolved = await resolve(c, identity)
    } catch (error) {
      if (error instanceof TrustFailure) {
        c.set('refusal', error.reason)
        notify(options, { type: 'trust-failed', reason: error.reason, actor: identity?.actor, requestId })
      }
      if (error instanceof NoTenant) {
        c.set('refusal', `${error.reason}-tenant`)
        notify(options, { type: 'tenant-not-found', reason: error.reason, from: error.from, requestId })
      }
      throw error
    }
    const { tenantId } = resolved
    const actor = identity?.actor
    c.set('tenantId', tenantId)
    if (options.onTenantResolved)
      notify(options, { type: 'tenant-resolved', tenantId, actor, from: resolved.from, requestId })
    const sent = c.req.header('Bookmark')
    const bookmark: Bookmark | undefined = sent === undefined ? undefined : { sent }
    await runInContext({ tenantId, actor, requestId, signal: c.get('signal'), bookmark }, next)
    if (bookmark?.next) c.header('Bookmark', bookmark.next)
  }
}

/** There is no tenant that the request could be for. */
class NoTenant extends ApiError {
  constructor(
    readonly reason: TenantNotFound['reason'],
    readonly from: string,
    code: 'FORBIDDEN' | 'BAD_REQUEST',
    message: string,
  ) {
    super(code, message)
  }
}

/** A request's tenant, and the label of the place that named it. */
interface Resolved {
  tenantId: TenantId
  from: string
}

/** Makes what finds out the tenant of a request, and whether its caller may act for it. */
function createResolver({ from: extractor, registry, registryRequired = false }: TenantOptions) {
  return async function resolve(c: Context, identity: Identity | undefined): Promise<Resolved> {
    const found = asSelector(await extractor.extract(c, identity))
    if (found === undefined) throw new NoTenant('absent', extractor.label, 'FORBIDDEN', extractor.missing)
    const from = found.from ?? extractor.label
    const wanted = parse(found, from)
    if ('name' in wanted && !registry) throw new TypeError(`${from} gives names: tenant() needs a registry`)
    const known = await registry?.find(wanted)
    const id = 'id' in wanted ? wanted.id : known?.id
    // First, so that nobody hears of others' tenants whether they exist.
    if (identity?.tenants && !identity.tenants.some((claimed) => isSame(claimed, id, known)))
      throw new TrustFailure('other-tenant', 'FORBIDDEN', 'Your credentials are not for this tenant')
    if (id === undefined || (registryRequired && known === undefined))
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
function isSame(claimed: string, id: TenantId | undefined, known: RegisteredTenant | undefined): boolean {
  if (id === undefined) return false
  const claimedId = parseTenantId(claimed)
  return claimedId === undefined ? claimed === known?.slug : claimedId === id
}
