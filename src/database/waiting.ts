import type { Connection, WholeReply, WholeTransaction } from './connection.ts'
import { ConnectionFailure } from './connection-failure.ts'

/** A call that waits for a connection of its own. */
interface WaitingCall {
  holder: string | undefined
  receive(connection: Connection): void
  reject(error: unknown): void
}

/** A transaction that waits for its message to be sent. */
export interface WaitingTransaction extends WholeTransaction {
  resolve(reply: WholeReply): void
  reject(error: unknown): void
}

export type Waiter = WaitingCall | WaitingTransaction

export const isTransaction = (waiter: Waiter): waiter is WaitingTransaction => 'statements' in waiter

/** Those that wait for a connection, in order of arrival. It rejects each after a time, with one timer for all of them. */
export class WaitingQueue {
  private readonly entries: { waiter: Waiter; until: number }[] = []
  private timer: ReturnType<typeof setTimeout> | undefined
  private keepsProcess = false

  constructor(private readonly timeoutMs: number) {}

  get length(): number {
    return this.entries.length
  }

  push(waiter: Waiter): void {
    this.entries.push({ waiter, until: performance.now() + this.timeoutMs })
    if (this.timer === undefined) this.rejectIn(this.timeoutMs)
  }

  /** The first one that fits. It stays in the queue. */
  find<Found extends Waiter>(fits: (waiter: Waiter) => waiter is Found): Found | undefined
  find(fits: (waiter: Waiter) => boolean): Waiter | undefined
  find(fits: (waiter: Waiter) => boolean): Waiter | undefined {
    return this.entries.find(({ waiter }) => fits(waiter))?.waiter
  }

  remove(waiter: Waiter): void {
    const at = this.entries.findIndex((entry) => entry.waiter === waiter)
    if (at >= 0) this.entries.splice(at, 1)
  }

  /**
   * Called when everybody has been served who can be. The timer keeps the process from its end only while others wait: a transaction that
   * waits in vain must get its error.
   */
  settle(): void {
    if (this.keepsProcess === this.entries.length > 0) return
    this.keepsProcess = !this.keepsProcess
    if (this.keepsProcess) this.timer?.ref()
    else this.timer?.unref()
  }

  private rejectLate(): void {
    this.timer = undefined
    const now = performance.now()
    for (let [first] = this.entries; first && first.until <= now; [first] = this.entries) {
      this.entries.shift()
      const cause = new Error(`No connection was released within ${this.timeoutMs} ms`)
      first.waiter.reject(new ConnectionFailure('late', cause))
    }
    const [next] = this.entries
    if (next) this.rejectIn(next.until - now)
    else this.keepsProcess = false
  }

  /** The timer outlives those that wait. */
  private rejectIn(ms: number): void {
    this.timer = setTimeout(() => this.rejectLate(), ms)
    if (!this.keepsProcess) this.timer.unref()
  }
}
