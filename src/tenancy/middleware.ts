import type { Context, MiddlewareHandler } from 'hono'
import { ApiError } from '../errors/index.ts'
import type { Bookmark } from './bookmark.ts'
import { runInContext } from './context.ts'
import { notify, type TenancyListeners, type TenantNotFound } from './events.ts'
import type { Selector, TenantExtractor } from './extractors.ts'
import type { RegisteredTenant, TenantRegistry } from './registry.ts'
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
    if (vary !== '') c.header('Vary', vary)
    const requestId = c.get('requestId')
    let identity: Identity | undefined
    let tenantId: TenantId
    try {
      if (trust) {
        identity = await trust.verify(c)
        c.set('identity', identity)
      }
      tenantId = await resolve(c, identity)
    } catch (error) {
      if (error instanceof TrustFailure) {
        c.set('refusal', error.reason)
        notify(options, { type: 'trust-failed', reason: error.reason, actor: identity?.actor, requestId })
      }
      if (error instanceof NoTenant) {
        c.set('refusal', `${error.reason}-tenant`)
        notify(options, { type: 'tenant-not-found', reason: error.reason, from: from.label, requestId })
      }
      throw error
    }
    const actor = identity?.actor
    c.set('tenantId', tenantId)
    if (options.onTenantResolved)
      notify(options, { type: 'tenant-resolved', tenantId, actor, from: from.label, requestId })
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
    code: 'FORBIDDEN' | 'BAD_REQUEST',
    message: string,
  ) {
    super(code, message)
  }
}

/** Makes what finds out the tenant of a request, and whether its caller may act for it. */
function createResolver({ from, registry, registryRequired = false }: TenantOptions) {
  return async function resolve(c: Context, identity: Identity | undefined): Promise<TenantId> {
    const found = await from.extract(c, identity)
    if (found === undefined || found === '') throw new NoTenant('absent', 'FORBIDDEN', from.missing)
    const wanted = parse(typeof found === 'string' ? { id: found } : found)
    if ('name' in wanted && !registry) throw new TypeError(`${from.label} gives names: tenant() needs a registry`)
    const known = await registry?.find(wanted)
    const id = 'id' in wanted ? wanted.id : known?.id
    // First, so that nobody hears of others' tenants whether they exist.
    if (identity?.tenants && !identity.tenants.some((claimed) => isSame(claimed, id, known)))
      throw new TrustFailure('other-tenant', 'FORBIDDEN', 'Your credentials are not for this tenant')
    if (id === undefined || (registryRequired && known === undefined))
      throw new NoTenant('unknown', 'FORBIDDEN', 'This tenant is not known')
    if (known?.status === 'suspended') throw new NoTenant('suspended', 'FORBIDDEN', 'This tenant is suspended')
    return id
  }

  function parse(selector: Selector): { id: TenantId } | { name: string } {
    if ('name' in selector) return selector
    const id = parseTenantId(selector.id)
    if (id === undefined)
      throw new NoTenant('malformed', 'BAD_REQUEST', `${from.label} must be one tenant id: 8-4-4-4-12 hex digits`)
    return { id }
  }
}

/** Whether a claim says this tenant, by its id or by its name. */
const isSame = (claimed: string, id: TenantId | undefined, known: RegisteredTenant | undefined): boolean =>
  id !== undefined && (parseTenantId(claimed) === id || claimed === known?.slug)
