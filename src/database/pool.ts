import { unavailable } from '../errors/index.ts'
import type { Answer, Statement } from './batch.ts'
import { type Connection, type ConnectionOptions, type ConnectionSource, openConnection } from './connection.ts'
import { TransactionMisuse } from './transaction-misuse.ts'

export interface PoolOptions extends ConnectionOptions {
  /** The most connections at a time. */
  size: number
  /** How long a transaction waits for a connection, in milliseconds. */
  acquireTimeoutMs?: number
  /** After how long a connection is replaced, in milliseconds. */
  lifetimeMs?: number
}

/** A connection that was given out. It is refused once it is released: by then it may be another tenant's. */
class Loan implements Connection {
  private isOver = false

  constructor(private readonly connection: Connection) {}

  private use<T>(work: (connection: Connection) => Promise<T>): Promise<T> {
    if (this.isOver) return Promise.reject(new TransactionMisuse('This connection was released'))
    return work(this.connection)
  }

  send(statements: readonly Statement[], options?: { named?: boolean }): Promise<Answer[]> {
    return this.use((connection) => connection.send(statements, options))
  }

  command(text: string): Promise<Answer> {
    return this.use((connection) => connection.command(text))
  }

  get status() {
    return this.connection.status
  }

  get fault() {
    return this.connection.fault
  }

  get openedAt() {
    return this.connection.openedAt
  }

  async close(): Promise<void> {
    if (!this.isOver) await this.connection.close()
  }

  end(): Connection {
    this.isOver = true
    return this.connection
  }
}

/**
 * A pool of connections that are opened when they are needed, given to whoever waits longest, and never given again
 * once they have a fault.
 *
 * @throws ApiError SERVICE_UNAVAILABLE from `acquire`, when all stay busy for `acquireTimeoutMs` or the pool is closed
 */
export function createPool(options: PoolOptions): ConnectionSource {
  const { size, acquireTimeoutMs = 5000, lifetimeMs = 30 * 60_000 } = options
  const idle: Connection[] = []
  const busy = new Set<Connection>()
  const waiting: Array<(connection: Connection) => void> = []
  let closing = false
  let becomeIdle = () => {}
  const whenIdle = new Promise<void>((resolve) => (becomeIdle = resolve))

  function take(): Connection | undefined {
    for (let connection = idle.pop(); connection; connection = idle.pop()) if (isFit(connection)) return connection
    return busy.size < size ? openConnection(options) : undefined
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
      const connection = take() // none, for as long as somebody waits: what comes back goes straight to them
      if (connection) return lend(connection)
      return await new Promise((resolve, reject) => {
        const timer = setTimeout(() => {
          waiting.splice(waiting.indexOf(receive), 1)
          reject(unavailable(new Error('No connection became free in time')))
        }, acquireTimeoutMs)
        const receive = (connection: Connection) => {
          clearTimeout(timer)
          resolve(connection)
        }
        waiting.push(receive)
      })
    },

    release(loan) {
      if (!(loan instanceof Loan) || !busy.delete(loan)) return // released before
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
