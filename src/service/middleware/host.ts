import type { MiddlewareHandler } from 'hono'
import { ApiError } from '../../errors/index.ts'

const host = /^([A-Za-z0-9._~-]+|\[[0-9A-Fa-f:.]+\])(:\d{1,5})?$/
const credentials = /^[^:]+:\/\/[^/?#]*@/

/**
 * Refuses a malformed Host or target (RFC 9112, section 3.2): Bun builds the URL from it, so that `x/..` would bend the
 * path, and Node fails on it only when the body is asked for.
 */
export const refuseMalformedUrl: MiddlewareHandler = (c, next) => {
  const given = c.req.header('Host')
  const { url } = c.req
  if ((given !== undefined && !host.test(given)) || !URL.canParse(url) || credentials.test(url))
    // The body is not read: no request may follow it on this connection.
    throw new ApiError('BAD_REQUEST', 'The Host or the target is malformed', { headers: { Connection: 'close' } })
  return next()
}
