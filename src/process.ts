import { pino } from 'pino'
import pretty from 'pino-pretty'
import { type Config, ConfigError, loadConfig } from './config.ts'
import { readDocsAsset } from './openapi/read-docs-asset.ts'
import { createService, type Service, type ServiceOptions } from './service.ts'
import { RowSecurityError } from './tenancy/index.ts'

/** A server that listens: `url` for people, `stop` finishes what runs, `kill` does not. */
export interface Listening {
  url: string
  stop(): Promise<void>
  kill(): Promise<void>
}

type Listen = (app: Service['app'], config: Config) => Promise<Listening>

/**
 * The life of the process, on Bun and on Node: configuration, wall check, listening, and an orderly end. What is wrong
 * at start is one readable message and exit code 1.
 *
 * @param listen how this runtime serves the app
 * @param options what an embedded database brings with it: `environment`, `role`, and `onStopped`
 */
export async function runService(
  listen: Listen,
  options: Pick<ServiceOptions, 'role'> & {
    environment?: Record<string, string | undefined>
    onStopped?: () => Promise<void>
  } = {},
): Promise<Listening> {
  const { environment = process.env, role, onStopped } = options
  const config = loadConfig(environment)
  const log = process.stdout.isTTY
    ? pino({ level: config.LOG_LEVEL }, pretty({ ignore: 'pid,hostname', sync: true }))
    : pino({ level: config.LOG_LEVEL, base: null, timestamp: pino.stdTimeFunctions.isoTime })
  const service = createService({ config, log, loadDocsAsset: readDocsAsset, ...(role ? { role } : {}) })
  const end = async () => {
    await service.close()
    await onStopped?.()
  }
  try {
    await service.assertWalls()
    const listening = await listen(service.app, config)
    log.info({ url: listening.url }, 'listening')
    stopOnSignal(listening, end, config, log)
    return listening
  } catch (error) {
    await end()
    throw error
  }
}

function stopOnSignal(listening: Listening, end: () => Promise<void>, config: Config, log: pino.Logger): void {
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

/** Says what is wrong at start, in one message without a stack, and ends the process. For the entries. */
export function exitWith(error: unknown): never {
  const readable = error instanceof ConfigError || error instanceof RowSecurityError
  process.stderr.write(`${readable ? error.message : describe(error)}\n`)
  process.exit(1)
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const cause = error.cause instanceof Error ? ` (${error.cause.message})` : ''
  return `${error.message}${cause}`
}
