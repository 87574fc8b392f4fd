import type { OpenAPIHono } from '@hono/zod-openapi'
import type { Env, MiddlewareHandler } from 'hono'
import { mergePath } from 'hono/utils/url'
import { demo } from '../../db/schema/demo.ts'
import packageJson from '../../package.json' with { type: 'json' }
import type { Logger } from '../context/index.ts'
import type { TenantDatabase } from '../database/index.ts'
import { requestId } from '../envelope/index.ts'
import { createErrorHandler, throwErrors } from '../errors/index.ts'
import type { IsolationCheck } from '../isolation/index.ts'
import { type TenantLimitsOptions, tenantLimits } from '../limits/index.ts'
import {
  createDocument,
  createRouter,
  type DocumentOptions,
  docs,
  type LoadDocsAsset,
  staticFile,
} from '../openapi/index.ts'
import { header, type TenantOptions, tenant } from '../resolution/index.ts'
import { healthRoutes } from './features/health.ts'
import { taskConstraints, taskRoutes } from './features/tasks/routes.ts'
import { userConstraints, userRoutes } from './features/users/routes.ts'
import { accessLog } from './middleware/access-log.ts'
import { methodNotAllowed } from './middleware/method-not-allowed.ts'
import { rejectMalformedUrl } from './middleware/reject-malformed-url.ts'
import { type RequestLimitsOptions, requestLimits } from './middleware/request-limits.ts'
import { responseHeaders } from './middleware/response-headers.ts'

export interface AppOptions {
  db: TenantDatabase
  /** What `/ready` runs. */
  isolation: Pick<IsolationCheck, 'inspect'>
  log: Logger
  loadDocsAsset: LoadDocsAsset
  /** How a request's tenant is found and its caller verified. @default the tenant of `tenantHeader`, unverified */
  tenant?: TenantOptions | undefined
  /** The header that names the tenant. */
  tenantHeader: string
  /** Whether operations in the OpenAPI document need a bearer token. */
  bearer: boolean
  /** The limits of each tenant. @default no limits */
  limits?: TenantLimitsOptions | undefined
  requests: RequestLimitsOptions
  /** The value of Strict-Transport-Security; undefined for none. */
  hsts: string | undefined
  /** How many proxies append to `X-Forwarded-For`. */
  trustProxy: number
}

/**
 * Builds the whole pipeline. It opens no connection and reads no environment.
 *
 * @example
 * const requests = { bodyLimitBytes: 1_048_576, timeoutMs: 15_000 }
 * const app = createApp({ db, isolation, log, loadDocsAsset, tenantHeader: 'X-Tenant-Id', bearer: false, requests, hsts: undefined, trustProxy: 0 })
 * const response = await app.request('/health')
 */
export function createApp(options: AppOptions) {
  const { db, log } = options
  const app = createRouter()

  app.use(requestId())
  app.use(accessLog({ log, trustProxy: options.trustProxy }))
  app.use(responseHeaders({ hsts: options.hsts }))
  app.use(throwErrors)
  app.use(rejectMalformedUrl)
  app.use(requestLimits(options.requests))
  app.onError(createErrorHandler({ constraints: { ...userConstraints, ...taskConstraints } }))
  app.notFound(methodNotAllowed(app))

  app.route('/', healthRoutes({ isolation: options.isolation }))
  const forTenants: MiddlewareHandler[] = [tenant(options.tenant ?? { from: header(options.tenantHeader) })]
  if (options.limits) forTenants.push(tenantLimits(options.limits))
  const tenantRoutes = { '/users': userRoutes({ db }), '/tasks': taskRoutes({ db }) }
  for (const [path, routes] of Object.entries(tenantRoutes)) mountForTenants(app, path, routes, forTenants)

  // Built by the first request for it: the start is faster without.
  const load = async () => createDocument(app, documentOptions(options))
  app.get('/openapi.json', staticFile({ type: 'application/json', load }))
  app.route('/docs', docs({ title, documentUrl: '/openapi.json', loadAsset: options.loadDocsAsset }))
  return app
}

const title = 'Rowhouse'

function documentOptions({ tenantHeader, bearer }: AppOptions): DocumentOptions {
  const { version, description } = packageJson
  return {
    title,
    version,
    description,
    tags,
    tenantHeader: { name: tenantHeader, example: demo.acme.tenantId },
    bearer,
  }
}

const tags = {
  health: 'Liveness and readiness',
  users: 'Users of a tenant',
  tasks: 'Tasks of a tenant',
}

/** The tenant middleware runs on declared routes only: an unknown path or method is 404 or 405, with and without a tenant. */
function mountForTenants<E extends Env>(
  app: OpenAPIHono,
  path: string,
  routes: OpenAPIHono<E>,
  middleware: MiddlewareHandler[],
) {
  // `routes` lists a route once for each of its validators.
  const declared = new Map(routes.routes.map((route) => [route.method + route.path, route]))
  for (const route of declared.values()) app.on(route.method, [mergePath(path, route.path)], ...middleware)
  app.route(path, routes)
}
