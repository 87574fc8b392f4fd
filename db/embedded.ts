import { Database } from 'bun:sqlite'
import { mkdirSync } from 'node:fs'
import { PGlite } from '@electric-sql/pglite'
import { PGLiteSocketServer } from '@electric-sql/pglite-socket'

/** Another process has the database of this folder open. */
export class AlreadyRunning extends Error {
  override readonly name = 'AlreadyRunning'
}

/** A PostgreSQL in this process, behind a socket, so that everything else is as in production. */
export interface EmbeddedDatabase {
  /** Its login is a superuser: transactions must take the role `app_user` themselves. */
  url: string
  /** Writes all to disk and lets the folder go. A second call does nothing more. */
  close(): Promise<void>
}

/**
 * Opens the database that is kept in a folder, or makes it. A commit has been written to disk when it is confirmed.
 *
 * @throws AlreadyRunning when another process has it open
 * @example
 * const { url, close } = await openEmbedded('.rowhouse')
 */
export async function openEmbedded(folder: string): Promise<EmbeddedDatabase> {
  mkdirSync(folder, { recursive: true })
  const unlock = lock(`${folder}/lock`)
  try {
    return await serve(await PGlite.create({ dataDir: `${folder}/postgres` }), unlock)
  } catch (error) {
    unlock()
    throw error
  }
}

/** Puts a database behind a socket. */
export async function serve(postgres: PGlite, afterwards = () => {}): Promise<EmbeddedDatabase> {
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

/** SQLite's lock is the operating system's: it ends with the process, however that ends, and leaves nothing to clean. */
function lock(path: string): () => void {
  const database = new Database(path)
  try {
    database.run('pragma locking_mode = exclusive')
    database.run('begin exclusive')
  } catch (cause) {
    database.close()
    throw new AlreadyRunning(`Rowhouse is running already from this folder (${path} is locked). Stop it there first.`, {
      cause,
    })
  }
  return () => database.close()
}
