import type { PGlite } from '@electric-sql/pglite'

/** PGlite in this process behind a socket: clients connect as they do to a PostgreSQL server. */
export interface EmbeddedDatabase {
  /** The login is a superuser: transactions must switch to the role `app_user` themselves. */
  url: string
  /** Stops the server, writes everything to disk and unlocks the folder. Further calls have no effect. */
  close(): Promise<void>
}

/** Serves a PGlite database on a port of 127.0.0.1. */
export async function servePglite(postgres: PGlite, onClosed = () => {}): Promise<EmbeddedDatabase> {
  const { PGLiteSocketServer } = await import('@electric-sql/pglite-socket')
  const server = new PGLiteSocketServer({ db: postgres, host: '127.0.0.1', port: 0, maxConnections: 100 })
  await server.start()
  let closed: Promise<void> | undefined
  const shutDown = async () => {
    await server.stop()
    await postgres.close()
    onClosed()
  }
  return {
    url: `postgres://postgres:postgres@${server.getServerConn()}/postgres`,
    close() {
      closed ??= shutDown()
      return closed
    },
  }
}
