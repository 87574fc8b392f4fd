import { createPool } from '../database/index.ts'
import { invalidConfiguration } from '../service/config/problems.ts'
import { readSecretFiles } from '../service/config/secret-files.ts'
import { currentPassword } from '../service/current-password.ts'
import type { ServiceLog } from '../service/service-log.ts'
import { readDatabaseUrl } from '../text/index.ts'
import { runWorker } from '../worker/index.ts'

type Environment = Record<string, string | undefined>

/** The database of the worker, and the file that its URL came from. */
export interface WorkerDatabase {
  url: string
  file?: string | undefined
}

/**
 * Reads DATABASE_WORKER_URL or its file.
 *
 * @returns the database, undefined without the setting, and the environment of the service: a pipe has its secret once
 * @throws ConfigError when the file cannot be read, or has no URL of a database
 */
export function readWorker(given: Environment): { worker: WorkerDatabase | undefined; environment: Environment } {
  const setting = 'DATABASE_WORKER_URL'
  const { environment, paths, names, problems } = readSecretFiles(given, [setting])
  const { [setting]: url, ...rest } = environment
  const read = url ? readDatabaseUrl(url) : {}
  if ('problem' in read) problems.push(`${names[setting] ?? setting} ${read.problem}`)
  if (problems.length > 0) throw invalidConfiguration(problems)
  return { worker: url ? { url, file: paths[setting] } : undefined, environment: rest }
}

/**
 * Runs the worker in this process, beside the service. A login that PostgreSQL refuses ends the worker alone.
 *
 * @returns a function that ends it after the batch that is running
 */
export function startWorker({ url, file }: WorkerDatabase, log: ServiceLog): () => Promise<void> {
  const connections = createPool({ url, size: 1, ...currentPassword('DATABASE_WORKER_URL', file, log) })
  const stop = new AbortController()
  const running = runWorker({ connections, log, signal: stop.signal }).catch(() =>
    log.error({}, 'the worker ended: PostgreSQL refuses its login ("rowhouse worker --once" shows the reason)'),
  )
  return async () => {
    stop.abort()
    await running
    await connections.close()
  }
}
