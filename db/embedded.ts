import { Database } from 'bun:sqlite'
import { mkdirSync } from 'node:fs'
import { PGlite } from '@electric-sql/pglite'
import { OperatorError } from '../src/errors/index.ts'
import { type EmbeddedDatabase, servePglite } from '../src/migrate/index.ts'

/** Another process has opened the database of this folder. */
export class AlreadyRunning extends OperatorError {
  override readonly name = 'AlreadyRunning'
}

/**
 * Opens the PGlite database of a folder, and creates a missing one. A confirmed COMMIT is on disk.
 *
 * @throws AlreadyRunning when another process has opened it
 * @example
 * const { url, close } = await openEmbedded('.rowhouse')
 */
export async function openEmbedded(folder: string): Promise<EmbeddedDatabase> {
  mkdirSync(folder, { recursive: true })
  const unlock = lock(`${folder}/lock`)
  try {
    return await servePglite(await PGlite.create({ dataDir: `${folder}/postgres` }), unlock)
  } catch (error) {
    unlock()
    throw error
  }
}

/** SQLite uses a lock of the operating system, which ends with the process even after a crash. */
function lock(path: string): () => void {
  const database = new Database(path)
  try {
    database.run('pragma locking_mode = exclusive')
    database.run('begin exclusive')
  } catch (cause) {
    database.close()
    throw new AlreadyRunning(
      `Rowhouse is already running with this folder (${path} is locked): stop the other process first`,
      {
        cause,
      },
    )
  }
  return () => database.close()
}
