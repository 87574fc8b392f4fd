import type { MiddlewareHandler } from 'hono'

/** Answers HEAD with the length that GET would have (RFC 9110, section 8.6); without it Bun would say 0. */
export const headLength: MiddlewareHandler = async (c, next) => {
  await next()
  if (c.req.method === 'HEAD' && c.res.body) c.header('Content-Length', String((await c.res.arrayBuffer()).byteLength))
}
