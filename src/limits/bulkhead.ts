import { ApiError } from '../errors/index.ts'
import { assertWholeNumber } from '../text/index.ts'

export interface Concurrency {
  /** The most requests of one tenant that run at the same time. A stream that continues after its handler does not count. */
  max: number
  /**
   * The most further requests of the tenant that wait, in order of arrival. 0 rejects them at once, which Cloudflare Workers
   * needs: there a request must not wait for a promise that another one resolves.
   */
  queueMax: number
}

/**
 * Limits how many requests of each tenant run at the same time in this process. A tenant without requests takes no memory.
 *
 * @throws TypeError from the constructor, when `max` is not a whole number of at least 1, or `queueMax` of at least 0
 */
export class Bulkhead {
  private readonly slots = new Map<string, TenantSlots>()

  constructor(private readonly options: Concurrency) {
    assertWholeNumber('concurrency.max', options.max)
    assertWholeNumber('concurrency.queueMax', options.queueMax, 0)
  }

  /** Returns the tenant's slots. Take one or wait for one at once: only a release removes unused slots from memory. */
  slotsOf(tenantId: string): TenantSlots {
    let slots = this.slots.get(tenantId)
    if (slots === undefined) {
      slots = new TenantSlots(this.options, () => this.slots.delete(tenantId))
      this.slots.set(tenantId, slots)
    }
    return slots
  }

  /** The number of tenants that have a request. */
  get tenantCount(): number {
    return this.slots.size
  }
}

/** The slots of one tenant. Each successful `take()` or `wait()` needs one `release()`. */
class TenantSlots {
  private taken = 0
  /** In order of arrival. Undefined until a request waits, which most tenants never need. */
  private waiting: Set<() => void> | undefined

  constructor(
    private readonly options: Concurrency,
    private readonly onUnused: () => void,
  ) {}

  /** Takes a free slot; returns false when no slot is free. Slots are never free while a request waits. */
  take(): boolean {
    if (this.taken >= this.options.max) return false
    this.taken += 1
    return true
  }

  /**
   * Resolves when a slot was taken. Rejects with the signal's reason when it aborts before.
   *
   * @throws ApiError TOO_MANY_REQUESTS at once, when the queue is full
   */
  wait(signal: AbortSignal | undefined): Promise<void> {
    this.waiting ??= new Set()
    const { waiting } = this
    if (waiting.size >= this.options.queueMax)
      throw new ApiError('TOO_MANY_REQUESTS', undefined, { headers: { 'Retry-After': '1' } })
    signal?.throwIfAborted()
    return new Promise((resolve, reject) => {
      const giveUp = () => {
        waiting.delete(start)
        reject(signal?.reason)
      }
      const start = () => {
        signal?.removeEventListener('abort', giveUp)
        resolve()
      }
      signal?.addEventListener('abort', giveUp)
      waiting.add(start)
    })
  }

  /** Passes the slot to the first request that waits, or frees it. */
  release(): void {
    const next = this.waiting?.values().next().value
    if (next !== undefined) {
      this.waiting?.delete(next)
      next()
    } else {
      this.taken -= 1
      if (this.taken === 0) this.onUnused()
    }
  }
}
