/** A number of requests in a window of time. */
export interface Rate {
  /** The most requests at once, and in each window. */
  limit: number
  /** The time in seconds in which a used quota refills. */
  windowSeconds: number
}

/** Whether a request is allowed, and the quota that remains. */
export interface RateDecision {
  allowed: boolean
  /** The number of further requests that are allowed now. */
  remaining: number
  /** The time until the quota is full again, in seconds. */
  resetSeconds: number
  /** The time until a request is allowed again, in seconds. Read for a rejected request only. */
  retryAfterSeconds: number
}

/**
 * Stores quotas: {@link memoryRateStore} for one process, or your own for several (Redis, PostgreSQL, a Durable Object).
 * Each request waits for the answer, so use a short timeout. When the store fails, the request is allowed.
 *
 * @example
 * const store: RateStore = { take: (key, { limit, windowSeconds }) => redis.takeToken(`rate:${key}`, limit, windowSeconds) }
 */
export interface RateStore {
  /**
   * Takes one request from a quota, atomically.
   *
   * @param key of the quota, with the tenant and the rate in it; use it unchanged
   * @param rate always the same for one key
   */
  take(key: string, rate: Rate): RateDecision | Promise<RateDecision>
}
