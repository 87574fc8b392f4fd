import type { MiddlewareHandler } from 'hono'
import { ApiError } from '../errors/index.ts'

/** Refuses a malformed Host (RFC 9112, section 3.2): Bun builds the URL from it, so that `x/..` would bend the path. */
export const refuseMalformedHost: MiddlewareHandler = async (c, next) => {
  const host = c.req.header('Host')
  if (host !== undefined && !/^([A-Za-z0-9._~-]+|\[[0-9A-Fa-f:.]+\])(:\d{1,5})?$/.test(host))
    throw new ApiError('BAD_REQUEST', 'The Host header is malformed')
  await next()
}
