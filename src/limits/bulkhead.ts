import { ApiError } from '../errors/index.ts'
import { positive } from './whole-number.ts'

export interface Concurrency {
  /** How many requests of one tenant are worked on at a time. What a stream still sends after its handler is not counted. */
  max: number
  /**
   * How many more of it wait, first come, first served. 0 refuses them at once: on Cloudflare Workers a request must not wait
   * for a promise that another one resolves.
   */
  queueMax: number
}

/**
 * A compartment for each tenant in this process, as in a ship's hull: one that is full lets no water into the others. A tenant
 * of whom nothing is under way takes no memory.
 *
 * @throws TypeError from the constructor, when `max` is no whole number from 1 or `queueMax` none from 0
 */
export class Bulkhead {
  private readonly compartments = new Map<string, Compartment>()

  constructor(private readonly options: Concurrency) {
    positive('concurrency.max', options.max)
    if (options.queueMax !== 0) positive('concurrency.queueMax', options.queueMax)
  }

  /** The tenant's compartment: one that is new has to be entered, or it stays. */
  of(tenantId: string): Compartment {
    let compartment = this.compartments.get(tenantId)
    if (compartment === undefined) {
      compartment = new Compartment(this.compartments, tenantId, this.options)
      this.compartments.set(tenantId, compartment)
    }
    return compartment
  }

  /** Of how many tenants something is under way. */
  get size(): number {
    return this.compartments.size
  }
}

/** What is under way of one tenant. Every place that was taken, or waited for with success, is left once. */
class Compartment {
  private taken = 0
  /** In the order of their coming. Most never need it. */
  private waiting: Set<() => void> | undefined

  constructor(
    private readonly all: Map<string, Compartment>,
    private readonly tenantId: string,
    private readonly options: Concurrency,
  ) {}

  /** Takes a place, if there is one: there is none for as long as somebody waits. */
  enter(): boolean {
    if (this.taken >= this.options.max) return false
    this.taken += 1
    return true
  }

  /**
   * Resolves when a place was taken. A signal that aborts before ends the wait with its reason.
   *
   * @throws ApiError TOO_MANY_REQUESTS at once, when as many wait as may
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

  /** Hands the place to who waits longest, or gives it back. */
  leave(): void {
    const next = this.waiting?.values().next().value
    if (next !== undefined) {
      this.waiting?.delete(next)
      next()
    } else {
      this.taken -= 1
      if (this.taken === 0) this.all.delete(this.tenantId)
    }
  }
}
