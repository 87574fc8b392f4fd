import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { type MigrationMeta, readMigrationFiles } from 'drizzle-orm/migrator'
import { z } from 'zod'
import { OperatorError } from '../errors/index.ts'

/** A migration stopped; the database is as it was. The message names the file and the statement. */
export class MigrationError extends OperatorError {
  override readonly name = 'MigrationError'
}

/** A migration of Drizzle's, by the name of its file: `drizzle/0000_users.sql`. */
export type Migration = MigrationMeta & { name: string }

const journal = 'meta/_journal.json'
const schema = z.object({ entries: z.array(z.object({ tag: z.string() })) })

/**
 * Reads the migrations that `drizzle-kit generate` has written.
 *
 * @param folder one that is not there holds none
 * @throws MigrationError when the journal, or a file that it names, is missing or broken
 */
export async function readMigrations(folder: string): Promise<Migration[]> {
  if (!existsSync(folder)) return []
  const name = `${basename(folder)}/${journal}`
  if (!existsSync(join(folder, journal)))
    throw new MigrationError(`There is no ${name}: run "drizzle-kit generate" first, or take it from version control.`)
  try {
    const { entries } = schema.parse(JSON.parse(await readFile(join(folder, journal), 'utf8')))
    const files = readMigrationFiles({ migrationsFolder: folder })
    return files.map((file, index) => ({ ...file, name: `${basename(folder)}/${entries[index]?.tag}.sql` }))
  } catch (cause) {
    const reason = cause instanceof z.ZodError ? z.prettifyError(cause).replaceAll('\n', '') : messageOf(cause)
    const remedy =
      'Take it from version control, with the files that it names; after a merge, look for conflicts in it.'
    throw new MigrationError(`${name} cannot be read: ${reason}\n${remedy}`, { cause })
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))
