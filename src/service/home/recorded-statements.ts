import { LRUCache } from 'lru-cache'
import { tenantContext } from '../../context/index.ts'
import type { Connection, ConnectionSource } from '../../database/index.ts'

/** Connections that remember what they sent, by request. */
export interface RecordedConnections extends ConnectionSource {
  /** The texts that PostgreSQL got for a request, without values; an empty list for an unknown one. */
  statementsOf(requestId: string): readonly string[]
}

const requestsMax = 100
const textsMax = 50

/** Records the statements of the last hundred requests of tenants, for the home page. Values are not kept. */
export function recordStatements(connections: ConnectionSource): RecordedConnections {
  const byRequest = new LRUCache<string, string[]>({ max: requestsMax })

  /** Returns the function that records the texts of the present request. */
  function recorder(): (texts: readonly string[]) => void {
    const { requestId } = tenantContext() ?? {}
    if (requestId === undefined) return () => {}
    return (texts) => {
      const known = byRequest.get(requestId) ?? []
      byRequest.set(requestId, [...known, ...texts].slice(0, textsMax))
    }
  }

  const lent = new WeakMap<Connection, Connection>()
  const { sendWhole } = connections
  return {
    async acquire(holder) {
      const record = recorder()
      const connection = await connections.acquire(holder)
      const recording = recordedConnection(connection, record)
      lent.set(recording, connection)
      return recording
    },
    release: (connection) => connections.release(lent.get(connection) ?? connection),
    ...(sendWhole
      ? {
          sendWhole(transaction) {
            const record = recorder()
            const statements = () => {
              const sent = transaction.statements()
              record(sent.map(({ text }) => text))
              return sent
            }
            return sendWhole.call(connections, { ...transaction, statements })
          },
        }
      : {}),
    ...(connections.waitUntil ? { waitUntil: (ending) => connections.waitUntil?.(ending) } : {}),
    close: () => connections.close(),
    statementsOf: (requestId) => byRequest.get(requestId) ?? [],
  }
}

const recordedConnection = (connection: Connection, record: (texts: readonly string[]) => void): Connection => ({
  send(statements, options) {
    record(statements.map(({ text }) => text))
    return connection.send(statements, options)
  },
  command(text) {
    record([text])
    return connection.command(text)
  },
  get status() {
    return connection.status
  },
  get fault() {
    return connection.fault
  },
  openedAt: connection.openedAt,
  loginSettings: connection.loginSettings ?? {},
  close: () => connection.close(),
})
