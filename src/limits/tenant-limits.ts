import type { MiddlewareHandler } from 'hono'
import { type TenantEnv, TenantRequired } from '../context/index.ts'
import { globalActorOf } from '../context/internal.ts'
import { Bulkhead, type Concurrency } from './bulkhead.ts'
import { RateLimit, type RateOptions, rateExceeded } from './rate-limit.ts'

export interface TenantLimitsOptions {
  /**
   * How many requests of a tenant run at the same time in this process. `actorMax` limits those of one actor in the same way, over
   * all the tenants that it may act for: a token's `iss` and `sub`. Other actors may be different people in different tenants.
   */
  concurrency?: (Concurrency & { actorMax?: number | undefined }) | undefined
  /** How many requests a tenant may send in a window of time. */
  rate?: RateOptions | undefined
}

/**
 * Limits the requests of each tenant separately, first by rate, then by concurrency. Use it after the `tenant` middleware,
 * which verifies the tenant.
 *
 * With a rate, every answer, errors included, has the headers `RateLimit-Limit`, `RateLimit-Remaining`, `RateLimit-Reset`
 * (seconds until the quota is full again) and `RateLimit-Policy` (draft-ietf-httpapi-ratelimit-headers-06). When the rate's
 * store fails, requests are allowed without these headers, and `onStoreError` is called. The concurrency limit still applies.
 *
 * A waiting request leaves the queue when the context's `signal` aborts. A running one keeps its slot until its handler has
 * ended, even when its client has disconnected.
 *
 * @param options `concurrency`: `max` at the same time, `queueMax` more that wait, `actorMax`; `rate`: `limit` in `windowSeconds`, `store`
 * @throws TypeError at construction, when a number is invalid or there is neither `concurrency` nor `rate`. The handler throws
 *   ApiError TOO_MANY_REQUESTS with `Retry-After` in seconds, and TenantRequired without a tenant
 * @example
 * app.use('/tasks/*', tenant({ from: header('X-Tenant-Id'), auth }))
 * app.use('/tasks/*', tenantLimits({ concurrency: { max: 8, queueMax: 32 }, rate: { limit: 600, windowSeconds: 60 } }))
 */
export function tenantLimits(options: TenantLimitsOptions): MiddlewareHandler<TenantEnv> {
  const rate = options.rate && new RateLimit(options.rate)
  const { concurrency } = options
  const tenants = concurrency && new Bulkhead(concurrency)
  const actors =
    concurrency?.actorMax === undefined
      ? undefined
      : new Bulkhead({ max: concurrency.actorMax, queueMax: concurrency.queueMax })
  if (!rate && !tenants) throw new TypeError('tenantLimits() needs concurrency, rate or both')

  return async function tenantLimits(c, next) {
    const tenantId = c.get('tenantId')
    if (tenantId === undefined) throw new TenantRequired()
    const taking = rate?.take(tenantId)
    const decision = taking && 'then' in taking ? await taking : taking
    // Set before the handler, so that an error and an aborted request have the headers too.
    if (decision) rate?.setHeaders(c, decision)
    if (decision?.allowed === false) throw rateExceeded(decision)
    const signal = c.get('signal')
    const actor = globalActorOf(c.get('identity'))
    // In this order for every request: a request that waits for its tenant's slot may hold its actor's, never the other way round.
    const ofActor = actor === undefined ? undefined : actors?.slotsOf(actor)
    if (ofActor && !ofActor.take()) await ofActor.wait(signal)
    try {
      const ofTenant = tenants?.slotsOf(tenantId)
      if (ofTenant && !ofTenant.take()) await ofTenant.wait(signal)
      try {
        signal?.throwIfAborted() // the slot and the abort may come at the same time
        await next()
      } finally {
        ofTenant?.release()
      }
    } finally {
      ofActor?.release()
    }
    // A response that a handler creates without the context lacks the headers that were set there.
    if (decision && !c.res.headers.has('RateLimit-Limit')) rate?.setHeaders(c, decision)
  }
}
