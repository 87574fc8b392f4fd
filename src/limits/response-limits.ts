import type { MiddlewareHandler } from 'hono'
import type { TenantEnv } from '../context/index.ts'
import type { LargeResponseEnv } from '../envelope/index.ts'
import { assertWholeNumber } from '../text/index.ts'
import { type ByteBudget, holdersOf } from './byte-budget.ts'
import { pacedBody } from './paced-body.ts'

export interface ResponseLimitsOptions {
  /** Counts large responses until they are sent. */
  budget: ByteBudget
  /**
   * How long a client may read nothing of a large response before it is cut off, in milliseconds. One that reads less than 64 KB a
   * second is cut off too.
   *
   * @default 15000
   */
  stallMs?: number
}

/**
 * Sends large responses of {@link ok} in slices, as fast as the client reads them, and limits their bytes for each tenant, each actor
 * and the process until they are sent. A response that does not fit is refused and never cut. Use it after `tenantLimits`, so
 * that requests that wait are admitted when it is their turn.
 *
 * @throws TypeError at construction, when `stallMs` is not a whole number of at least 1. The handler throws ApiError TOO_MANY_REQUESTS
 *   for a tenant or an actor that has used its share, SERVICE_UNAVAILABLE when the process has no room; TenantRequired without a tenant
 * @example
 * app.use('/tasks/*', responseLimits({ budget: new ByteBudget({ totalBytes: 33_554_432 }) }))
 */
export function responseLimits({
  budget,
  stallMs = 15_000,
}: ResponseLimitsOptions): MiddlewareHandler<TenantEnv & LargeResponseEnv> {
  assertWholeNumber('stallMs', stallMs)

  return function responseLimits(c, next) {
    const holders = holdersOf(c)
    // Before the work: a page that is refused after it was read has cost the same.
    budget.admit(holders)
    const { method } = c.req
    // A write is committed before its response is counted: it must be answered.
    const anyway = method !== 'GET' && method !== 'HEAD'
    const signal = c.get('signal')
    c.set('sendLarge', (bytes, slices) => {
      signal?.throwIfAborted() // nobody would read it
      // The body of an answer to HEAD is dropped.
      const hold = budget.hold(holders, method === 'HEAD' ? 0 : bytes, { anyway })
      return pacedBody(slices, bytes, hold, { stallMs, signal })
    })
    return next()
  }
}
