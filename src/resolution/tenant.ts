import type { Context, MiddlewareHandler } from 'hono'
import { type Authentication, AuthenticationFailure, type Identity, type TenantEnv } from '../context/index.ts'
import { type Bookmark, frozenIdentity, runInContext, setRoles, tenantIdsOf, typeOf } from '../context/internal.ts'
import { notify, type TenantListeners } from './events.ts'
import { createTenantResolver, type ResolvedTenant, type ResolverOptions, TenantNotFoundError } from './resolve.ts'
import { keepPrivate, notShareable } from './shareable.ts'

export interface TenantOptions extends ResolverOptions, TenantListeners {
  /** How callers are authenticated: `jwt`, `session`, `gateway` or `oneOf` of `rowhouse/auth`, your own, or {@link unverified} for a demo. */
  auth: Authentication
  /**
   * The routes whose responses shared caches may keep, such as a theme that everybody sees: true leaves a `Cache-Control` of the
   * handler as it is, and the response still has `Vary`. Called for responses that would be changed.
   *
   * @default no route
   * @example
   * shareable: (c) => c.req.path === '/themes'
   */
  shareable?: ((c: Context) => boolean) | undefined
}

/**
 * Resolves the tenant of a request and runs the rest of the request in its context: authenticates the caller, extracts the
 * tenant, parses its id, and checks that the caller may act for it. Responses are made private, so that no cache shares them
 * (RFC 9111, section 5.2.2), except those that `shareable` names. With a replica, a client that sends the
 * header `Bookmark` reads its own writes: first `none`, then the value of the last response.
 *
 * The handler throws ApiError: UNAUTHORIZED when the caller is not authenticated; FORBIDDEN when the tenant is absent, unknown,
 * suspended, or not one of the caller's; BAD_REQUEST when it is malformed or sent twice.
 *
 * @throws TypeError without `from` or `auth`, for an unknown type of tenant ids, when `from` reads a header that has another meaning
 *   for `auth`, and when there is no directory, but it is required or `from` or `auth` yields more than ids
 * @example
 * app.use('/tasks/*', tenant({ from: firstOf(header('X-Tenant-Id'), claim()), auth: jwt({ … }) }))
 */
export function tenant(options: TenantOptions): MiddlewareHandler<TenantEnv> {
  const { from, auth, shareable } = options
  assertComplete(options)
  const names = [...new Set([...(from.vary ?? []), ...auth.vary])]
  const vary = { names, text: names.join(', ') }
  const idType = typeOf(tenantIdsOf(options.tenantId))
  const resolve = createTenantResolver(options)

  return async function tenant(c, next) {
    c.header('Cache-Control', notShareable)
    if (names.length > 0) c.header('Vary', vary.text, { append: true })
    const requestId = c.get('requestId')
    let identity: Identity | undefined
    let resolved: ResolvedTenant
    try {
      identity = frozenIdentity(await auth.verify(c))
      c.set('identity', identity)
      resolved = await resolve(c, identity)
    } catch (error) {
      if (error instanceof AuthenticationFailure) {
        c.set('refusal', error.reason)
        notify(options, { type: 'authentication-failed', reason: error.reason, actor: identity?.actor, requestId })
      }
      if (error instanceof TenantNotFoundError) {
        c.set('refusal', `${error.reason}-tenant`)
        notify(options, { type: 'tenant-not-found', reason: error.reason, from: error.from, requestId })
      }
      throw error
    }
    const { tenantId } = resolved
    const { actor } = identity
    c.set('tenantId', tenantId)
    setRoles(c, resolved.roles)
    if (options.onTenantResolved)
      notify(options, { type: 'tenant-resolved', tenantId, actor, from: resolved.from, requestId })
    const sent = c.req.header('Bookmark')
    const bookmark: Bookmark | undefined = sent === undefined ? undefined : { sent }
    await runInContext({ tenantId, ...idType, actor, requestId, signal: c.get('signal'), bookmark }, next)
    if (bookmark?.next) c.header('Bookmark', bookmark.next)
    keepPrivate(c, vary, shareable)
  }
}

/** What the type says, for JavaScript: without it a forgotten option would let every caller in. */
function assertComplete({ from, auth, directory, directoryRequired }: Partial<TenantOptions>): void {
  if (typeof from?.extract !== 'function')
    throw new TypeError("tenant() needs from, which reads the tenant of a request, such as header('X-Tenant-Id')")
  if (typeof auth?.verify !== 'function' || !Array.isArray(auth.vary))
    throw new TypeError(
      'tenant() needs auth, which verifies callers: jwt(), session() or gateway() of rowhouse/auth, or unverified() for a demo',
    )
  const shared = from.vary?.find((name) => auth.ownHeaders?.some((own) => own.toLowerCase() === name.toLowerCase()))
  if (shared !== undefined)
    throw new TypeError(`tenant() needs another header for the tenant: ${shared} has another meaning for its auth`)
  if ((from.yields ?? 'id') !== 'id' && !directory)
    throw new TypeError(`tenant() needs a directory, because its extractor (${from.label}) yields ${from.yields}`)
  const named = auth.yields?.find((kind) => kind !== 'id')
  if (!directory && named) throw new TypeError(`tenant() needs a directory, because its auth names tenants by ${named}`)
  if (directoryRequired && !directory)
    throw new TypeError('tenant() needs a directory, because directoryRequired is true: createTenantDirectory()')
}
