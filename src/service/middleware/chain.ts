import type { MiddlewareHandler } from 'hono'

/**
 * Joins middleware into one, in this order. Hono runs each of its middlewares with a promise and a handler of errors of its own; a
 * chain has one of each. An error that is thrown in a chain becomes a response behind the whole chain: middleware that reads the
 * responses of errors belongs before the chain. Each of the middlewares calls `next` or throws, and returns no response.
 *
 * @example
 * app.use(chain(requestId(), accessLog({ log })))
 */
export const chain = (...middleware: MiddlewareHandler[]): MiddlewareHandler =>
  middleware.reduceRight(
    (inner, outer) => (c, next) => outer(c, () => inner(c, next) as Promise<void>), // it returns no response
  )
