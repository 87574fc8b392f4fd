import { type Connection, openConnection, query } from '../database/index.ts'
import { assertNothingOpen } from './assert-nothing-open.ts'
import type { Progress, ServedProject } from './project.ts'
import { type Migration, MigrationError } from './read-migrations.ts'
import { ownerRemedies, remediesOutside, runStatements, statementError } from './run-statements.ts'
import type { Session } from './session.ts'

interface Plan {
  project: ServedProject
  progress: Progress
  /**
   * Whether to commit before a migration that adds an enum value, and to try it together with those after it. A database that has
   * the type already would reject a use of the value, unlike an empty database, where one transaction creates the type too.
   */
  asExisting: boolean
  /** Runs the SQL files after the migrations. */
  protectTables: () => Promise<void>
}

/** Drizzle's own migrator would open a transaction of its own: a table could then exist without its protection. */
export async function applyMigrations(session: Session, migrations: Migration[], plan: Plan): Promise<void> {
  if (migrations.length === 0) return
  const { connection } = session
  await runStatements(connection, 'the table of applied migrations', createTable, ownerRemedies)
  const pending = await unknownOf(connection, migrations)
  for (const [index, migration] of pending.entries()) {
    if (migration.isOutside) await runOutside(session, migration, plan)
    else {
      if (plan.asExisting && addsEnumValue(migration)) await tryAsExisting(session, pending.slice(index))
      await run(session, migration)
      await record(connection, migration)
    }
    plan.progress.applied.push(migration.name)
    if (migration.isOutside) plan.progress.permanent = [...plan.progress.applied]
  }
}

const createTable = [
  'create schema if not exists drizzle',
  'create table if not exists drizzle.__drizzle_migrations (id serial primary key, hash text not null, created_at bigint)',
]

/** @throws MigrationError for a migration that was changed after the database applied it */
async function unknownOf(connection: Connection, migrations: Migration[]): Promise<Migration[]> {
  const known = await query(connection, 'select hash, created_at from drizzle.__drizzle_migrations')
  const hashes = new Map(known.map((row) => [Number(row.created_at), String(row.hash)]))
  return migrations.filter(({ name, when, hash, otherHashes }) => {
    const before = hashes.get(when)
    if (before === undefined) return true
    if ([hash, ...otherHashes].includes(before)) return false
    throw new MigrationError(
      `${name} was changed after this database applied it. Undo the change and add a new migration.`,
    )
  })
}

const run = (session: Session, { name, statements }: Migration): Promise<void> =>
  session.withOwnPath(() => runStatements(session.connection, name, statements, ownerRemedies))

async function record(connection: Connection, { hash, when }: Migration): Promise<void> {
  await query(connection, 'insert into drizzle.__drizzle_migrations (hash, created_at) values ($1, $2)', [hash, when])
}

const addsEnumValue = ({ statements }: Migration): boolean =>
  statements.some((statement) => /\badd\s+value\b/i.test(statement))

async function tryAsExisting(session: Session, pending: Migration[]): Promise<void> {
  const { connection, begin } = session
  await connection.command('commit')
  await begin()
  const end = pending.findIndex(({ isOutside }) => isOutside)
  for (const migration of end === -1 ? pending : pending.slice(0, end)) await run(session, migration)
  await connection.command('rollback')
  await begin()
}

async function runOutside(session: Session, migration: Migration, plan: Plan): Promise<void> {
  const { connection } = session
  await connection.command('savepoint protection')
  const isProtected = await plan.protectTables().then(
    () => true,
    // A later migration creates a table that they name: the tables so far stay without privileges for the serving role.
    () => false,
  )
  if (!isProtected) await connection.command('rollback to savepoint protection')
  await assertNothingOpen(connection, plan.project).catch((cause: Error) => {
    throw new MigrationError(`${cause.message}\n${migration.name} and the migrations before it were not applied.`, {
      cause,
    })
  })
  plan.progress.permanent = [...plan.progress.applied]
  await session.withOwnPath(async () => {}) // nobody else may plant objects in its schemas
  await session.outside(() => runAlone(session.url, migration))
}

/** On a connection of its own, so that settings of the statements end with it. */
async function runAlone(url: string, migration: Migration): Promise<void> {
  const connection = openConnection({ url, answerTimeoutMs: 0 })
  try {
    await connection.command('set row_security = off')
    for (const [index, statement] of migration.statements.entries()) {
      // CONCURRENTLY waits for other transactions, and blocks none of them.
      await connection.command(`set lock_timeout = '${/\bconcurrently\b/i.test(statement) ? '0' : '10s'}'`)
      await connection.command(statement).catch((error: unknown) => {
        throw statementError(migration.name, index, statement, error, { ...ownerRemedies, ...remediesOutside }, [
          howToGoOn(index),
        ])
      })
      if (connection.status !== 'idle')
        throw new MigrationError(
          `${migration.name} begins a transaction. Remove BEGIN from the file.\n${howToGoOn(index)}`,
        )
    }
    await connection.command('reset all')
    await record(connection, migration)
  } finally {
    await connection.close()
  }
}

/** @param done how many statements were executed */
const howToGoOn = (done: number): string =>
  `${done === 0 ? 'No statement of the file was executed.' : `The statements before it (${done}) are permanent.`} The next run begins ` +
  'with the first statement of the file: undo what was done, or change the file so that it may run again.'
