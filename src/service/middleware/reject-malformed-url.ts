import type { MiddlewareHandler } from 'hono'
import { ApiError } from '../../errors/index.ts'
import { isHost } from '../../text/index.ts'

const credentials = /^[^:]+:\/\/[^/?#]*@/

/**
 * Rejects a malformed Host or target (RFC 9112, section 3.2). Bun builds the URL from the Host, so that `x/..` would change
 * the path; Node fails only when the body is read.
 */
export const rejectMalformedUrl: MiddlewareHandler = (c, next) => {
  const given = c.req.header('Host')
  const { url } = c.req
  if ((given !== undefined && !isHost(given)) || !URL.canParse(url) || credentials.test(url))
    // The body stays unread: its bytes must not be taken for the next request.
    throw new ApiError('BAD_REQUEST', 'The Host or the target is malformed', { headers: { Connection: 'close' } })
  return next()
}
