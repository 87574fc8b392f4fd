import { Database } from 'bun:sqlite'
import { mkdirSync } from 'node:fs'
import { PGlite } from '@electric-sql/pglite'
import { OperatorError } from '../src/errors/index.ts'
import { type EmbeddedDatabase, servePglite } from '../src/migrate/index.ts'

/** Another process has the database of this folder open. */
export class AlreadyRunning extends OperatorError {
  override readonly name = 'AlreadyRunning'
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
    return await servePglite(await PGlite.create({ dataDir: `${folder}/postgres` }), unlock)
  } catch (error) {
    unlock()
    throw error
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
