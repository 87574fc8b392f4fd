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
  /**
   * While so many requests run in this process, a tenant gets no second slot. With one less than the connections of the pool, a
   * tenant without a request always finds a free one, however slow a few other tenants are.
   *
   * @default no bound
   */
  processMax?: number
}

/**
 * Limits how many requests of each tenant run at the same time in this process. A tenant without requests takes no memory.
 *
 * @throws TypeError from the constructor, when `max` or `processMax` is not a whole number of at least 1, or `queueMax` of at least 0
 */
export class Bulkhead {
  readonly options: Required<Concurrency>
  private readonly slots = new Map<string, TenantSlots>()
  /** Tenants whose next request waits for the process and not for a slot of its own tenant, in the order of their turn. */
  private readonly ready = new Set<TenantSlots>()
  private running = 0

  constructor({ max, queueMax, processMax = Number.POSITIVE_INFINITY }: Concurrency) {
    assertWholeNumber('concurrency.max', max)
    assertWholeNumber('concurrency.queueMax', queueMax, 0)
    if (processMax !== Number.POSITIVE_INFINITY) assertWholeNumber('concurrency.processMax', processMax)
    this.options = { max, queueMax, processMax }
  }

  /** Returns the tenant's slots. Take one or wait for one at once: only a release removes unused slots from memory. */
  slotsOf(tenantId: string): TenantSlots {
    let slots = this.slots.get(tenantId)
    if (slots === undefined) {
      slots = new TenantSlots(this, tenantId)
      this.slots.set(tenantId, slots)
    }
    return slots
  }

  /** The number of tenants that have a request. */
  get tenantCount(): number {
    return this.slots.size
  }

  /** Whether a tenant that holds so many slots may take another one. Used by {@link TenantSlots}, as what follows. */
  hasRoomFor(taken: number): boolean {
    return taken < this.options.max && (taken === 0 || this.running < this.options.processMax)
  }

  count(change: 1 | -1): void {
    this.running += change
  }

  /** Lets a tenant's next request wait for the process, or no longer. */
  setReady(slots: TenantSlots, isReady: boolean): void {
    if (isReady) this.ready.add(slots)
    else this.ready.delete(slots)
  }

  /** Starts requests that wait for the process, one of each tenant in turn. */
  startReady(): void {
    for (const slots of this.ready) {
      if (!slots.startNext()) return
      this.ready.delete(slots)
      if (slots.isReady) this.ready.add(slots) // behind the others: this loop comes back to it
    }
  }

  forget(tenantId: string): void {
    this.slots.delete(tenantId)
  }
}

/** The slots of one tenant. Each successful `take()` or `wait()` needs one `release()`. */
class TenantSlots {
  private taken = 0
  /** In order of arrival. Undefined until a request waits, which most tenants never need. */
  private waiting: Set<() => void> | undefined

  constructor(
    private readonly bulkhead: Bulkhead,
    private readonly tenantId: string,
  ) {}

  /** Whether a request waits that the tenant's own limit would let run. */
  get isReady(): boolean {
    return this.taken < this.bulkhead.options.max && this.waiting !== undefined && this.waiting.size > 0
  }

  /** Takes a free slot; returns false when no slot is free, or when an earlier request waits. */
  take(): boolean {
    if ((this.waiting?.size ?? 0) > 0 || !this.bulkhead.hasRoomFor(this.taken)) return false
    this.start()
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
    if (waiting.size >= this.bulkhead.options.queueMax)
      throw new ApiError('TOO_MANY_REQUESTS', undefined, { headers: { 'Retry-After': '1' } })
    signal?.throwIfAborted()
    return new Promise((resolve, reject) => {
      const giveUp = () => {
        waiting.delete(start)
        this.bulkhead.setReady(this, this.isReady)
        reject(signal?.reason)
      }
      const start = () => {
        signal?.removeEventListener('abort', giveUp)
        resolve()
      }
      signal?.addEventListener('abort', giveUp)
      waiting.add(start)
      this.bulkhead.setReady(this, this.isReady)
    })
  }

  /** Frees the slot, and starts the requests that may run now. */
  release(): void {
    this.taken -= 1
    this.bulkhead.count(-1)
    // A tenant without any slot needs no room in the process.
    if (this.taken === 0) this.startNext()
    this.bulkhead.setReady(this, this.isReady)
    this.bulkhead.startReady()
    if (this.taken === 0) this.bulkhead.forget(this.tenantId)
  }

  /** Starts the first request that waits. Returns whether there was room for one. */
  startNext(): boolean {
    const next = this.waiting?.values().next().value
    if (next === undefined || !this.bulkhead.hasRoomFor(this.taken)) return false
    this.waiting?.delete(next)
    this.start()
    next()
    return true
  }

  private start(): void {
    this.taken += 1
    this.bulkhead.count(1)
  }
}
