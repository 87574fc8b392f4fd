import { unavailable } from '../errors/index.ts'
import { type Connection, type ConnectionOptions, type ConnectionSource, openConnection } from './connection.ts'
import { TransactionMisuse } from './tenant-tx.ts'

export interface PoolOptions extends ConnectionOptions {
  /** The most connections at a time. */
  size: number
  /** How long a transaction waits for a connection, in milliseconds. */
  acquireTimeoutMs?: number
  /** After how long a connection is replaced, in milliseconds. */
  lifetimeMs?: number
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
  const busy = new Map<Connection, Connection>() // what was given out → what is behind it
  const waiting: Array<(connection: Connection) => void> = []
  let closing = false
  let becomeIdle = () => {}
  const whenIdle = new Promise<void>((resolve) => (becomeIdle = resolve))

  function take(): Connection | undefined {
    for (let connection = idle.pop(); connection; connection = idle.pop()) if (isFit(connection)) return connection
    return busy.size < size ? openConnection(options) : undefined
  }

  /** What is given out is refused once it is released: by then the connection may be another tenant's. */
  function lend(connection: Connection): Connection {
    const inUse = () => {
      if (!busy.has(loan)) throw new TransactionMisuse('This connection was released')
      return connection
    }
    const loan: Connection = {
      send: async (statements, options) => await inUse().send(statements, options),
      command: async (text) => await inUse().command(text),
      get status() {
        return connection.status
      },
      get fault() {
        return connection.fault
      },
      openedAt: connection.openedAt,
      close: async () => await busy.get(loan)?.close(),
    }
    busy.set(loan, connection)
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
      const connection = busy.get(loan)
      if (!connection) return // released before
      busy.delete(loan)
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
