import type { ConnectionSource } from './connection.ts'
import { type ConnectionOptions, createOpener } from './open-connection.ts'

/**
 * Opens a connection for every transaction and closes it afterwards: for runtimes where a socket belongs to the request
 * that opened it, such as Cloudflare Workers behind the pooler Hyperdrive.
 *
 * @throws TypeError when the URL or a number is not understood
 * @example
 * const db = createTenantDatabase({ connections: connectionPerTransaction({ url: env.HYPERDRIVE.connectionString }) })
 */
export function connectionPerTransaction(options: ConnectionOptions): ConnectionSource {
  const open = createOpener({ ...options, prepare: false })
  return {
    acquire: async () => open(),
    release(connection) {
      void connection.close()
    },
    close: async () => {},
  }
}
