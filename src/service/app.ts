import { randomBytes } from 'node:crypto'
import type { OpenAPIHono } from '@hono/zod-openapi'
import type { Hono } from 'hono'
import type { BlankEnv, ExtractSchema, MergeSchemaPath } from 'hono/types'
import type { UnionToIntersection } from 'hono/utils/types'
import { mergePath } from 'hono/utils/url'
import { demo } from '../../db/schema/demo.ts'
import packageJson from '../../package.json' with { type: 'json' }
import { auditRoutes, undoRoutes } from '../audit/index.ts'
import type { TenantEnv } from '../context/index.ts'
import type { TenantDatabase } from '../database/index.ts'
import { createEnvelope } from '../envelope/index.ts'
import { createErrorHandler, throwErrors } from '../errors/index.ts'
import type { IsolationCheck } from '../isolation/index.ts'
import {
  ByteBudget,
  bodyLimits,
  responseLimits,
  type SlowRefusalsOptions,
  slowRefusals,
  type TenantLimitsOptions,
  tenantLimits,
} from '../limits/index.ts'
import { type CursorSecrets, cursors } from '../lists/index.ts'
import {
  createDocument,
  createRouter,
  type DocumentOptions,
  docs,
  type LoadDocsAsset,
  staticFile,
} from '../openapi/index.ts'
import { type TenantOptions, tenant } from '../resolution/index.ts'
import type { Config } from './config/config.ts'
import { type EveryResponseOptions, forEveryResponse } from './every-response.ts'
import { healthRoutes } from './features/health.ts'
import { taskConstraints, taskRoutes } from './features/tasks/routes.ts'
import { userBodyBytes, userConstraints, userRoutes } from './features/users/routes.ts'
import { type HomeOptions, homeRoutes } from './home/home-routes.ts'
import { chain } from './middleware/chain.ts'
import { methodNotAllowed } from './middleware/method-not-allowed.ts'
import { rejectForeignHost } from './middleware/reject-foreign-host.ts'
import { rejectMalformedUrl } from './middleware/reject-malformed-url.ts'
import { requestDeadline } from './middleware/request-deadline.ts'

export interface AppOptions extends Omit<EveryResponseOptions, 'envelope'> {
  db: TenantDatabase
  /** What `/ready` runs. */
  isolation: Pick<IsolationCheck, 'inspect'>
  /** Whether the process has begun to stop: then `/ready` is 503, and other requests are served. @default never */
  isStopping?: (() => boolean) | undefined
  loadDocsAsset: LoadDocsAsset
  /** How a request's tenant is found and its caller verified. */
  tenant: TenantOptions
  /** Whether operations in the OpenAPI document need a bearer token. */
  bearer: boolean
  /** The limits of each tenant. @default no limits */
  limits?: TenantLimitsOptions | undefined
  requests: Config['requests']
  /** The secrets of cursors. @default a random one: cursors are valid in this process alone */
  cursors?: CursorSecrets | undefined
  /** Whether one timer serves the deadlines of all requests. False on Workers. @default true */
  sharesTimer?: boolean | undefined
  /** How 429 is delayed. @default 250 ms */
  refusals?: SlowRefusalsOptions | undefined
  /** The only names that a request's Host may have besides addresses and localhost. @default any */
  hosts?: readonly string[] | undefined
  /** Whether reads may go to a replica, for the OpenAPI document. @default false */
  bookmarks?: boolean
  /** The page `/` for browsers, which lets everybody act for its tenants; `false` for no answer to `/`. @default JSON for all */
  home?: HomeOptions['page'] | false | undefined
  /** Whether failures are `application/problem+json` for clients that accept it. @default false */
  problems?: boolean
}

/**
 * Builds the whole pipeline. It opens no connection and reads no environment.
 *
 * @example
 * const { requests } = loadConfig({ DATABASE_URL })
 * const app = createApp({ db, isolation, log, loadDocsAsset, tenant, tenantHeader: 'X-Tenant-Id', bearer: false, requests, hsts: undefined, trustProxy: 0 })
 * const response = await app.request('/health')
 */
export function createApp(options: AppOptions) {
  const app = createRouter()

  const rejectHost = options.hosts ? [rejectForeignHost(options.hosts)] : []
  const deadline = requestDeadline({ timeoutMs: options.requests.timeoutMs, sharesTimer: options.sharesTimer })
  const envelope = createEnvelope({ problems: options.problems })
  forEveryResponse(app, { ...options, envelope })
  app.use(chain(throwErrors, rejectMalformedUrl, ...rejectHost, deadline))
  app.onError(
    createErrorHandler({
      constraints: { ...userConstraints, ...taskConstraints },
      onError: () => {}, // the access log writes the report of a failure
    }),
  )
  app.notFound(methodNotAllowed(app))

  const { isolation, isStopping = () => false } = options
  app.route('/', healthRoutes({ isolation, isStopping }))
  mountForTenants(app, options)

  if (options.home !== false)
    app.route('/', homeRoutes({ name: title, version: packageJson.version, page: options.home }))
  // Built by the first request for it: the start is faster without.
  const load = async () => createDocument(app, { ...documentOptions(options), envelope })
  app.get('/openapi.json', staticFile({ type: 'application/json', load }))
  const tenants = options.home ? options.home.tenants : undefined
  app.route('/docs', docs({ title, documentUrl: '/openapi.json', loadAsset: options.loadDocsAsset, tenants }))
  app.get('/docs/', (c) => c.redirect('../docs', 308)) // relative, as a proxy may remove a prefix
  return app
}

/** The resources of tenants, and the longest body of each. @default BODY_LIMIT_BYTES */
const resourcesOf = ({ db, log }: Pick<AppOptions, 'db' | 'log'>) => ({
  '/users': { routes: userRoutes({ db }), maxBytes: userBodyBytes },
  '/tasks': { routes: taskRoutes({ db }) },
  '/audit-log': {
    routes: auditRoutes({
      db,
      onExportError: (error) => log.error({ name: nameOf(error) }, 'an export of the audit trail broke off'),
    }),
  },
  '/undo': { routes: undoRoutes({ db }) },
})

/** A message can contain values. */
const nameOf = (error: unknown): string => (error instanceof Error ? error.name : typeof error)

type SchemaBelow<Path extends string, Routes> =
  Routes extends Hono<infer _, infer Own> ? MergeSchemaPath<Own, Path> : never
type ResourcesSchema<Table extends Record<string, { routes: unknown }>> = {
  [Path in keyof Table & string]: SchemaBelow<Path, Table[Path]['routes']>
}[keyof Table & string]

/** The type of the service, for the client `hc` of Hono. */
export type AppType = Hono<
  BlankEnv,
  ExtractSchema<ReturnType<typeof healthRoutes>> & UnionToIntersection<ResourcesSchema<ReturnType<typeof resourcesOf>>>,
  '/'
>

const title = 'Rowhouse'

function documentOptions({
  tenantHeader,
  bearer,
  bookmarks = false,
  limits,
  basePath = '.',
}: AppOptions): DocumentOptions {
  const { version, description } = packageJson
  return {
    title,
    version,
    description,
    license: { name: 'MIT', url: 'https://opensource.org/license/mit' },
    servers: [{ url: basePath }], // by default relative to the document, which may be behind a prefix
    tags,
    tenantHeader: tenantHeader ? { name: tenantHeader, example: demo.acme.tenantId } : undefined,
    bearer,
    bookmarks,
    rateLimit: limits?.rate !== undefined,
  }
}

const tags = {
  health: 'Liveness and readiness',
  users: 'Users of a tenant',
  tasks: 'Tasks of a tenant',
  'audit-log': 'Who changed what',
  undo: 'What a request did, taken back',
}

/**
 * Mounts the routes of tenants. Their middleware runs on declared routes only: an unknown path or method is 404 or 405, with and
 * without a tenant. The caller is verified first, and its rate counts, before a body is read. A request waits for its slot after
 * its body has arrived, so that a slow client holds no slot.
 */
function mountForTenants(app: OpenAPIHono, options: AppOptions) {
  const { requests, limits = {} } = options
  const withCursors = cursors(options.cursors ?? { secret: randomBytes(32).toString('hex') })
  const refuseSlowly = slowRefusals(options.refusals)
  const verify = tenant(options.tenant)
  const { rate, ...slots } = limits
  const limitRate = rate ? [tenantLimits({ rate })] : []
  const limitSlots = slots.concurrency ? [tenantLimits(slots)] : []
  const bodies = new ByteBudget({ totalBytes: requests.receivedBytesMax })
  const limitResponses = responseLimits({ budget: new ByteBudget({ totalBytes: requests.sentBytesMax }) })
  const resources: Record<string, { routes: OpenAPIHono<TenantEnv>; maxBytes?: number }> = resourcesOf(options)
  for (const [path, { routes, maxBytes = requests.bodyLimitBytes }] of Object.entries(resources)) {
    const limitBodies = bodyLimits({ maxBytes: Math.min(maxBytes, requests.bodyLimitBytes), budget: bodies })
    // `routes` lists a route once for each of its validators.
    const declared = new Map(routes.routes.map((route) => [route.method + route.path, route]))
    const serveTenant = chain(verify, ...limitRate, limitBodies, ...limitSlots, limitResponses, withCursors)
    for (const { method, path: sub } of declared.values())
      app.on(method, [mergePath(path, sub)], refuseSlowly, serveTenant)
    app.route(path, routes)
  }
}
