import type { Logger } from 'pino'
import { type Config, loadConfig } from '../service/config/config.ts'
import { createService, type ServiceOptions } from '../service/service.ts'
import { type Listen, ListenError, type Listening, urlOf } from './listening.ts'
import { createLog } from './log.ts'
import { readDocsAsset } from './read-docs-asset.ts'

/**
 * The life of the process, on Bun and on Node: configuration, wall check, listening, and an orderly end. What is wrong
 * at start is thrown, for `exitWith`.
 *
 * @param listen how this runtime serves the app
 * @param options what an embedded database brings with it: `environment`, `role`, and `onStopped`; `worker`: its number
 *   among those that serve on one port
 * @returns the URL that people can open
 */
export async function runService(
  listen: Listen,
  options: Pick<ServiceOptions, 'role'> & {
    environment?: Record<string, string | undefined>
    worker?: number
    onStopped?: () => Promise<void>
  } = {},
): Promise<string> {
  const { environment = process.env, role, worker, onStopped } = options
  const config = loadConfig(environment)
  const log = await createLog(config.LOG_LEVEL, worker === undefined ? {} : { worker })
  const service = await createService({ config, log, loadDocsAsset: readDocsAsset, ...(role ? { role } : {}) })
  const end = async () => {
    await service.close()
    await onStopped?.()
  }
  try {
    await service.assertIsolation()
    const listening = await listen(service.app, config).catch((cause: Error) => {
      throw new ListenError(config, cause)
    })
    const url = urlOf(config.HOST, listening.port)
    log.info({ url }, 'listening')
    stopOnSignal(listening, end, config, log)
    return url
  } catch (error) {
    await end()
    throw error
  }
}

function stopOnSignal(listening: Listening, end: () => Promise<void>, config: Config, log: Logger): void {
  let stopping = false
  const stop = async (signal: string) => {
    if (stopping) return
    stopping = true
    log.info({ signal }, 'stopping')
    const deadline = setTimeout(async () => {
      log.warn({ ms: config.SHUTDOWN_TIMEOUT_MS }, 'requests were still under way at the deadline')
      await listening.kill()
      process.exit(1)
    }, config.SHUTDOWN_TIMEOUT_MS)
    await listening.stop()
    await end()
    clearTimeout(deadline)
    log.info({}, 'stopped')
    process.exit(0)
  }
  process.on('SIGTERM', stop)
  process.on('SIGINT', stop)
  // A promise that a handler left behind must not take every tenant's requests down with it.
  process.on('unhandledRejection', (reason) =>
    log.error({ name: reason instanceof Error ? reason.name : typeof reason }, 'a rejection was not handled'),
  )
}
