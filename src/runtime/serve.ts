import cluster from 'node:cluster'
import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { ConfigError } from '../errors/index.ts'
import { type Config, loadConfig } from '../service/config/config.ts'
import { runCluster, type Sharing } from './cluster.ts'
import { reportStart } from './cluster-worker.ts'
import type { Listen } from './listening.ts'
import { createLog } from './log.ts'

export interface ServeOptions {
  environment: Record<string, string | undefined>
  sharing: Sharing | 'none'
}

/**
 * What `bun start` and `node dist/node.js` do: serve in this process or, with `--workers`, look after processes that do.
 * What is wrong at start is thrown, for `exitWith`.
 *
 * @param listen how this runtime serves the app
 */
export async function serve(listen: Listen, { environment: given, sharing }: ServeOptions): Promise<void> {
  const { worker } = cluster
  // Loaded where it is needed: the process that looks after workers has no use for the app.
  const run = async (options: object) => (await import('./process.ts')).runService(listen, options)
  if (worker) return await reportStart(() => run({ environment: given, worker: worker.id }))
  const environment = { ...given, ...workersOption(process.argv.slice(2)) }
  const config = loadConfig(environment)
  const count = countWorkers(config, sharing)
  if (sharing === 'none' || count === 1) await run({ environment })
  else await runCluster({ config, count, sharing, log: await createLog(config.LOG_LEVEL) })
}

/** `--workers` says the same as the setting, and comes before it. */
function workersOption(commandLine: string[]): { WORKERS?: string } {
  try {
    const { workers } = parseArgs({ args: commandLine, options: { workers: { type: 'string' } } }).values
    return workers === undefined ? {} : { WORKERS: workers }
  } catch {
    throw new ConfigError('There is one option: --workers N, or --workers auto. Everything else is in the environment.')
  }
}

/** As many as were asked for; with `auto` as many as are of use. */
function countWorkers({ WORKERS, DATABASE_POOL_SIZE }: Config, sharing: ServeOptions['sharing']): number {
  if (WORKERS === 'auto') return sharing === 'none' ? 1 : Math.min(availableParallelism(), DATABASE_POOL_SIZE)
  if (WORKERS > 1 && sharing === 'none')
    throw new ConfigError('Bun shares a port between workers on Linux alone: leave WORKERS out here, or use Node.')
  return WORKERS
}
