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
  /** How long `acquire` waits for a connection, in milliseconds. @default 5000 */
  acquireTimeoutMs?: number
  /** The age at which a connection is replaced, in milliseconds. @default 1800000 */
  lifetimeMs?: number
}

/** A connection on loan. After its release it rejects every call, because another tenant may have the connection by then. */
class Loan implements Connection {
  private isOver = false
  private pending = 0

  constructor(private readonly connection: Connection) {}

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
  const { size, acquireTimeoutMs = 5000, lifetimeMs = 30 * 60_000 } = options
  assertWholeNumber('size', size)
  assertWholeNumber('acquireTimeoutMs', acquireTimeoutMs)
  assertWholeNumber('lifetimeMs', lifetimeMs, 0)
  const open = createOpener(options)
  const idle: Connection[] = []
  const busy = new Set<Connection>()
  const waiting: Array<(connection: Connection) => void> = []
  let closing = false
  let becomeIdle = () => {}
  const whenIdle = new Promise<void>((resolve) => (becomeIdle = resolve))

  function take(): Connection | undefined {
    for (let connection = idle.pop(); connection; connection = idle.pop()) if (isFit(connection)) return connection
    return busy.size < size ? open() : undefined
  }

  function lend(connection: Connection): Connection {
    const loan = new Loan(connection)
    busy.add(loan)
    return loan
  }

  function isFit(connection: Connection): boolean {
    if (connection.fault === undefined && Date.now() - connection.openedAt < lifetimeMs) return true
    void connection.close()
    return false
  }

  return {
    async acquire() {
      if (closing) throw unavailable(new Error('The pool is closed'))
      const connection = take() // undefined while others wait: `release` passes connections on to them
      if (connection) return lend(connection)
      return await new Promise((resolve, reject) => {
        const timer = setTimeout(() => {
          waiting.splice(waiting.indexOf(receive), 1)
          reject(new ConnectionFailure('late', new Error(`No connection was released within ${acquireTimeoutMs} ms`)))
        }, acquireTimeoutMs)
        const receive = (connection: Connection) => {
          clearTimeout(timer)
          resolve(connection)
        }
        waiting.push(receive)
      })
    },

    release(loan) {
      if (!(loan instanceof Loan) || !busy.delete(loan)) return // already released
      const connection = loan.end()
      if (isFit(connection)) idle.push(connection)
      const next = waiting.length > 0 ? take() : undefined
      if (next) waiting.shift()?.(lend(next))
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
