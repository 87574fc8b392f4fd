import type { MiddlewareHandler } from 'hono'
import { isRequestId } from '../text/index.ts'

/** What {@link requestId} sets in Hono's context. */
export type RequestIdEnv = { Variables: { requestId: string } }

/**
 * Gives every request an id: the caller's `X-Request-Id` when it is 1 to 128 unreserved characters (RFC 3986, section
 * 2.3), otherwise a fresh UUID. An invalid id is replaced, never cleaned: two inputs must not become one id.
 * The response has the same id in `X-Request-Id`.
 *
 * @example
 * app.use(requestId())
 * app.get('/', (c) => c.text(c.var.requestId))
 */
export function requestId(): MiddlewareHandler<RequestIdEnv> {
  return function requestId(c, next) {
    const given = c.req.header('X-Request-Id')
    const id = isRequestId(given) ? given : crypto.randomUUID()
    c.set('requestId', id)
    c.header('X-Request-Id', id)
    return next()
  }
}
