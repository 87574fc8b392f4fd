import { Recent } from '../database/index.ts'
import type { RateStore } from './rate-store.ts'

/** One request costs as many credits as the window has milliseconds; each millisecond brings `limit`: all is whole numbers. */
interface Bucket {
  credits: number
  /** When they were counted, in milliseconds. */
  at: number
}

/**
 * Keeps quotas in this process: each of several processes has its own, and allows the whole rate. A quota is a token bucket:
 * a tenant that was quiet may send `limit` requests at once, and what it used comes back evenly over the window. Whoever was
 * quiet for a window is forgotten, since its bucket would be full.
 *
 * @param options `now`: the clock, in milliseconds
 * @example
 * tenantLimits({ rate: { limit: 600, windowSeconds: 60, store: memoryRateStore() } })
 */
export function memoryRateStore({ now = Date.now }: { now?: () => number } = {}): RateStore {
  const bucketsOfWindow = new Map<number, Recent<Bucket>>()

  return {
    take(key, { limit, windowSeconds }) {
      const cost = windowSeconds * 1000
      let buckets = bucketsOfWindow.get(cost)
      if (buckets === undefined) {
        buckets = new Recent({ lifetimeMs: cost, max: bucketsMax, now })
        bucketsOfWindow.set(cost, buckets)
      }
      const full = limit * cost
      const at = now()
      const bucket = buckets.get(key) ?? { credits: full, at }
      // A clock that was set back brings nothing, and takes nothing.
      bucket.credits = Math.min(full, bucket.credits + Math.max(0, at - bucket.at) * limit)
      bucket.at = at
      const allowed = bucket.credits >= cost
      if (allowed) bucket.credits -= cost
      buckets.set(key, bucket)
      const creditsPerSecond = limit * 1000
      return {
        allowed,
        remaining: Math.floor(bucket.credits / cost),
        resetSeconds: Math.ceil((full - bucket.credits) / creditsPerSecond),
        retryAfterSeconds: allowed ? 0 : Math.ceil((cost - bucket.credits) / creditsPerSecond),
      }
    },
  }
}

// Some tens of megabytes at the very most; beyond it quotas are forgotten, and whole again, too early.
const bucketsMax = 100_000
