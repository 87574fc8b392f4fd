import type { MiddlewareHandler } from 'hono'
import { type TenantEnv, TenantRequired } from '../context/index.ts'
import { Bulkhead, type Concurrency } from './bulkhead.ts'
import { overRate, RateLimit, type RateOptions } from './rate-limit.ts'

export interface TenantLimitsOptions {
  /** How many requests of a tenant are worked on at a time, in this process. */
  concurrency?: Concurrency | undefined
  /** How many requests of a tenant in how long. */
  rate?: RateOptions | undefined
}

/**
 * Bounds each tenant for itself, so that a noisy one takes nothing from the others: first its rate, then how many of its requests
 * are worked on at a time. Stands behind the tenant middleware, for the tenant has to be one that was verified.
 *
 * With a rate every answer says what is left, errors too: `RateLimit-Limit`, `RateLimit-Remaining`, `RateLimit-Reset` (seconds
 * until the quota is whole again) and `RateLimit-Policy` (draft-ietf-httpapi-ratelimit-headers-06). Where the store of the rate
 * fails, requests are let through, without these headers, and `onStoreError` hears of it: the cap on concurrency still holds.
 *
 * A request that waits leaves the queue when the context's `signal` aborts; one that is worked on keeps its place until its
 * handler has ended, even when its client is gone.
 *
 * @param options `concurrency`: `max` at a time, `queueMax` more that wait; `rate`: `limit` in `windowSeconds`, `store`
 * @throws ApiError TOO_MANY_REQUESTS with `Retry-After` in seconds; TenantRequired without a tenant; TypeError when it is made
 *   with an option that is no whole number, or with nothing to limit
 * @example
 * app.use('/tasks/*', tenant({ from: header('X-Tenant-Id') }))
 * app.use('/tasks/*', tenantLimits({ concurrency: { max: 8, queueMax: 32 }, rate: { limit: 600, windowSeconds: 60 } }))
 */
export function tenantLimits(options: TenantLimitsOptions): MiddlewareHandler<TenantEnv> {
  const rate = options.rate && new RateLimit(options.rate)
  const bulkhead = options.concurrency && new Bulkhead(options.concurrency)
  if (!rate && !bulkhead) throw new TypeError('tenantLimits() needs concurrency, rate or both')

  return async function tenantLimits(c, next) {
    const tenantId = c.get('tenantId')
    if (tenantId === undefined) throw new TenantRequired()
    const asked = rate?.take(tenantId)
    const taken = asked && 'then' in asked ? await asked : asked
    // Now, so that it is on the answer of an error and of a request that was cut off.
    if (taken) rate?.tell(c, taken)
    if (taken?.allowed === false) throw overRate(taken)
    if (bulkhead) {
      const signal = c.get('signal')
      const compartment = bulkhead.of(tenantId)
      if (!compartment.enter()) await compartment.wait(signal)
      try {
        signal?.throwIfAborted() // a place may come in the same instant
        await next()
      } finally {
        compartment.leave()
      }
    } else await next()
    // An answer that a handler made without its context has taken nothing from there.
    if (taken && !c.res.headers.has('RateLimit-Limit')) rate?.tell(c, taken)
  }
}
