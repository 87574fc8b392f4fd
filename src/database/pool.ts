import { unavailable } from '../errors/index.ts'
import { assertWholeNumber } from '../text/index.ts'
import type { Connection, ConnectionSource, SideBySideConnection } from './connection.ts'
import { Loan } from './loan.ts'
import { type ConnectionOptions, createOpener } from './open-connection.ts'
import { SideBySide } from './side-by-side.ts'
import { isTransaction, type Waiter, WaitingQueue, type WaitingTransaction } from './waiting.ts'

export interface PoolOptions extends ConnectionOptions {
  /** The largest number of open connections. */
  size: number
  /**
   * How many connections only a tenant gets that has none. So however slow the transactions of a few tenants are, another tenant
   * finds a connection.
   *
   * @default 0
   */
  spare?: number
  /**
   * How many transactions of one query each, all of them `prepared`, share a socket write at most; 1 sends each alone.
   *
   * @default 8
   */
  sideBySide?: number
  /** How long a transaction waits for a connection, in milliseconds. @default 5000 */
  acquireTimeoutMs?: number
  /** The age at which a connection is replaced, in milliseconds. @default 1800000 */
  lifetimeMs?: number
}

/** A pool, with its numbers for metrics. */
export interface Pool extends ConnectionSource {
  readonly numbers: PoolNumbers
}

export interface PoolNumbers {
  /** The largest number of open connections. */
  size: number
  /** The connections that are open, or being opened. */
  open: number
  /** The open connections that no transaction uses. */
  idle: number
  /** The connections that transactions use. */
  busy: number
  /** The transactions that wait for a connection. */
  waiting: number
}

/**
 * Creates a pool of connections. It opens connections on demand, serves waiting calls in their order, and closes a
 * connection that has a fault, or is released before its transaction and its statements have ended, instead of lending it again.
 * Idle connections keep no process from its end: a script needs no `close`.
 *
 * @throws TypeError when the URL or a number is not understood, OperatorError when a file that the URL names cannot be read.
 *   ApiError SERVICE_UNAVAILABLE from `acquire`, when no connection is released for `acquireTimeoutMs` or the pool is
 *   closed
 * @example
 * const db = createTenantDatabase({ connections: createPool({ url: process.env.DATABASE_URL, size: 10 }) })
 */
export function createPool(options: PoolOptions): Pool {
  const { size, spare = 0, sideBySide: together = 8, acquireTimeoutMs = 5000, lifetimeMs = 30 * 60_000 } = options
  assertWholeNumber('size', size)
  assertWholeNumber('spare', spare, 0, size - 1)
  assertWholeNumber('sideBySide', together)
  assertWholeNumber('acquireTimeoutMs', acquireTimeoutMs)
  assertWholeNumber('lifetimeMs', lifetimeMs, 0)
  const open = createOpener(options)
  const idle: SideBySideConnection[] = []
  /** The connections in use: a loan, or the connection itself while it runs transactions side by side. */
  const busy = new Set<Connection>()
  const waiting = new WaitingQueue(acquireTimeoutMs)
  const sideBySide = new SideBySide(together)
  const holders = new Holders()
  let isServing = false
  let closing = false
  let becomeIdle = () => {}
  const whenIdle = new Promise<void>((resolve) => (becomeIdle = resolve))

  function take(): SideBySideConnection | undefined {
    for (let connection = idle.pop(); connection; connection = idle.pop()) if (isFit(connection)) return connection
    return busy.size < size ? open() : undefined
  }

  /** Whether a tenant may have a connection now. */
  const mayTake = ({ holder }: Pick<Waiter, 'holder'>): boolean =>
    spare === 0 || busy.size < size - spare || holder === undefined || !holders.has(holder)

  function lend(connection: SideBySideConnection, holder: string | undefined): Connection {
    const loan = new Loan(connection, holder)
    busy.add(loan)
    holders.add(holder)
    return loan
  }

  /** Passes free connections to those that wait for one. */
  function serve(): void {
    for (let first = waiting.find(mayTake); first; first = waiting.find(mayTake)) {
      const connection = take()
      if (connection === undefined) break
      waiting.remove(first)
      if (isTransaction(first)) run(connection, first)
      else first.receive(lend(connection, first.holder))
    }
    waiting.settle()
  }

  /** Runs a transaction, and others that may go with it. */
  function run(connection: SideBySideConnection, first: WaitingTransaction): void {
    const held: (string | undefined)[] = []
    const hold = ({ holder }: WaitingTransaction) => {
      holders.add(holder)
      held.push(holder)
    }
    hold(first)
    const followers = {
      find: () => waiting.find((waiter): waiter is WaitingTransaction => isTransaction(waiter) && mayTake(waiter)),
      take(transaction: WaitingTransaction) {
        waiting.remove(transaction)
        hold(transaction)
      },
    }
    busy.add(connection)
    sideBySide.send(connection, first, followers, () => {
      for (const holder of held) holders.remove(holder)
      busy.delete(connection)
      free(connection)
    })
  }

  function free(connection: SideBySideConnection): void {
    if (isFit(connection)) idle.push(connection)
    if (waiting.length > 0) serve()
    endIfIdle()
  }

  function endIfIdle(): void {
    if (closing && busy.size === 0 && waiting.length === 0) becomeIdle()
  }

  /** Transactions that begin in one turn of the event loop are served together. */
  function serveSoon(): void {
    if (isServing) return
    isServing = true
    setImmediate(() => {
      isServing = false
      serve()
    })
  }

  /** Whether a connection can be used again; it is closed when not. The next transaction must not run inside of an open one. */
  function isFit(connection: SideBySideConnection): boolean {
    const { fault, status, openedAt } = connection
    if (fault === undefined && status === 'idle' && Date.now() - openedAt < lifetimeMs) return true
    void connection.close()
    return false
  }

  const assertOpen = () => {
    if (closing) throw unavailable(new Error('The pool is closed'))
  }

  return {
    get numbers() {
      const [open, waits] = [busy.size + idle.length, waiting.length]
      return { size, open, idle: idle.length, busy: busy.size, waiting: waits }
    },

    async acquire(holder) {
      assertOpen()
      const connection = mayTake({ holder }) ? take() : undefined // undefined while others wait: `release` serves them
      if (connection) return lend(connection, holder)
      return await new Promise((receive, reject) => {
        waiting.push({ holder, receive, reject })
        waiting.settle()
      })
    },

    release(loan) {
      if (!(loan instanceof Loan) || !busy.delete(loan)) return // already released
      holders.remove(loan.holder)
      free(loan.end())
    },

    async sendWhole(transaction) {
      assertOpen()
      return await new Promise((resolve, reject) => {
        waiting.push(Object.assign(transaction, { resolve, reject }))
        serveSoon()
      })
    },

    async close() {
      closing = true
      endIfIdle()
      await whenIdle
      await Promise.all(idle.splice(0).map((connection) => connection.close()))
    },
  }
}

/** How many connections each tenant has that has some. */
class Holders {
  private readonly counts = new Map<string, number>()

  has(holder: string): boolean {
    return this.counts.has(holder)
  }

  add(holder: string | undefined): void {
    if (holder !== undefined) this.counts.set(holder, (this.counts.get(holder) ?? 0) + 1)
  }

  remove(holder: string | undefined): void {
    const left = holder === undefined ? 0 : (this.counts.get(holder) ?? 0) - 1
    if (holder !== undefined && left > 0) this.counts.set(holder, left)
    else if (holder !== undefined) this.counts.delete(holder)
  }
}
