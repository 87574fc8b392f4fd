import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { z } from 'zod'
import { OperatorError } from '../errors/index.ts'

/** A migration failed. The message names the file and the statement, and what is permanent if the migration was not rolled back. */
export class MigrationError extends OperatorError {
  override readonly name = 'MigrationError'
}

/** A Drizzle migration. */
export interface Migration {
  /** `drizzle/0000_users.sql` */
  name: string
  /** Identifies it in a database: when it was generated, in milliseconds since the epoch. */
  when: number
  statements: string[]
  /** What a database stores. Line ends and the first-line comment do not change it, otherwise it is Drizzle's hash. */
  hash: string
  /** Other hashes of the same SQL, which an older release or Drizzle stored for a file with CR. */
  otherHashes: string[]
  /** Whether its statements run outside of a transaction. */
  isOutside: boolean
}

/** Separates the statements of a file. */
export const breakpoint = '--> statement-breakpoint'
/** The first line of a migration whose statements run outside of a transaction. */
export const outsideComment = '-- rowhouse: no transaction'

const journal = 'meta/_journal.json'
const schema = z.object({ entries: z.array(z.object({ tag: z.string(), when: z.number() })) })

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
    const { success, data, error } = schema.safeParse(JSON.parse(await readText(join(folder, journal))))
    if (!success) throw new Error(z.prettifyError(error).replaceAll('\n', ''))
    const { entries } = data
    return await Promise.all(entries.map(({ tag, when }) => readMigration(folder, tag, when)))
  } catch (cause) {
    if (cause instanceof MigrationError) throw cause
    const remedy =
      'Restore it from version control with the files that it names. After a merge, check it for conflicts.'
    throw new MigrationError(`${name} cannot be read: ${messageOf(cause)}\n${remedy}`, { cause })
  }
}

async function readMigration(folder: string, tag: string, when: number): Promise<Migration> {
  const file = join(folder, `${tag}.sql`)
  const name = `${basename(folder)}/${tag}.sql`
  if (!existsSync(file)) throw new Error(`No file ${name} found`)
  const [original, text] = [await readFile(file, 'utf8'), await readText(file)]
  const [, comment = '', sql = text] = /^(-- rowhouse:[^\n]*)(?:\n|$)(.*)/s.exec(text) ?? []
  const isOutside = comment.trimEnd() === outsideComment
  if (comment !== '' && !isOutside)
    throw new MigrationError(
      `${name} begins with an unknown comment, ${comment}: the known one is "${outsideComment}".`,
    )
  const otherHashes = [original, sql.replaceAll('\n', '\r\n')].map(hashOf)
  return { name, when, statements: sql.split(breakpoint), hash: hashOf(sql), otherHashes, isOutside }
}

/** Reads a text without a byte order mark and without CR: git and editors on Windows add them. */
export const readText = async (path: string): Promise<string> =>
  (await readFile(path, 'utf8')).replace(/^\uFEFF/, '').replaceAll('\r\n', '\n')

const hashOf = (text: string): string => createHash('sha256').update(text).digest('hex')
const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))
