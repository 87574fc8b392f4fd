import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { type MigrationMeta, readMigrationFiles } from 'drizzle-orm/migrator'
import { z } from 'zod'
import { OperatorError } from '../errors/index.ts'

/** A migration failed and was rolled back. The message names the file and the statement. */
export class MigrationError extends OperatorError {
  override readonly name = 'MigrationError'
}

/** A Drizzle migration with the name of its file: `drizzle/0000_users.sql`. */
export type Migration = MigrationMeta & { name: string }

const journal = 'meta/_journal.json'
const schema = z.object({ entries: z.array(z.object({ tag: z.string() })) })

/**
 * Reads the migrations that `drizzle-kit generate` has written.
 *
 * @param folder a missing folder counts as empty
 * @throws MigrationError when the journal, or a file that it names, is missing or broken
 */
export async function readMigrations(folder: string): Promise<Migration[]> {
  if (!existsSync(folder)) return []
  const name = `${basename(folder)}/${journal}`
  if (!existsSync(join(folder, journal)))
    throw new MigrationError(
      `${name} does not exist: run "drizzle-kit generate" first, or restore it from version control.`,
    )
  try {
    const { entries } = schema.parse(JSON.parse(await readFile(join(folder, journal), 'utf8')))
    const files = readMigrationFiles({ migrationsFolder: folder })
    return files.map((file, index) => ({ ...file, name: `${basename(folder)}/${entries[index]?.tag}.sql` }))
  } catch (cause) {
    const reason = cause instanceof z.ZodError ? z.prettifyError(cause).replaceAll('\n', '') : messageOf(cause)
    const remedy =
      'Restore it from version control with the files that it names. After a merge, check it for conflicts.'
    throw new MigrationError(`${name} cannot be read: ${reason}\n${remedy}`, { cause })
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))
