import type { OpenAPIHono } from '@hono/zod-openapi'
import type { Env, MiddlewareHandler } from 'hono'
import { mergePath } from 'hono/utils/url'
import packageJson from '../../package.json' with { type: 'json' }
import type { TenantDatabase } from '../database/index.ts'
import { requestId } from '../envelope/index.ts'
import { createErrorHandler, throwErrors } from '../errors/index.ts'
import type { IsolationCheck } from '../isolation/index.ts'
import { type TenantLimitsOptions, tenantLimits } from '../limits/index.ts'
import { createDocument, createRouter, docs, type LoadDocsAsset } from '../openapi/index.ts'
import { header, type TenantOptions, tenant } from '../resolution/index.ts'
import { demo } from './features/demo.ts'
import { healthRoutes } from './features/health.ts'
import { taskConstraints, taskRoutes } from './features/tasks/routes.ts'
import { userConstraints, userRoutes } from './features/users/routes.ts'
import { accessLog, type Logger } from './middleware/access-log.ts'
import { refuseMalformedUrl } from './middleware/host.ts'
import { methodNotAllowed } from './middleware/method-not-allowed.ts'
import { requestLimits } from './middleware/request-limits.ts'
import { responseHeaders } from './middleware/response-headers.ts'

export interface AppDeps {
  db: TenantDatabase
  isolation: Pick<IsolationCheck, 'inspect'>
  log: Logger
  loadDocsAsset: LoadDocsAsset
  /** How a request's tenant is found, and who is believed; the header of the settings, unverified, when left out. */
  tenancy?: TenantOptions | undefined
  /** What bounds each tenant; nothing when left out. */
  limits?: TenantLimitsOptions | undefined
  /** From the configuration, by the same names. */
  settings: {
    AUTH: 'jwt' | 'gateway' | 'unverified'
    TENANT_HEADER: string
    BODY_LIMIT_BYTES: number
    REQUEST_TIMEOUT_MS: number
    TRUST_PROXY: number
  }
}

/**
 * The whole pipeline. It opens nothing and reads no environment: what it needs is handed in.
 *
 * @example
 * const app = createApp({ db, isolation, log, loadDocsAsset, settings: config })
 * const response = await app.request('/health')
 */
export function createApp({ db, isolation, log, loadDocsAsset, tenancy, limits, settings }: AppDeps) {
  const app = createRouter()

  app.use(requestId())
  app.use(accessLog({ log, trustProxy: settings.TRUST_PROXY }))
  app.use(responseHeaders)
  app.use(throwErrors)
  app.use(refuseMalformedUrl)
  app.use(requestLimits({ bodyLimitBytes: settings.BODY_LIMIT_BYTES, timeoutMs: settings.REQUEST_TIMEOUT_MS }))
  app.onError(createErrorHandler({ constraints: { ...userConstraints, ...taskConstraints } }))
  app.notFound(methodNotAllowed(app))

  app.route('/', healthRoutes({ isolation }))
  const forTenants: MiddlewareHandler[] = [tenant(tenancy ?? { from: header(settings.TENANT_HEADER) })]
  if (limits) forTenants.push(tenantLimits(limits))
  const ofTenants = { '/users': userRoutes({ db }), '/tasks': taskRoutes({ db }) }
  for (const [path, routes] of Object.entries(ofTenants)) mountForTenants(app, path, routes, forTenants)

  const title = 'Rowhouse'
  const tenantHeader = { name: settings.TENANT_HEADER, example: demo.acme.tenantId }
  const { version, description } = packageJson
  const bearer = settings.AUTH === 'jwt'
  // Written when it is first asked for: the start does not wait for it.
  let document: string | undefined
  app.get('/openapi.json', (c) => {
    document ??= createDocument(app, { title, version, description, tags, tenantHeader, bearer })
    return c.body(document, 200, { 'Content-Type': 'application/json' })
  })
  app.route('/docs', docs({ title, documentUrl: '/openapi.json', loadAsset: loadDocsAsset }))
  return app
}

const tags = {
  health: 'Is the service alive, is it ready?',
  users: 'The people of a tenant',
  tasks: 'What they have to do',
}

/** The tenant is asked for route by route: a method or a path that is not there is 405 or 404, with and without one. */
function mountForTenants<E extends Env>(
  app: OpenAPIHono,
  path: string,
  routes: OpenAPIHono<E>,
  middleware: MiddlewareHandler[],
) {
  // A route stands there once for each of its validators.
  const declared = new Map(routes.routes.map((route) => [route.method + route.path, route]))
  for (const route of declared.values()) app.on(route.method, [mergePath(path, route.path)], ...middleware)
  app.route(path, routes)
}
