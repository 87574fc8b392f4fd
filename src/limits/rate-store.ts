/** How many requests in how long. */
export interface Rate {
  /** How many at once, and in each window. */
  limit: number
  /** In how many seconds a quota that is used up is whole again. */
  windowSeconds: number
}

/** What is left of a tenant's quota after it asked for one request. */
export interface Taken {
  allowed: boolean
  /** How many further requests would be allowed now. */
  remaining: number
  /** In how many seconds the quota is whole again. */
  resetSeconds: number
  /** In how many seconds a request is allowed again; not looked at when this one was. */
  retryAfterSeconds: number
}

/**
 * Where quotas are kept: {@link memoryRateStore} for one process, an own one for several (Redis, PostgreSQL, a Durable Object).
 * A request waits for its answer, so it should give up soon: an error lets the request through.
 *
 * @example
 * const store: RateStore = { take: (key, { limit, windowSeconds }) => redis.takeToken(`rate:${key}`, limit, windowSeconds) }
 */
export interface RateStore {
  /**
   * Takes one request from a quota, all or nothing at once.
   *
   * @param key whose quota: it holds the tenant and the rate, and is used as it is
   * @param rate the same for the same key
   */
  take(key: string, rate: Rate): Taken | Promise<Taken>
}
