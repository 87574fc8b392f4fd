import type { ConnectionSource } from './connection.ts'
import { type ConnectionOptions, openConnection } from './open-connection.ts'

/**
 * Opens a connection for every transaction and closes it afterwards: for runtimes where a socket belongs to the request
 * that opened it, such as Cloudflare Workers behind the pooler Hyperdrive.
 *
 * @example
 * const db = createTenantDatabase({ connections: connectionPerTransaction({ url: env.HYPERDRIVE.connectionString }) })
 */
export function connectionPerTransaction(options: ConnectionOptions): ConnectionSource {
  return {
    acquire: async () => openConnection({ ...options, prepare: false }),
    release(connection) {
      void connection.close()
    },
    close: async () => {},
  }
}
