import cluster from 'node:cluster'
import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { ConfigError } from '../errors/index.ts'
import { type Config, loadConfig } from '../service/config/config.ts'
import { runCluster, type Sharing } from './cluster.ts'
import { reportStart, workerCount } from './cluster-worker.ts'
import type { Listen } from './listening.ts'
import { createLog } from './log.ts'

export interface ServeOptions {
  environment: Record<string, string | undefined>
  sharing: Sharing | 'none'
}

/**
 * Runs `bun start` and `node dist/node.js`: serves in this process or, with `--workers`, in a cluster of processes.
 *
 * @param listen serves the app on this runtime
 * @throws ConfigError for an unknown option or setting, and every error of a start: `exitWith` prints them
 */
export async function serve(listen: Listen, { environment: given, sharing }: ServeOptions): Promise<void> {
  const { worker } = cluster
  // Imported only where it runs: the primary process of a cluster never loads the app.
  const run = async (options: object) => (await import('./process.ts')).runService(listen, options)
  if (worker)
    return await reportStart(() =>
      run({ environment: given, worker: worker.id, processes: Number(given[workerCount]) }),
    )
  const environment = { ...given, ...workersOption(process.argv.slice(2)) }
  const config = loadConfig(environment)
  const count = countWorkers(config, sharing)
  if (sharing === 'none' || count === 1) await run({ environment })
  else await runCluster({ config, count, sharing, log: await createLog(config.log.level) })
}

/** `--workers` overrides the setting WORKERS. */
function workersOption(commandLine: string[]): { WORKERS?: string } {
  try {
    const { workers } = parseArgs({ args: commandLine, options: { workers: { type: 'string' } } }).values
    return workers === undefined ? {} : { WORKERS: workers }
  } catch {
    throw new ConfigError(
      'Unknown option: the only one is --workers (a number or auto). Every other setting is an environment variable.',
    )
  }
}

/** `auto` is one worker a core, at most one a connection. */
function countWorkers({ server: { workers }, database }: Config, sharing: ServeOptions['sharing']): number {
  if (workers === 'auto') return sharing === 'none' ? 1 : Math.min(availableParallelism(), database.poolSize)
  if (workers > 1 && sharing === 'none')
    throw new ConfigError(
      'WORKERS must be 1 here: Bun shares a port between processes only on Linux. Unset WORKERS, or run the service on Node.',
    )
  return workers
}
