import { existsSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { applyMigrations } from './apply-migrations.ts'
import type { Progress, ServedProject } from './project.ts'
import { breakpoint, MigrationError, outsideComment, readMigrations, readText } from './read-migrations.ts'
import { ownerRemedies, type Remedies, runStatements } from './run-statements.ts'
import type { Session } from './session.ts'
import { versionFile } from './sql-version.ts'

/** The files of the SQL folder that `rowhouse init` copies. */
export const shippedFiles = [
  '10-roles.sql',
  '20-tenancy.sql',
  '25-signed-context.sql',
  '30-protect.sql',
  '33-recorder.sql',
  '34-audit.sql',
  '35-tenant-directory.sql',
  '36-audit-log.sql',
  '36-trash.sql',
  '36-undo.sql',
  '37-idempotency.sql',
  '38-worker.sql',
  versionFile,
]
/** The file of the SQL folder that `rowhouse init` generates. */
export const protectedTablesFile = '40-protected-tables.sql'

const generateRemedy = 'Run "drizzle-kit generate" first, and "rowhouse init" after each change of the schema.'
const roleRemedies: Remedies = {
  '42501': 'DATABASE_OWNER_URL must log in as a role with CREATEROLE: this file creates and alters the serving role.',
}
const tableRemedies: Remedies = { ...ownerRemedies, '42P01': generateRemedy, '3F000': generateRemedy }

/**
 * Runs the SQL files before `40-`, the new migrations, and the other SQL files. The schemas of a migration must be trusted.
 *
 * @param progress receives the names of the new migrations
 * @param asExisting whether to try each migration also as a database would that has the ones before it: see `applyMigrations`
 */
export async function applyProject(
  session: Session,
  project: ServedProject,
  progress: Progress,
  asExisting: boolean,
): Promise<void> {
  const { sql = 'sql', migrations = 'drizzle' } = project
  if (!existsSync(sql)) throw new MigrationError(`The folder ${sql} does not exist: "rowhouse init" writes it.`)
  const files = (await readdir(sql)).filter((name) => name.endsWith('.sql')).toSorted()
  for (const name of files.filter((name) => name < '40-'))
    await runFile(session, join(sql, name), name === '10-roles.sql' ? roleRemedies : ownerRemedies)
  const protectTables = async () => {
    for (const name of files.filter((name) => name >= '40-')) await runFile(session, join(sql, name), tableRemedies)
  }
  await applyMigrations(session, await readMigrations(migrations), { project, progress, asExisting, protectTables })
  await protectTables()
}

/** Our files name the schema of each object, so they run without the schemas of the login. */
async function runFile(session: Session, path: string, remedies: Remedies): Promise<void> {
  const where = `${basename(join(path, '..'))}/${basename(path)}`
  const text = await readText(path)
  if (text.startsWith(outsideComment))
    throw new MigrationError(`${where} cannot run outside of the transaction: write a migration with these statements.`)
  const run = () => runStatements(session.connection, where, text.split(breakpoint), remedies)
  const isOurs = [...shippedFiles, protectedTablesFile].includes(basename(path))
  await (isOurs ? run() : session.withOwnPath(run))
}
