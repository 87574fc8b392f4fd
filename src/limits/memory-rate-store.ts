import { LRUCache } from 'lru-cache'
import type { RateStore } from './rate-store.ts'

/** A request costs as many credits as the window has milliseconds, and each millisecond adds `limit`: whole numbers only. */
interface Bucket {
  credits: number
  /** When the credits were last updated, in milliseconds. */
  updatedAt: number
}

// They take some tens of megabytes at most. Beyond it the quota of the least recent tenant starts full again.
const bucketsMax = 100_000

/**
 * Creates a store that keeps quotas in this process. Each of several processes has its own quotas, and allows the whole rate.
 * A quota is a token bucket: a tenant that sent nothing for a window may send `limit` requests at once, and a used quota
 * refills evenly over the window.
 *
 * @param options `now`: the clock, in milliseconds
 * @example
 * tenantLimits({ rate: { limit: 600, windowSeconds: 60, store: memoryRateStore() } })
 */
export function memoryRateStore({ now = Date.now }: { now?: () => number } = {}): RateStore {
  // Without a lifetime, which would cost a second clock reading: a bucket that is older than its window is full anyway.
  const buckets = new LRUCache<string, Bucket>({ max: bucketsMax })

  return {
    take(key, { limit, windowSeconds }) {
      const cost = windowSeconds * 1000
      const full = limit * cost
      const time = now()
      let bucket = buckets.get(key)
      if (bucket === undefined) {
        bucket = { credits: full, updatedAt: time }
        buckets.set(key, bucket)
      }
      // A clock that was set back adds and removes nothing.
      bucket.credits = Math.min(full, bucket.credits + Math.max(0, time - bucket.updatedAt) * limit)
      bucket.updatedAt = time
      const allowed = bucket.credits >= cost
      if (allowed) bucket.credits -= cost
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
