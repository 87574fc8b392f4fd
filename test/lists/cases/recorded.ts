import { type Connection, type ConnectionSource, createPool, type Statement } from '../../../src/database/index.ts'

/** A pool of one connection that records the statements it sends, with their parameters. */
export function recordingPool(url: string): ConnectionSource & { sent: Statement[] } {
  const pool = createPool({ url, size: 1 })
  const sent: Statement[] = []
  const recorded = new WeakSet<Connection>()
  return {
    sent,
    async acquire(holder) {
      const connection = await pool.acquire(holder)
      if (recorded.has(connection)) return connection
      recorded.add(connection)
      const send = connection.send.bind(connection)
      connection.send = (statements, options) => {
        sent.push(...statements)
        return send(statements, options)
      }
      return connection
    },
    release: (connection) => pool.release(connection),
    close: () => pool.close(),
  }
}
