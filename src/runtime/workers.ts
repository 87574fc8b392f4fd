import { AsyncLocalStorage } from 'node:async_hooks'
import { type ExecutionContext, Hono } from 'hono'
import swaggerUiCss from 'swagger-ui-dist/swagger-ui.css' with { type: 'text' }
import swaggerUiBundle from 'swagger-ui-dist/swagger-ui-bundle.js' with { type: 'text' }
import { shared } from '../../db/schema/shared.ts'
import { type ConnectionSource, connectionPerTransaction, type TenantSigner } from '../database/index.ts'
import { requestId } from '../envelope/index.ts'
import { ApiError, createErrorHandler, unavailable } from '../errors/index.ts'
import { createIsolationCheck, type IsolationCheck } from '../isolation/index.ts'
import { type Config, loadConfig } from '../service/config/config.ts'
import { accessLog, type Logger } from '../service/middleware/access-log.ts'
import { createService, type Service } from '../service/service.ts'
import { describeStartProblem } from '../service/start-problem.ts'

/** What wrangler.jsonc binds: Hyperdrive or the secret `DATABASE_URL`, and the settings of `.env.example`. */
interface Bindings {
  HYPERDRIVE?: { connectionString: string }
  [name: string]: unknown
}

type Serve = (request: Request) => Promise<Response>

const execution = new AsyncLocalStorage<ExecutionContext>()
let serve: Serve | undefined

/** Serves the app on Cloudflare Workers. The service is built by the first request: only requests see bindings. */
export default {
  async fetch(request: Request, env: Bindings, context: ExecutionContext): Promise<Response> {
    serve ??= createHandler(env)
    return await execution.run(context, serve, request)
  },
}

/** There is no moment before the first request: each checks the walls until one has found them whole. */
function createHandler(env: Bindings): Serve {
  const log = createLog(String(env.LOG_LEVEL ?? 'info'))
  let service: Service | undefined
  let checked = false
  let reported = ''

  return async function serve(request) {
    const remote = { remoteAddress: request.headers.get('CF-Connecting-IP') ?? undefined }
    try {
      // Two first requests may each make one: neither has opened anything yet.
      service ??= await createEdgeService(loadConfig(settingsOf(env)), log)
      // Not shared with other requests at the same time: what one request waits for, workerd does not let another await.
      if (!checked && new URL(request.url).pathname !== '/health') {
        await service.assertIsolation()
        checked = true
      }
    } catch (error) {
      const problem = describeStartProblem(error)
      if (problem !== reported) log.error({ problem }, 'refusing to serve')
      reported = problem
      return await refuse(request, remote, error, log)
    }
    return await service.app.fetch(request, remote, execution.getStore())
  }
}

async function createEdgeService(config: Config, log: Logger): Promise<Service> {
  const url = config.DATABASE_URL
  const connections: ConnectionSource = {
    ...connectionPerTransaction({ url, answerTimeoutMs: config.REQUEST_TIMEOUT_MS }),
    release: (connection) => besides(connection.close()),
    waitUntil: besides,
  }
  const isolation = (signer: TenantSigner | 'none'): IsolationCheck => ({
    async inspect() {
      const check = createIsolationCheck({ url, shared, signer })
      return await check.inspect().finally(() => besides(check.close()))
    },
    close: async () => {},
  })
  const assets = { 'swagger-ui.css': swaggerUiCss, 'swagger-ui-bundle.js': swaggerUiBundle }
  return await createService({ config, log, connections, isolation, loadDocsAsset: async (name) => assets[name] })
}

/** Ends a transaction and says goodbye to PostgreSQL after the response has gone out; else the socket would just be cut. */
function besides(ending: Promise<void>): void {
  execution.getStore()?.waitUntil(ending)
}

async function refuse(request: Request, remote: object, cause: unknown, log: Logger): Promise<Response> {
  const app = new Hono()
  app.use(requestId())
  app.use(accessLog({ log, trustProxy: 0 }))
  app.onError(createErrorHandler())
  app.all('*', () => {
    throw cause instanceof ApiError ? cause : unavailable(cause)
  })
  return await app.fetch(request, remote)
}

function settingsOf({ HYPERDRIVE, ...vars }: Bindings): Record<string, string> {
  // wrangler's vars may be JSON numbers; other bindings are objects, and no settings.
  const plain = Object.entries(vars).flatMap(([name, value]) =>
    typeof value === 'string' || typeof value === 'number' ? [[name, String(value)]] : [],
  )
  const url = HYPERDRIVE ? { DATABASE_URL: HYPERDRIVE.connectionString } : {}
  // What is deployed there is in production, unless it says otherwise.
  return { NODE_ENV: 'production', ...Object.fromEntries(plain), ...url }
}

/** JSON lines as pino writes them on the other runtimes, each through the console's own level. */
function createLog(minimum: string): Logger {
  const levels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']
  const writer = (level: 'info' | 'warn' | 'error') => (fields: object, msg: string) => {
    if (levels.indexOf(level) < levels.indexOf(minimum)) return
    const line = { level: 10 * (levels.indexOf(level) + 1), time: new Date().toISOString(), ...fields, msg }
    // biome-ignore lint/suspicious/noConsole: it is where a Worker's log lines go
    console[level](JSON.stringify(line))
  }
  return { info: writer('info'), warn: writer('warn'), error: writer('error') }
}
