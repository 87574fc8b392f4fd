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
