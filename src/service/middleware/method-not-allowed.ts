import type { OpenAPIHono } from '@hono/zod-openapi'
import type { NotFoundHandler } from 'hono'
import { ApiError, notFound } from '../../errors/index.ts'

/**
 * Answers a request that matches no route: 405 with `Allow` when the path has other methods (RFC 9110, section 15.5.6),
 * else 404.
 *
 * @example
 * app.notFound(methodNotAllowed(app))
 */
export function methodNotAllowed(app: OpenAPIHono): NotFoundHandler {
  const methodsOf = (path: string) =>
    [...new Set(app.routes.map(({ method }) => method))]
      .filter((method) => app.router.match(method, path)[0].some(([[, route]]) => route.method !== 'ALL'))
      .flatMap((method) => (method === 'GET' ? ['GET', 'HEAD'] : [method]))

  return function methodNotAllowed(c) {
    const methods = methodsOf(c.req.path)
    if (methods.length === 0 || methods.includes(c.req.method)) return notFound(c)
    throw new ApiError('METHOD_NOT_ALLOWED', undefined, { headers: { Allow: methods.join(', ') } })
  }
}
