import { createPool } from '../database/index.ts'
import { invalidConfiguration } from '../service/config/problems.ts'
import { readSecretFiles } from '../service/config/secret-files.ts'
import { currentPassword } from '../service/current-password.ts'
import type { ServiceLog } from '../service/service-log.ts'
import { signerOf, tasksWith } from '../service/worker-tasks.ts'
import { readDatabaseUrl } from '../text/index.ts'
import { runWorker, type WorkerTask } from '../worker/index.ts'

type Environment = Record<string, string | undefined>

/** The database of the worker, the file that its URL came from, and what the worker does. */
export interface WorkerDatabase {
  url: string
  file?: string | undefined
  tasks: readonly WorkerTask[]
}

/**
 * Reads DATABASE_WORKER_URL and AUDIT_SIGNING_KEY, or their files.
 *
 * @returns the database, undefined without the setting, what a worker does, and the environment of the service: a pipe has its secret once
 * @throws ConfigError when a file cannot be read, or has no URL of a database; OperatorError when the key is none
 */
export function readWorker(given: Environment): {
  worker: WorkerDatabase | undefined
  tasks: readonly WorkerTask[]
  environment: Environment
} {
  const setting = 'DATABASE_WORKER_URL'
  const { environment, paths, names, problems } = readSecretFiles(given, [setting, 'AUDIT_SIGNING_KEY'])
  const { [setting]: url, AUDIT_SIGNING_KEY, ...rest } = environment
  const read = url ? readDatabaseUrl(url) : {}
  if ('problem' in read) problems.push(`${names[setting] ?? setting} ${read.problem}`)
  if (problems.length > 0) throw invalidConfiguration(problems)
  const tasks = tasksWith(signerOf(AUDIT_SIGNING_KEY))
  return { worker: url ? { url, file: paths[setting], tasks } : undefined, tasks, environment: rest }
}

/**
 * Runs the worker in this process, beside the service. A login that PostgreSQL refuses ends the worker alone.
 *
 * @returns a function that ends it after the batch that is running
 */
export function startWorker({ url, file, tasks }: WorkerDatabase, log: ServiceLog): () => Promise<void> {
  const connections = createPool({ url, size: 1, ...currentPassword('DATABASE_WORKER_URL', file, log) })
  const stop = new AbortController()
  const running = runWorker({ connections, log, tasks, signal: stop.signal }).catch(() =>
    log.error({}, 'the worker ended: PostgreSQL refuses its login ("rowhouse worker --once" shows the reason)'),
  )
  return async () => {
    stop.abort()
    await running
    await connections.close()
  }
}
