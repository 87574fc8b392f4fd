import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { OperatorError } from '../errors/index.ts'
import { databaseUrl } from './database-url.ts'
import type { CommandIo } from './io.ts'
import { findOwnerUrl } from './owner-url.ts'

/**
 * The URL of the worker, or else of the owner, and what names it.
 *
 * @throws OperatorError when there is none
 */
export async function findWorkerUrl(io: CommandIo): Promise<{ variable: string; url: string }> {
  const { DATABASE_WORKER_URL } = io.env
  const variable = 'DATABASE_WORKER_URL'
  if (DATABASE_WORKER_URL) return { variable, url: databaseUrl(DATABASE_WORKER_URL, variable) }
  const owner = await findOwnerUrl(io)
  if (owner !== undefined) return owner
  const unset =
    'DATABASE_WORKER_URL is not set: set it to postgres://app_worker:password@host:5432/database, or set DATABASE_OWNER_URL'
  throw new OperatorError(existsSync(join(io.cwd, embedded)) ? `${unset}. ${embeddedWorker}` : unset)
}

/** The folder of the database that `bun run up` starts. */
const embedded = '.rowhouse/postgres'
const embeddedWorker =
  'The embedded database in .rowhouse needs no other worker: "bun run up" runs one, and no other process can reach this database.'
