import type { MiddlewareHandler } from 'hono'

/** What {@link requestId} leaves in the context for everything further in. */
export type RequestIdEnv = { Variables: { requestId: string } }

const acceptable = /^[A-Za-z0-9\-_.~]{1,128}$/

/**
 * Gives every request an id: the caller's `X-Request-Id` when it is 1 to 128 unreserved characters (RFC 3986, section
 * 2.3), otherwise a fresh UUID. A bad id is replaced whole, never cleaned: two inputs must not become one id. The
 * response carries the same id.
 *
 * @example
 * app.use(requestId())
 * app.get('/', (c) => c.text(c.var.requestId))
 */
export function requestId(): MiddlewareHandler<RequestIdEnv> {
  return function requestId(c, next) {
    const given = c.req.header('X-Request-Id')
    const id = given !== undefined && acceptable.test(given) ? given : crypto.randomUUID()
    c.set('requestId', id)
    c.header('X-Request-Id', id)
    return next()
  }
}
