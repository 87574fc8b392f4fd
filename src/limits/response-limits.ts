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
   * How long a client may read nothing of a large response before it is cut off, in milliseconds.
   *
   * @default 15000
   */
  stallMs?: number
}

/**
 * Sends large responses of {@link ok} in slices, as fast as the client reads them, and limits their bytes for each tenant, each actor
 * and the process until they are sent. A response is never cut: one that does not fit is refused. Use it after `tenantLimits`, so
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

  return async function responseLimits(c, next) {
    const holders = holdersOf(c)
    // Before the work: a page that is refused after it was read has cost the same.
    budget.admit(holders)
    // A write is committed before its response is counted: it must be answered.
    const anyway = c.req.method !== 'GET' && c.req.method !== 'HEAD'
    c.set('sendLarge', (bytes, slices) => pacedBody(slices, budget.hold(holders, bytes, { anyway }), stallMs))
    await next()
  }
}
