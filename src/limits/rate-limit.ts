import type { Context } from 'hono'
import { ApiError } from '../errors/index.ts'
import { callListener } from '../errors/internal.ts'
import { assertWholeNumber } from '../text/index.ts'
import { memoryRateStore } from './memory-rate-store.ts'
import type { Rate, RateDecision, RateStore } from './rate-store.ts'

export interface RateOptions extends Rate {
  /**
   * Where the quotas are stored.
   *
   * @default memoryRateStore()
   */
  store?: RateStore | undefined
  /** Called with the error of a store that failed. An error that it throws itself is ignored. */
  onStoreError?: ((error: unknown) => unknown) | undefined
}

/** @throws TypeError from the constructor, when `limit` or `windowSeconds` is not a whole number of at least 1 */
export class RateLimit {
  private readonly rate: Rate
  private readonly store: RateStore
  private readonly limit: string
  private readonly policy: string
  private readonly onStoreError: RateOptions['onStoreError']

  constructor({ limit, windowSeconds, store = memoryRateStore(), onStoreError }: RateOptions) {
    assertWholeNumber('rate.limit', limit)
    assertWholeNumber('rate.windowSeconds', windowSeconds)
    this.rate = { limit, windowSeconds }
    this.store = store
    this.limit = String(limit)
    this.policy = `${limit};w=${windowSeconds}`
    this.onStoreError = onStoreError
  }

  /** Takes one request from the tenant's quota; undefined when the store failed. */
  take(tenantId: string): RateDecision | Promise<RateDecision | undefined> | undefined {
    try {
      // The key contains the rate, so that a quota of another rate, or of the rate before a change, is not used.
      const decision = this.store.take(`${this.policy}:${tenantId}`, this.rate)
      return 'then' in decision ? this.catchError(decision) : decision
    } catch (error) {
      return this.reportError(error)
    }
  }

  /** Sets the headers of draft-ietf-httpapi-ratelimit-headers-06, section 2. */
  setHeaders(c: Context, { remaining, resetSeconds }: RateDecision): void {
    c.header('RateLimit-Limit', this.limit)
    c.header('RateLimit-Remaining', String(Math.max(0, Math.floor(remaining))))
    c.header('RateLimit-Reset', String(Math.max(0, Math.ceil(resetSeconds))))
    c.header('RateLimit-Policy', this.policy)
  }

  private async catchError(decision: Promise<RateDecision>): Promise<RateDecision | undefined> {
    try {
      return await decision
    } catch (error) {
      return this.reportError(error)
    }
  }

  private reportError(error: unknown): undefined {
    callListener(() => this.onStoreError?.(error))
    return undefined
  }
}

/** 429 with `Retry-After` in whole seconds (RFC 6585, section 4). */
export const rateExceeded = ({ retryAfterSeconds }: RateDecision): ApiError =>
  new ApiError('TOO_MANY_REQUESTS', undefined, {
    headers: { 'Retry-After': String(Math.max(1, Math.ceil(retryAfterSeconds))) },
  })
