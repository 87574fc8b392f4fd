import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { PGlite } from '@electric-sql/pglite'

/** PGlite in this process behind a socket: clients connect as they do to a PostgreSQL server. */
export interface EmbeddedDatabase {
  /** The login is a superuser: transactions must switch to the serving role themselves. */
  url: string
  /** Stops the server, writes everything to disk and unlocks the folder. Further calls have no effect. */
  close(): Promise<void>
}

/** A PGlite of `@electric-sql/pglite`. Applications compile without that package, so its own type is not named here. */
export interface PgliteInstance {
  readonly waitReady: Promise<void>
  close(): Promise<void>
}

const file = '.s.PGSQL.5432'
/** The longest path of a socket on macOS; Linux allows four bytes more (unix(7)). */
const pathMax = 103

/**
 * Serves a PGlite database on a Unix socket in a new folder that only this user can enter: PGlite asks for no password, and its
 * login is a superuser. On Windows, whose Unix sockets node-postgres does not use, it is a port of 127.0.0.1, which every user
 * of the machine can reach.
 */
export async function servePglite(postgres: PgliteInstance, onClosed = () => {}): Promise<EmbeddedDatabase> {
  const { PGLiteSocketServer } = await import('@electric-sql/pglite-socket')
  const folder = process.platform === 'win32' ? undefined : createSocketFolder()
  const address = folder === undefined ? { host: '127.0.0.1', port: 0 } : { path: join(folder, file) }
  const db = postgres as PGlite // no other package has a PGlite
  const server = new PGLiteSocketServer({ db, ...address, maxConnections: 100 })
  await server.start()
  let closed: Promise<void> | undefined
  const shutDown = async () => {
    await server.stop()
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true })
    await postgres.close()
    onClosed()
  }
  return {
    url:
      folder === undefined
        ? `postgres://postgres@${server.getServerConn()}/postgres`
        : `postgres://postgres@localhost/postgres?host=${encodeURIComponent(folder)}`,
    close() {
      closed ??= shutDown()
      return closed
    },
  }
}

/** A new folder with the mode 0700, near enough to the root for the path of a socket. */
function createSocketFolder(): string {
  const pathOf = (parent: string) => join(parent, 'rowhouse-XXXXXX', file)
  const parent = Buffer.byteLength(pathOf(tmpdir())) <= pathMax ? tmpdir() : '/tmp'
  return mkdtempSync(join(parent, 'rowhouse-'))
}
