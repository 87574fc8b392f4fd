import { unavailable } from '../errors/index.ts'
import { assertWholeNumber } from '../text/index.ts'
import type { Connection, ConnectionSource } from './connection.ts'
import { ConnectionFailure } from './connection-failure.ts'
import { type ConnectionOptions, createOpener } from './open-connection.ts'
import type { Statement, StatementResult } from './statement.ts'
import { TransactionMisuse } from './transaction-misuse.ts'

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
  /** How long `acquire` waits for a connection, in milliseconds. @default 5000 */
  acquireTimeoutMs?: number
  /** The age at which a connection is replaced, in milliseconds. @default 1800000 */
  lifetimeMs?: number
}

interface Waiter {
  holder: string | undefined
  receive(connection: Connection): void
}

/** A connection on loan. After its release it rejects every call, because another tenant may have the connection by then. */
class Loan implements Connection {
  private isOver = false
  private pending = 0

  constructor(
    private readonly connection: Connection,
    readonly holder: string | undefined,
  ) {}

  private async use<T>(work: (connection: Connection) => Promise<T>): Promise<T> {
    if (this.isOver) throw new TransactionMisuse('This connection was released: do not use it after release')
    this.pending += 1
    try {
      return await work(this.connection)
    } finally {
      this.pending -= 1
    }
  }

  send(statements: readonly Statement[], options?: { named?: boolean }): Promise<StatementResult[]> {
    return this.use((connection) => connection.send(statements, options))
  }

  command(text: string): Promise<StatementResult> {
    return this.use((connection) => connection.command(text))
  }

  get status() {
    return this.connection.status
  }

  get fault() {
    return this.connection.fault
  }

  get loginSettings() {
    return this.connection.loginSettings ?? {}
  }

  get openedAt() {
    return this.connection.openedAt
  }

  async close(): Promise<void> {
    if (!this.isOver) await this.connection.close()
  }

  /** Ends the loan. A connection that is not idle is closed: the next loan would run inside of its transaction. */
  end(): Connection {
    this.isOver = true
    if (this.pending > 0 || this.connection.status !== 'idle') void this.connection.close()
    return this.connection
  }
}

/**
 * Creates a pool of connections. It opens connections on demand, serves waiting calls in their order, and closes a
 * connection that has a fault, or is released before its transaction and its statements have ended, instead of lending it again.
 *
 * @throws TypeError when the URL or a number is not understood, OperatorError when a file that the URL names cannot be read.
 *   ApiError SERVICE_UNAVAILABLE from `acquire`, when no connection is released for `acquireTimeoutMs` or the pool is
 *   closed
 * @example
 * const db = createTenantDatabase({ connections: createPool({ url: process.env.DATABASE_URL, size: 10 }) })
 */
export function createPool(options: PoolOptions): ConnectionSource {
  const { size, spare = 0, acquireTimeoutMs = 5000, lifetimeMs = 30 * 60_000 } = options
  assertWholeNumber('size', size)
  assertWholeNumber('spare', spare, 0, size - 1)
  assertWholeNumber('acquireTimeoutMs', acquireTimeoutMs)
  assertWholeNumber('lifetimeMs', lifetimeMs, 0)
  const open = createOpener(options)
  const idle: Connection[] = []
  const busy = new Set<Connection>()
  /** In order of arrival. */
  const waiting: Waiter[] = []
  /** The connections of each tenant that has some. */
  const held = new Map<string, number>()
  let closing = false
  let becomeIdle = () => {}
  const whenIdle = new Promise<void>((resolve) => (becomeIdle = resolve))

  function take(): Connection | undefined {
    for (let connection = idle.pop(); connection; connection = idle.pop()) if (isFit(connection)) return connection
    return busy.size < size ? open() : undefined
  }

  /** Whether a tenant may have a connection now. */
  const mayTake = (holder: string | undefined): boolean =>
    spare === 0 || busy.size < size - spare || holder === undefined || !held.has(holder)

  function lend(connection: Connection, holder: string | undefined): Connection {
    const loan = new Loan(connection, holder)
    busy.add(loan)
    if (holder !== undefined) held.set(holder, (held.get(holder) ?? 0) + 1)
    return loan
  }

  function giveBack(loan: Loan): boolean {
    if (!busy.delete(loan)) return false
    const { holder } = loan
    const left = holder === undefined ? 0 : (held.get(holder) ?? 0) - 1
    if (holder !== undefined && left > 0) held.set(holder, left)
    else if (holder !== undefined) held.delete(holder)
    return true
  }

  /** Passes a free connection to the first waiting call that may have it. */
  function serveNext(): void {
    const at = waiting.findIndex(({ holder }) => mayTake(holder))
    const connection = at < 0 ? undefined : take()
    if (connection === undefined) return
    const [next] = waiting.splice(at, 1)
    next?.receive(lend(connection, next.holder))
  }

  function isFit(connection: Connection): boolean {
    if (connection.fault === undefined && Date.now() - connection.openedAt < lifetimeMs) return true
    void connection.close()
    return false
  }

  return {
    async acquire(holder) {
      if (closing) throw unavailable(new Error('The pool is closed'))
      const connection = mayTake(holder) ? take() : undefined // undefined while others wait: `release` serves them
      if (connection) return lend(connection, holder)
      return await new Promise((resolve, reject) => {
        const waiter: Waiter = {
          holder,
          receive(connection) {
            clearTimeout(timer)
            resolve(connection)
          },
        }
        const timer = setTimeout(() => {
          waiting.splice(waiting.indexOf(waiter), 1)
          reject(new ConnectionFailure('late', new Error(`No connection was released within ${acquireTimeoutMs} ms`)))
        }, acquireTimeoutMs)
        waiting.push(waiter)
      })
    },

    release(loan) {
      if (!(loan instanceof Loan) || !giveBack(loan)) return // already released
      const connection = loan.end()
      if (isFit(connection)) idle.push(connection)
      if (waiting.length > 0) serveNext()
      if (closing && busy.size === 0) becomeIdle()
    },

    async close() {
      closing = true
      if (busy.size === 0) becomeIdle()
      await whenIdle
      await Promise.all(idle.splice(0).map((connection) => connection.close()))
    },
  }
}
