import { ConfigError } from '../errors/index.ts'
import { type Config, loadConfig } from '../service/config/config.ts'
import { createService, type ServiceOptions } from '../service/service.ts'
import type { ServiceLog } from '../service/service-log.ts'
import { urlOf } from './address.ts'
import { type Listen, ListenError, type Listening } from './listening.ts'
import { createLog } from './log.ts'
import { readDocsAsset } from './read-docs-asset.ts'
import { startWorker, type WorkerDatabase } from './worker.ts'

/**
 * Runs `bun start` and `node dist/node.js`.
 *
 * @param listen serves the app on this runtime
 * @throws ConfigError for an option on the command line or a wrong setting, and every error of {@link runService}
 */
export async function serve(listen: Listen): Promise<void> {
  const [option] = process.argv.slice(2)
  if (option !== undefined)
    throw new ConfigError(`Unknown option: ${option}. Every setting is an environment variable: docs/configuration.md`)
  await runService(listen, { config: loadConfig(process.env) })
}

/**
 * Runs the service on Bun or Node: checks the isolation, listens, and stops on a signal.
 *
 * @param listen serves the app on this runtime
 * @param options the configuration; `worker`: where periodic work runs in this process; the others are for an embedded database
 * @returns the URL to open in a browser
 * @throws ConfigError, ListenError, and the errors of `assertIsolation`: `exitWith` prints them
 */
export async function runService(
  listen: Listen,
  options: Pick<ServiceOptions, 'config' | 'role'> & { worker?: WorkerDatabase; onStopped?: () => Promise<void> },
): Promise<string> {
  const { config, role, worker, onStopped } = options
  const log = await createLog(config.log.level)
  const service = await createService({
    config,
    log,
    loadDocsAsset: readDocsAsset,
    ...(role ? { role } : {}),
  })
  let endWorker = async () => {}
  const end = async () => {
    await Promise.all([service.close(), endWorker()])
    await onStopped?.()
  }
  try {
    await service.assertIsolation()
    const listening = await listen(service.app, config).catch((cause: Error) => {
      throw new ListenError(config, cause)
    })
    const url = urlOf(config.server.host, listening.port)
    log.info({ url }, 'listening')
    if (worker) endWorker = startWorker(worker, log)
    stopOnSignal(listening, { drain: service.drain, end }, config, log)
    return url
  } catch (error) {
    await end()
    throw error
  }
}

interface Ending {
  /** Answers `/ready` with 503, and other requests as before. */
  drain(): void
  end(): Promise<void>
}

function stopOnSignal(listening: Listening, { drain, end }: Ending, config: Config, log: ServiceLog): void {
  const { shutdownDrainMs, shutdownTimeoutMs } = config.server
  let endDrain: (() => void) | undefined
  const stop = async (signal: string) => {
    if (endDrain) return endDrain() // a second signal
    log.info({ signal }, 'stopping')
    drain()
    await new Promise<void>((resolve) => {
      endDrain = resolve
      setTimeout(resolve, shutdownDrainMs)
    })
    const deadline = setTimeout(async () => {
      log.warn({ ms: shutdownTimeoutMs }, 'requests were still running at the deadline')
      await listening.kill()
      process.exit(1)
    }, shutdownTimeoutMs)
    await listening.stop()
    await end()
    clearTimeout(deadline)
    log.info({}, 'stopped')
    process.exit(0)
  }
  process.on('SIGTERM', stop)
  process.on('SIGINT', stop)
  // An unhandled rejection of one request must not end the process with every tenant's requests.
  process.on('unhandledRejection', (reason) =>
    log.error({ name: reason instanceof Error ? reason.name : typeof reason }, 'unhandled rejection'),
  )
}
