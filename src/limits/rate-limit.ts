import type { Context } from 'hono'
import { ApiError } from '../errors/index.ts'
import { memoryRateStore } from './memory-rate-store.ts'
import type { Rate, RateStore, Taken } from './rate-store.ts'
import { positive } from './whole-number.ts'

export interface RateOptions extends Rate {
  /** Where the quotas are kept; left out, in this process. */
  store?: RateStore | undefined
  /** Hears why the store could not answer. It decides nothing: what it throws breaks no request. */
  onStoreError?: ((error: unknown) => unknown) | undefined
}

/** @throws TypeError from the constructor, when `limit` or `windowSeconds` is no whole number from 1 */
export class RateLimit {
  private readonly rate: Rate
  private readonly store: RateStore
  private readonly limit: string
  private readonly policy: string
  private readonly onStoreError: RateOptions['onStoreError']

  constructor({ limit, windowSeconds, store = memoryRateStore(), onStoreError }: RateOptions) {
    positive('rate.limit', limit)
    positive('rate.windowSeconds', windowSeconds)
    this.rate = { limit, windowSeconds }
    this.store = store
    this.limit = String(limit)
    this.policy = `${limit};w=${windowSeconds}`
    this.onStoreError = onStoreError
  }

  /** What is left to the tenant; undefined when the store does not know. */
  take(tenantId: string): Taken | Promise<Taken | undefined> | undefined {
    try {
      // With the rate in the key no quota is read as one of another rate, nor after the rate was changed.
      const taken = this.store.take(`${this.policy}:${tenantId}`, this.rate)
      return 'then' in taken ? this.settled(taken) : taken
    } catch (error) {
      return this.failed(error)
    }
  }

  /** Says on the answer what is left (draft-ietf-httpapi-ratelimit-headers-06, section 2). */
  tell(c: Context, { remaining, resetSeconds }: Taken): void {
    c.header('RateLimit-Limit', this.limit)
    c.header('RateLimit-Remaining', String(Math.max(0, Math.floor(remaining))))
    c.header('RateLimit-Reset', String(Math.max(0, Math.ceil(resetSeconds))))
    c.header('RateLimit-Policy', this.policy)
  }

  private async settled(taken: Promise<Taken>): Promise<Taken | undefined> {
    try {
      return await taken
    } catch (error) {
      return this.failed(error)
    }
  }

  private failed(error: unknown): undefined {
    try {
      const heard = this.onStoreError?.(error)
      if (heard instanceof Promise) heard.catch(() => {})
    } catch {
      // There is nobody left to tell.
    }
  }
}

/** 429 with `Retry-After` in whole seconds (RFC 6585, section 4). */
export const overRate = ({ retryAfterSeconds }: Taken): ApiError =>
  new ApiError('TOO_MANY_REQUESTS', undefined, {
    headers: { 'Retry-After': String(Math.max(1, Math.ceil(retryAfterSeconds))) },
  })
