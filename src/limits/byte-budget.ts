import { ApiError, unavailable } from '../errors/index.ts'
import { assertWholeNumber } from '../text/index.ts'

export interface ByteBudgetOptions {
  /** The most bytes of all requests of this process at the same time. */
  totalBytes: number
  /** The most bytes of one tenant, and of one actor. @default a quarter of `totalBytes` */
  tenantBytes?: number
}

/**
 * Counts the bytes that requests hold in memory: bodies until their request has ended, or responses until they are sent. A tenant
 * beyond its share is answered with 429, and a process without room with 503. Several middlewares can share one budget.
 *
 * @throws TypeError from the constructor, when a number is not a whole number of at least 1
 * @example
 * const received = new ByteBudget({ totalBytes: 16_777_216 })
 */
export class ByteBudget {
  private readonly totalBytes: number
  private readonly tenantBytes: number
  private readonly held = new Map<string, number>()
  private total = 0

  constructor({ totalBytes, tenantBytes = Math.ceil(totalBytes / 4) }: ByteBudgetOptions) {
    assertWholeNumber('totalBytes', totalBytes, 1, Number.MAX_SAFE_INTEGER)
    assertWholeNumber('tenantBytes', tenantBytes, 1, Number.MAX_SAFE_INTEGER)
    this.totalBytes = totalBytes
    this.tenantBytes = tenantBytes
  }

  /**
   * Begins to count for a request.
   *
   * @param holders the tenant and the actor: each of them stays within `tenantBytes`
   */
  holdFor(holders: readonly string[]): ByteHold {
    return new ByteHold(this, holders)
  }

  /** Used by {@link ByteHold}. One text larger than a share passes while its holder has nothing else. */
  take(holders: readonly string[], bytes: number, held: number): void {
    if (this.total + bytes > this.totalBytes) throw unavailable(new Error('The byte budget of the process is used up'))
    for (const holder of holders) {
      const others = (this.held.get(holder) ?? 0) - held
      if (others > 0 && others + held + bytes > this.tenantBytes)
        throw new ApiError('TOO_MANY_REQUESTS', undefined, { headers: { 'Retry-After': '1' } })
    }
    this.add(holders, bytes)
  }

  /** Counts bytes without a limit, or returns them when negative. */
  add(holders: readonly string[], bytes: number): void {
    this.total += bytes
    for (const holder of holders) {
      const held = (this.held.get(holder) ?? 0) + bytes
      if (held === 0) this.held.delete(holder)
      else this.held.set(holder, held)
    }
  }

  /** The bytes of all requests, and the number of tenants and actors that hold some. */
  get state(): { bytes: number; holders: number } {
    return { bytes: this.total, holders: this.held.size }
  }
}

/** The bytes of one request or response. */
export class ByteHold {
  private bytes = 0
  private released = false

  constructor(
    private readonly budget: ByteBudget,
    private readonly holders: readonly string[],
  ) {}

  /**
   * Counts more bytes.
   *
   * @throws ApiError TOO_MANY_REQUESTS when the tenant or the actor would hold too many, SERVICE_UNAVAILABLE when the process would
   */
  take(bytes: number): void {
    this.budget.take(this.holders, bytes, this.bytes)
    this.bytes += bytes
  }

  /** Counts bytes that must not be refused, such as the response of a write that is committed. */
  takeAnyway(bytes: number): void {
    this.budget.add(this.holders, bytes)
    this.bytes += bytes
  }

  /** Returns all bytes. Further calls do nothing. */
  release(): void {
    if (this.released) return
    this.released = true
    this.budget.add(this.holders, -this.bytes)
  }
}
