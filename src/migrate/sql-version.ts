import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { sqlVersionWithoutNumber } from '../isolation/index.ts'
import { readText } from './read-migrations.ts'

/** The shipped file that writes the version of the SQL to the database. */
export const versionFile = '39-version.sql'

/**
 * Reads the version of the SQL files of a project. `sqlVersion` is that of this release.
 *
 * @param folder the folder of hand-written SQL
 * @returns 1 for files of the first version, which has no number
 * @example
 * const isOld = (await readSqlVersion('sql')) < sqlVersion
 */
export async function readSqlVersion(folder: string): Promise<number> {
  const path = join(folder, versionFile)
  const [, number] = existsSync(path) ? (/'rowhouse sql (\d{1,9})'/.exec(await readText(path)) ?? []) : []
  return number === undefined ? sqlVersionWithoutNumber : Number(number)
}
