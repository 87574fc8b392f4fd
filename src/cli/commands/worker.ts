import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { Command } from '@commander-js/extra-typings'
import { createPool } from '../../database/index.ts'
import { findDatabaseError, findRemedy, OperatorError } from '../../errors/index.ts'
import { currentPassword } from '../../service/current-password.ts'
import { describeStartProblem } from '../../service/start-problem.ts'
import { isRefusal, runWorker, runWorkerOnce, type WorkerOptions } from '../../worker/index.ts'
import { databaseUrl } from '../database-url.ts'
import type { CommandIo } from '../io.ts'
import { jsonLog } from '../output/json-log.ts'
import { findOwnerUrl } from '../owner-url.ts'

export const createWorkerCommand = (io: CommandIo) =>
  new Command('worker')
    .description('Run periodic work in a database: delete expired answers of requests with an Idempotency-Key.')
    .option('--once', 'run each task once, then exit: for cron')
    .addHelpText(
      'after',
      `
Several workers may run at the same time: each batch of a task is run by one of them. Without --once the command runs
until SIGTERM or SIGINT, which it obeys after the batch that is running, and goes on by itself after an outage of the
database. "bun run up" and "rowhouse worker" write one line of JSON for each task that did something.

Environment variables:
  DATABASE_WORKER_URL  the database, as app_worker, which may do this and nothing else: "rowhouse migrate" creates it
  DATABASE_OWNER_URL   the database, as its owner, without the one above (default: dbCredentials.url of drizzle.config.ts)

Exit codes: 0 success or a signal, 1 a task of --once failed, 2 the command could not run.

Examples:
  DATABASE_WORKER_URL=postgres://app_worker:…@db/app ${io.runner.run} rowhouse worker
  ${io.runner.run} rowhouse worker --once`,
    )
    .action(async ({ once = false }) => {
      const { variable, url } = await findUrl(io)
      const log = jsonLog(io.stdout)
      const file = io.secretFiles[variable]
      const password = currentPassword(variable as 'DATABASE_WORKER_URL', file, log) // the one of which there is a file
      const connections = createPool({ url, size: 1, ...password })
      const stop = new AbortController()
      const end = () => stop.abort() // a second signal ends the process
      for (const signal of signals) process.once(signal, end)
      try {
        await run({ connections, log, signal: stop.signal }, once, io)
      } finally {
        for (const signal of signals) process.off(signal, end)
        await connections.close()
      }
    })

const signals = ['SIGTERM', 'SIGINT'] as const

async function run(options: WorkerOptions, once: boolean, io: CommandIo): Promise<void> {
  try {
    if (!once) options.log.info({}, 'the worker runs')
    await (once ? runWorkerOnce(options) : runWorker(options))
    if (!once) options.log.info({}, 'the worker ended')
  } catch (error) {
    if (isRefusal(error)) throw new OperatorError(problemOf(error), { cause: error })
    io.stderr.write(`${problemOf(error)}\n`)
    io.exitCode = 1
  }
}

/** @throws OperatorError when there is none */
async function findUrl(io: CommandIo): Promise<{ variable: string; url: string }> {
  const { DATABASE_WORKER_URL } = io.env
  const variable = 'DATABASE_WORKER_URL'
  if (DATABASE_WORKER_URL) return { variable, url: databaseUrl(DATABASE_WORKER_URL, variable) }
  const isEmbedded = existsSync(join(io.cwd, embedded))
  const owner = await findOwnerUrl(io).catch((error) => {
    if (!isEmbedded || io.env.DATABASE_OWNER_URL) throw error
    return undefined // drizzle.config.ts cannot be loaded
  })
  if (owner !== undefined) return owner
  const unset =
    'DATABASE_WORKER_URL is not set: set it to postgres://app_worker:password@host:5432/database, or set DATABASE_OWNER_URL'
  throw new OperatorError(isEmbedded ? `${unset}. ${embeddedWorker}` : unset)
}

/** The folder of the database that `bun run up` starts. */
const embedded = '.rowhouse/postgres'
const embeddedWorker =
  'The embedded database in .rowhouse needs no other worker: "bun run up" runs one, and no other process can reach this database.'

const notMigrated = 'This database does not have the tasks of this release: run "rowhouse migrate" first'
/** By SQLSTATE (PostgreSQL, appendix A). `describeStartProblem` would name the remedies of the service. */
const messages: Record<string, string> = {
  '3F000': notMigrated,
  '42883': notMigrated,
  '42501':
    'This login may not run the tasks of the worker: log in as app_worker, which "rowhouse migrate" creates when DATABASE_WORKER_URL is ' +
    'set, or as the owner',
}

/** The message of an error that has no remedy can hold values. */
function problemOf(error: unknown): string {
  const sqlstate = findDatabaseError(error)?.sqlstate
  if (sqlstate === undefined || (messages[sqlstate] === undefined && findRemedy(error) !== undefined))
    return describeStartProblem(error)
  return messages[sqlstate] ?? `A task failed with SQLSTATE ${sqlstate}: the log of PostgreSQL has its message`
}
