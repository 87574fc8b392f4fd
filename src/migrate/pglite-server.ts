import type { PGlite } from '@electric-sql/pglite'

/** A PostgreSQL in this process, behind a socket, so that everything else is as in production. */
export interface EmbeddedDatabase {
  /** Its login is a superuser: transactions must take the role `app_user` themselves. */
  url: string
  /** Writes all to disk and lets the folder go. A second call does nothing more. */
  close(): Promise<void>
}

/** Puts a database behind a socket. */
export async function serve(postgres: PGlite, afterwards = () => {}): Promise<EmbeddedDatabase> {
  const { PGLiteSocketServer } = await import('@electric-sql/pglite-socket')
  const server = new PGLiteSocketServer({ db: postgres, host: '127.0.0.1', port: 0, maxConnections: 100 })
  await server.start()
  let closed: Promise<void> | undefined
  const shut = async () => {
    await server.stop()
    await postgres.close()
    afterwards()
  }
  return {
    url: `postgres://postgres:postgres@${server.getServerConn()}/postgres`,
    close() {
      closed ??= shut()
      return closed
    },
  }
}
