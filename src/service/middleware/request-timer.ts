/** The longest time between two looks, in milliseconds. */
const lookMs = 50

/**
 * Calls back for each request that takes longer than `timeoutMs`, up to 50 ms later. One timer serves all requests that run.
 *
 * @example
 * const running = timer.start(() => cutOff(tookTooLong()))
 * await work().finally(() => running.end())
 */
export class RequestTimer {
  // A list of neighbours. In a Set, garbage collections would keep the objects of a request for longer: that takes 4 µs a request.
  private readonly list = new Entry()
  private readonly everyMs: number
  private isRunning = false

  constructor(private readonly timeoutMs: number) {
    this.everyMs = Math.max(1, Math.min(lookMs, timeoutMs / 4))
  }

  start(onTimeout: () => void): Entry {
    const entry = new Entry(onTimeout)
    entry.insertBefore(this.list)
    this.run()
    return entry
  }

  private run(): void {
    if (this.isRunning) return
    this.isRunning = true
    setTimeout(() => this.look(), this.everyMs)
  }

  /** The oldest request is the first one. */
  private look(): void {
    this.isRunning = false
    const now = performance.now()
    while (this.list.next !== this.list && now - this.list.next.since >= this.timeoutMs) {
      const { next } = this.list
      next.end()
      next.onTimeout?.()
    }
    if (this.list.next !== this.list) this.run()
  }
}

/** A request that runs. */
class Entry {
  readonly since = performance.now()
  next: Entry = this
  private previous: Entry = this

  constructor(readonly onTimeout?: () => void) {}

  insertBefore(other: Entry): void {
    this.previous = other.previous
    this.next = other
    other.previous.next = this
    other.previous = this
  }

  /** The request is over. A second call does nothing. */
  end(): void {
    this.previous.next = this.next
    this.next.previous = this.previous
    this.next = this.previous = this // an entry that has ended keeps no other one in memory
  }
}
