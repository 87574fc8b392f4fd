import type { MiddlewareHandler } from 'hono'
import {
  type Authentication,
  AuthenticationFailure,
  type Bookmark,
  type Identity,
  runInContext,
  type TenantEnv,
} from '../context/index.ts'
import { notify, type TenancyListeners } from './events.ts'
import { createResolver, NoTenant, type Resolved, type ResolverOptions } from './resolve.ts'

export interface TenantOptions extends ResolverOptions, TenancyListeners {
  /** How callers prove who they are; left out, whatever they say is believed. */
  auth?: Authentication | undefined
}

const notShareable = 'private, no-store'

/**
 * Resolves the tenant of a request: verify the caller, extract, validate, canonicalise, look whether the caller may act for
 * it, then keep it for everything the request does. Answers are marked as the tenant's own, so that no cache shares them
 * (RFC 9111, section 5.2.2). Where there is a replica, a session that sends `Bookmark` reads its own writes: `none` to begin
 * with, then what it was last given.
 *
 * The handler throws ApiError: UNAUTHORIZED when the caller is not believed; FORBIDDEN when there is no tenant, or it is unknown,
 * suspended or another than the caller's; BAD_REQUEST when it is malformed or given twice.
 *
 * @throws TypeError when `from` gives names and there is no registry
 * @example
 * app.use('/tasks/*', tenant({ from: firstOf(header('X-Tenant-Id'), claim()), auth: jwt({ … }) }))
 */
export function tenant(options: TenantOptions): MiddlewareHandler<TenantEnv> {
  const { from, auth } = options
  const vary = [...new Set([...(from.vary ?? []), ...(auth?.vary ?? [])])].join(', ')
  if (from.givesNames && !options.directory) throw new TypeError(`${from.label} gives names: tenant() needs a registry`)
  const resolve = createResolver(options)

  return async function tenant(c, next) {
    c.header('Cache-Control', notShareable)
    if (vary !== '') c.header('Vary', vary, { append: true })
    const requestId = c.get('requestId')
    let identity: Identity | undefined
    let resolved: Resolved
    try {
      if (auth) {
        identity = await auth.verify(c)
        c.set('identity', identity)
      }
      resolved = await resolve(c, identity)
    } catch (error) {
      if (error instanceof AuthenticationFailure) {
        c.set('refusal', error.reason)
        notify(options, { type: 'authentication-failed', reason: error.reason, actor: identity?.actor, requestId })
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
    if (c.res.headers.has('Cache-Control')) return
    // An answer that a handler made without its context has taken nothing from there.
    c.header('Cache-Control', notShareable)
    if (vary !== '') c.header('Vary', vary, { append: true })
  }
}
