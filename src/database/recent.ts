export interface RecentOptions {
  /** How long an entry is kept after it was set, in milliseconds: at least so long, at most twice. */
  lifetimeMs: number
  /** How many entries a generation holds: there are never more than twice as many. */
  max: number
  /** The clock, in milliseconds. */
  now?: () => number
}

/**
 * A map that forgets what was not set for a while, without a timer and without a look at every entry: there are two
 * generations, and the older one is dropped as a whole. Where more keys come than it may hold, it forgets sooner.
 *
 * @example
 * const names = new Recent<string>({ lifetimeMs: 60_000, max: 10_000 })
 */
export class Recent<V extends NonNullable<unknown> | null> {
  private current = new Map<string, V>()
  private previous = new Map<string, V>()
  private readonly lifetimeMs: number
  private readonly max: number
  private readonly now: () => number
  private since: number

  constructor({ lifetimeMs, max, now = Date.now }: RecentOptions) {
    this.lifetimeMs = lifetimeMs
    this.max = max
    this.now = now
    this.since = now()
  }

  /** What was set last, unless it is forgotten. Being asked for keeps nothing longer. */
  get(key: string): V | undefined {
    this.age()
    const value = this.current.get(key)
    return value === undefined ? this.previous.get(key) : value
  }

  set(key: string, value: V): void {
    this.age()
    if (this.current.size >= this.max && !this.current.has(key)) this.turn(this.current, this.now())
    this.current.set(key, value)
  }

  private age(): void {
    const now = this.now()
    const ageMs = now - this.since
    // A clock that was set back would otherwise keep everything until it is where it was.
    if (ageMs >= this.lifetimeMs || ageMs < 0) this.turn(ageMs < 2 * this.lifetimeMs ? this.current : new Map(), now)
  }

  private turn(previous: Map<string, V>, now: number): void {
    this.previous = previous
    this.current = new Map()
    this.since = now
  }
}
