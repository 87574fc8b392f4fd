import type { MiddlewareHandler } from 'hono'

/** The variable that {@link requestId} sets. */
export type RequestIdEnv = { Variables: { requestId: string } }

const acceptable = /^[A-Za-z0-9\-_.~]{1,128}$/

/**
 * Sets the id of a request: its `X-Request-Id` when that has 1 to 128 unreserved characters (RFC 3986, section 2.3), otherwise
 * a new UUID. An invalid id is replaced, not cleaned, since two inputs must not become the same id. The response has the id
 * in `X-Request-Id`.
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
