import type { Context, MiddlewareHandler } from 'hono'
import { ApiError } from '../errors/index.ts'
import type { Bookmark } from './bookmark.ts'
import { runInContext } from './context.ts'
import { parseTenantId, type TenantId } from './tenant-id.ts'

/** What {@link tenant} leaves in the context, and what it takes from there when it is set. */
export type TenantEnv = { Variables: { tenantId: TenantId; requestId?: string; signal?: AbortSignal } }

/** Where a request says which tenant it is for. `label` names the place in error messages. */
export interface TenantExtractor {
  label: string
  extract: (c: Context) => string | undefined
}

/**
 * Takes the tenant from a request header. The header alone proves nothing: whoever can reach the service can send it.
 *
 * @example
 * app.use('/tasks/*', tenant({ from: header('X-Tenant-Id') }))
 */
export function header(name: string): TenantExtractor {
  if (!/^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/.test(name)) throw new TypeError(`"${name}" is not a header's name`)
  return { label: name, extract: (c) => c.req.header(name) }
}

/**
 * Resolves the tenant of a request: extract, validate, canonicalise, then keep it for everything the request does. It
 * sends no SQL. Answers are marked as the tenant's own, so that no cache shares them (RFC 9111, section 5.2.2). Where there
 * is a replica, a session that sends `Bookmark` reads its own writes: `none` to begin with, then what it was last given.
 *
 * @param options `from`: where the tenant stands, for example {@link header}
 * @throws ApiError FORBIDDEN when there is no tenant, BAD_REQUEST when it is malformed or given twice
 */
export function tenant(options: { from: TenantExtractor }): MiddlewareHandler<TenantEnv> {
  const { label, extract } = options.from
  return async function tenant(c, next) {
    c.header('Cache-Control', 'private, no-store')
    c.header('Vary', label)
    const value = extract(c)
    if (value === undefined || value === '')
      throw new ApiError('FORBIDDEN', `Tenant header is required: send ${label} with your tenant's id`)
    const tenantId = parseTenantId(value)
    if (tenantId === undefined)
      throw new ApiError('BAD_REQUEST', `${label} must be one tenant id: 8-4-4-4-12 hex digits`)
    c.set('tenantId', tenantId)
    const requestId = c.get('requestId')
    const signal = c.get('signal')
    const sent = c.req.header('Bookmark')
    const bookmark: Bookmark | undefined = sent === undefined ? undefined : { sent }
    await runInContext({ tenantId, requestId, signal, bookmark }, next)
    if (bookmark?.next) c.header('Bookmark', bookmark.next)
  }
}
