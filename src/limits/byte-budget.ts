import type { Context } from 'hono'
import { type TenantEnv, TenantRequired } from '../context/index.ts'
import { globalActorOf } from '../context/internal.ts'
import { ApiError, unavailable } from '../errors/index.ts'
import { assertWholeNumber } from '../text/index.ts'

export interface ByteBudgetOptions {
  /** The most bytes of all requests of this process at the same time. */
  totalBytes: number
  /**
   * The bytes that a tenant, and an actor, may use at once, and again in each second.
   *
   * @default a quarter of `totalBytes`
   */
  tenantBytes?: number
  /**
   * The clock, in milliseconds.
   *
   * @default Date.now
   */
  now?: () => number
}

/** What one tenant or actor uses. */
interface Share {
  /** Bytes in memory now. */
  held: number
  /** Bytes of the last seconds: a bucket that empties at `tenantBytes` a second, but never below `held`. */
  used: number
  /** When `used` was last updated, in milliseconds. */
  updatedAt: number
}

/** From so many shares, those that are empty again are looked for, once a second. */
const sharesKept = 1000

/**
 * Counts the bytes that requests hold in memory: bodies until their request has ended, or responses until they are sent. The time
 * that a tenant takes from others grows with its bytes, so a tenant that has used its share waits until some of it is free again.
 * Several middlewares can share one budget.
 *
 * @throws TypeError from the constructor, when a number is not a whole number of at least 1
 * @example
 * const received = new ByteBudget({ totalBytes: 16_777_216 })
 */
export class ByteBudget {
  private readonly totalBytes: number
  private readonly tenantBytes: number
  private readonly now: () => number
  private readonly shares = new Map<string, Share>()
  private total = 0
  private sweptAt = 0

  constructor({ totalBytes, tenantBytes = Math.ceil(totalBytes / 4), now = Date.now }: ByteBudgetOptions) {
    assertWholeNumber('totalBytes', totalBytes, 1, Number.MAX_SAFE_INTEGER)
    assertWholeNumber('tenantBytes', tenantBytes, 1, Number.MAX_SAFE_INTEGER)
    this.totalBytes = totalBytes
    this.tenantBytes = tenantBytes
    this.now = now
  }

  /**
   * Checks that a request may begin. Its own bytes may exceed the share: then the next ones wait for longer.
   *
   * @param holders the tenant and the actor
   * @throws ApiError TOO_MANY_REQUESTS while one of them has used its share
   */
  admit(holders: readonly string[]): void {
    for (const holder of holders) {
      const share = this.shares.get(holder)
      if (share && this.usedNow(share) >= this.tenantBytes)
        throw new ApiError('TOO_MANY_REQUESTS', undefined, { headers: { 'Retry-After': '1' } })
    }
  }

  /**
   * Counts the bytes of one request or response.
   *
   * @param holders the tenant and the actor
   * @param options `anyway`: also beyond the bytes of the process, for what must not be refused
   * @throws ApiError SERVICE_UNAVAILABLE when the process would hold too many bytes
   */
  hold(holders: readonly string[], bytes: number, options: { anyway?: boolean } = {}): ByteHold {
    this.sweep()
    const hold = new ByteHold(this, holders)
    hold.resize(bytes, options)
    return hold
  }

  /** Used by {@link ByteHold}. `returned` bytes stay in the shares, which free them in time. */
  change(holders: readonly string[], bytes: number, { anyway = false, returned = false }): void {
    if (bytes > 0 && !anyway && this.total + bytes > this.totalBytes)
      throw unavailable(new Error('The byte budget of the process is used up'))
    this.total += bytes
    for (const holder of holders) {
      const share = this.shareOf(holder)
      share.used = Math.max(0, this.usedNow(share) + (returned ? 0 : bytes))
      share.held += bytes
      share.updatedAt = this.now()
    }
  }

  /** The bytes in memory, and the number of tenants and actors with a share that is in use. */
  get state(): { bytes: number; shares: number } {
    return { bytes: this.total, shares: this.shares.size }
  }

  private shareOf(holder: string): Share {
    let share = this.shares.get(holder)
    if (share === undefined) {
      share = { held: 0, used: 0, updatedAt: this.now() }
      this.shares.set(holder, share)
    }
    return share
  }

  /** A clock that was set back frees nothing. */
  private usedNow({ held, used, updatedAt }: Share): number {
    const freed = (Math.max(0, this.now() - updatedAt) * this.tenantBytes) / 1000
    return Math.max(held, used - freed)
  }

  private sweep(): void {
    const now = this.now()
    if (this.shares.size < sharesKept || Math.abs(now - this.sweptAt) < 1000) return
    this.sweptAt = now
    for (const [holder, share] of this.shares) if (this.usedNow(share) === 0) this.shares.delete(holder)
  }
}

/** The bytes of one request or response. */
export class ByteHold {
  private bytes = 0
  private isReleased = false

  constructor(
    private readonly budget: ByteBudget,
    private readonly holders: readonly string[],
  ) {}

  /**
   * Counts so many bytes instead of those before. Without effect after `release`.
   *
   * @throws ApiError SERVICE_UNAVAILABLE when the process would hold too many bytes
   */
  resize(bytes: number, options: { anyway?: boolean } = {}): void {
    if (this.isReleased) return
    this.budget.change(this.holders, bytes - this.bytes, options)
    this.bytes = bytes
  }

  /** Returns the bytes. Further calls do nothing. */
  release(): void {
    if (this.isReleased) return
    this.isReleased = true
    this.budget.change(this.holders, -this.bytes, { returned: true })
  }
}

/**
 * Returns the holders of a request's bytes: its tenant, and its actor if there is one.
 *
 * @throws TenantRequired without a tenant
 */
export function holdersOf(c: Context<TenantEnv>): string[] {
  const tenantId = c.get('tenantId')
  if (tenantId === undefined) throw new TenantRequired()
  const actor = globalActorOf(c.get('identity'))
  return actor === undefined ? [`tenant ${tenantId}`] : [`tenant ${tenantId}`, `actor ${actor}`]
}
