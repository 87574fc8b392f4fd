import { Database } from 'bun:sqlite'
import { accessSync, chmodSync, constants, existsSync, mkdirSync, rmSync } from 'node:fs'
import { resolve } from 'node:path'
import { PGlite } from '@electric-sql/pglite'
import { OperatorError } from '../src/errors/index.ts'
import { type EmbeddedDatabase, servePglite } from '../src/migrate/index.ts'
import { folderProblem } from './folder-problem.ts'

/** Another process has opened the database of this folder. */
export class AlreadyRunning extends OperatorError {
  override readonly name = 'AlreadyRunning'
}

/**
 * Opens the PGlite database of a folder, and creates a missing one. Only this user can enter the folder. A confirmed COMMIT is on
 * disk.
 *
 * @throws AlreadyRunning when another process has opened it, OperatorError with the folder when it cannot be opened or created
 * @example
 * const { url, close } = await openEmbedded('.rowhouse')
 */
export async function openEmbedded(folder: string): Promise<EmbeddedDatabase> {
  const data = `${folder}/postgres`
  let isNew = false
  let unlock = () => {}
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    chmodSync(folder, 0o700) // PGlite's files can be read and written by every user who can enter the folder
    accessSync(folder, constants.W_OK)
    unlock = lock(`${folder}/lock`)
    isNew = !existsSync(data)
    return await servePglite(await PGlite.create({ dataDir: data }), unlock)
  } catch (error) {
    const problem = error instanceof OperatorError ? error : cannotOpen(folder, error)
    if (isNew) rmSync(data, { recursive: true, force: true }) // PGlite would take a half of a database for a whole one
    unlock()
    throw problem
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
    if (codeOf(cause) !== 'SQLITE_BUSY') throw cause
    throw new AlreadyRunning(
      `Rowhouse is already running with this folder (${path} is locked): stop the other process first`,
      {
        cause,
      },
    )
  }
  return () => database.close()
}

const codeOf = (error: unknown): string => (error instanceof Error && 'code' in error ? String(error.code) : '')

function cannotOpen(folder: string, cause: unknown): OperatorError {
  const what = `Cannot open the database in ${resolve(folder)}`
  const problem = folderProblem(folder, codeOf(cause))
  if (problem !== undefined) return new OperatorError(`${what}: ${problem}`, { cause })
  // PGlite also throws values that are no errors, without a text.
  const reason = cause instanceof Error ? cause.message : 'PGlite cannot read it'
  return new OperatorError(`${what}: ${reason}\nMove the folder away to begin with a new database.`, { cause })
}
