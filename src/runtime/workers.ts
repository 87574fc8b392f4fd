import { AsyncLocalStorage } from 'node:async_hooks'
import { type ExecutionContext, Hono } from 'hono'
import swaggerUiCss from 'swagger-ui-dist/swagger-ui.css' with { type: 'text' }
import swaggerUiBundle from 'swagger-ui-dist/swagger-ui-bundle.js' with { type: 'text' }
import { shared } from '../../db/schema/shared.ts'
import { type ConnectionOptions, type ConnectionSource, connectionPerTransaction } from '../database/index.ts'
import { createEnvelope } from '../envelope/index.ts'
import { ApiError, ConfigError, createErrorHandler, unavailable } from '../errors/index.ts'
import { createIsolationCheck, type IsolationCheck } from '../isolation/index.ts'
import { type Config, loadConfig } from '../service/config/config.ts'
import { forEveryResponse } from '../service/every-response.ts'
import { createService, type Service, type ServiceOptions } from '../service/service.ts'
import type { ServiceLog } from '../service/service-log.ts'
import { describeStartProblem } from '../service/start-problem.ts'
import { signerOf, tasksWith } from '../service/worker-tasks.ts'
import { readDatabaseUrl } from '../text/index.ts'
import { runWorkerOnce } from '../worker/index.ts'

/** The bindings of wrangler.jsonc: Hyperdrive or the secret `DATABASE_URL`, and the settings of `.env.example`. */
interface Bindings {
  HYPERDRIVE?: { connectionString: string }
  [name: string]: unknown
}

type Serve = (request: Request) => Promise<Response>

const execution = new AsyncLocalStorage<ExecutionContext>()
let serve: Serve | undefined

/** Serves the app on Cloudflare Workers. The first request builds the service: only a request has the bindings. */
export default {
  async fetch(request: Request, env: Bindings, context: ExecutionContext): Promise<Response> {
    serve ??= createHandler(env)
    return await execution.run(context, serve, request)
  },
  /** Does periodic work on a Cron Trigger of wrangler.jsonc. */
  async scheduled(_: unknown, env: Bindings, context: ExecutionContext): Promise<void> {
    await execution.run(context, work, env)
  },
}

async function work(env: Bindings): Promise<void> {
  const log = createLog(String(env.LOG_LEVEL ?? 'info'))
  const { DATABASE_WORKER_URL: url = '', AUDIT_SIGNING_KEY } = settingsOf(env)
  const read = readDatabaseUrl(url)
  if ('problem' in read) {
    const problem = `DATABASE_WORKER_URL ${read.problem}`
    log.error({ problem }, 'periodic work is not configured')
    throw new ConfigError(problem)
  }
  const tasks = tasksWith(signerOf(AUDIT_SIGNING_KEY))
  await runWorkerOnce({ connections: edgeConnections({ url }), log, tasks })
}

/** Connections that stay open after the response only until they are closed. */
const edgeConnections = (options: ConnectionOptions): ConnectionSource => ({
  ...connectionPerTransaction(options),
  release: (connection) => afterResponse(connection.close()),
  waitUntil: afterResponse,
})

/** A Worker has no start before its first request: each request runs the isolation check until the check has passed. */
function createHandler(env: Bindings): Serve {
  const log = createLog(String(env.LOG_LEVEL ?? 'info'))
  let config: Config | undefined
  let service: Service | undefined
  let checked = false
  let reported = ''

  return async function serve(request) {
    const remote = { remoteAddress: request.headers.get('CF-Connecting-IP') ?? undefined }
    try {
      // Two first requests may each build a service: neither has opened a connection.
      config ??= loadConfig(settingsOf(env))
      service ??= await createEdgeService(config, log)
      // Requests do not share the check: workerd lets no request await the I/O of another one.
      if (!checked && new URL(request.url).pathname !== '/health') {
        await service.assertIsolation()
        checked = true
      }
    } catch (error) {
      const problem = describeStartProblem(error)
      if (problem !== reported) log.error({ problem }, 'refusing to serve')
      reported = problem
      return await refuse(request, remote, error, log, config)
    }
    return await service.app.fetch(request, remote, execution.getStore())
  }
}

async function createEdgeService(config: Config, log: ServiceLog): Promise<Service> {
  const url = config.database.url
  const connections = edgeConnections({ url, answerTimeoutMs: config.requests.timeoutMs })
  const isolation: NonNullable<ServiceOptions['isolation']> = (checks) => {
    async function run<T>(work: (check: IsolationCheck) => Promise<T>): Promise<T> {
      const check = createIsolationCheck({ url, shared, ...checks })
      return await work(check).finally(() => afterResponse(check.close()))
    }
    return {
      inspect: () => run((check) => check.inspect()),
      report: () => run((check) => check.report()),
      ping: () => run((check) => check.ping()),
      close: async () => {},
    }
  }
  const assets = { 'swagger-ui.css': swaggerUiCss, 'swagger-ui-bundle.js': swaggerUiBundle }
  return await createService({ config, log, connections, isolation, loadDocsAsset: async (name) => assets[name] })
}

/** Keeps the request alive after its response until a connection is closed: workerd would cut the socket otherwise. */
function afterResponse(ending: Promise<void>): void {
  execution.getStore()?.waitUntil(ending)
}

async function refuse(request: Request, remote: object, cause: unknown, log: ServiceLog, config?: Config) {
  const app = new Hono()
  // Without a configuration nothing says how a response looks.
  const { hsts, trustProxy = 0, basePath, corsOrigins } = config?.server ?? { hsts: undefined }
  const envelope = createEnvelope({ problems: config?.problems })
  const tenantHeader = config?.tenant.header ?? 'X-Tenant-Id'
  forEveryResponse(app, { log, envelope, tenantHeader, hsts, trustProxy, basePath, corsOrigins })
  app.onError(createErrorHandler())
  app.all('*', () => {
    throw cause instanceof ApiError ? cause : unavailable(cause)
  })
  return await app.fetch(request, remote)
}

function settingsOf({ HYPERDRIVE, ...vars }: Bindings): Record<string, string> {
  // Wrangler's vars can be numbers; a binding that is an object is not a setting.
  const plain = Object.entries(vars).flatMap(([name, value]) =>
    typeof value === 'string' || typeof value === 'number' ? [[name, String(value)]] : [],
  )
  const url = HYPERDRIVE ? { DATABASE_URL: HYPERDRIVE.connectionString } : {}
  // A deployed Worker is in production unless NODE_ENV has another value. An empty variable counts as unset.
  const set = plain.filter(([, value]) => value !== '')
  return { NODE_ENV: 'production', ...Object.fromEntries(set), ...url }
}

/** Writes JSON lines in pino's format, each with the console method of its level. */
function createLog(minimum: string): ServiceLog {
  const levels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']
  const writer = (level: 'debug' | 'info' | 'warn' | 'error') => (fields: object, msg: string) => {
    if (levels.indexOf(level) < levels.indexOf(minimum)) return
    const line = { level, time: new Date().toISOString(), ...fields, msg }
    // biome-ignore lint/suspicious/noConsole: a Worker logs to the console
    console[level](JSON.stringify(line))
  }
  return { debug: writer('debug'), info: writer('info'), warn: writer('warn'), error: writer('error') }
}
