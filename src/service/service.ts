import { shared } from '../../db/schema/shared.ts'
import { type ConnectionSource, createPool, createTenantDatabase, type TenantSigner } from '../database/index.ts'
import { assertRowSecurity, createIsolationCheck, type Finding, type IsolationCheck } from '../isolation/index.ts'
import type { LoadDocsAsset } from '../openapi/index.ts'
import { createApp } from './app.ts'
import type { Config } from './config/config.ts'
import type { Logger } from './middleware/access-log.ts'
import { createServiceReplica } from './service-replica.ts'
import { createServiceTenancy } from './service-tenancy.ts'

export interface ServiceOptions {
  config: Config
  log: Logger
  loadDocsAsset: LoadDocsAsset
  /** For PGlite, whose login is a superuser: the role that every transaction takes first. */
  role?: string
  /** Where connections come from; a pool of `DATABASE_POOL_SIZE` when left out. */
  connections?: ConnectionSource
  /** A check with one connection of its own when left out. */
  isolation?: (signer: TenantSigner | 'none') => IsolationCheck
}

/** How long the look of the start counts for the first `/ready`, in milliseconds. */
const startLookMs = 1000

/**
 * Puts the parts together: the app, its door to the database, and the check of the isolation. Nothing connects yet.
 *
 * @throws ConfigError for a key that cannot verify tokens
 */
export async function createService({ config, log, loadDocsAsset, role, ...given }: ServiceOptions) {
  const as = role === undefined ? {} : { role }
  // A statement that is not answered by then is of no use to any request: its connection may have gone silent.
  const database = { url: config.DATABASE_URL, answerTimeoutMs: config.REQUEST_TIMEOUT_MS }
  const { tenancy, limits, signer, ...rest } = await createServiceTenancy({
    config,
    log,
    role,
    connections: given.connections,
  })
  const replica = role === undefined && !given.connections ? createServiceReplica(config, log, signer) : undefined
  const db = createTenantDatabase({
    connections: given.connections ?? createPool({ ...database, size: config.DATABASE_POOL_SIZE }),
    ...as,
    signer,
    ...(replica ? { replica } : {}),
    onProtocolViolation: (violation) => log.error(violation, 'protocol violation: the connection was destroyed'),
  })
  const isolation =
    given.isolation?.(signer ?? 'none') ??
    createIsolationCheck({ url: config.DATABASE_URL, shared, signer: signer ?? 'none', ...as })
  let atStart: { findings: Finding[]; seenAt: number } | undefined
  const readiness = {
    async inspect(): Promise<Finding[]> {
      replica?.check().catch(() => {}) // the service is ready without it
      // Whoever waits for the start asks at once: what the start has just seen is the answer, once.
      const seen = atStart
      atStart = undefined
      return seen && Date.now() - seen.seenAt < startLookMs ? seen.findings : await isolation.inspect()
    },
  }
  const app = createApp({ db, isolation: readiness, log, loadDocsAsset, tenancy, limits, settings: config })
  return {
    app,
    db,
    /**
     * @throws RowSecurityError when the walls have a hole, ApiError when the database does not answer, ConfigError when the
     *   replica must not be used
     */
    async assertIsolation(): Promise<void> {
      const [findings] = await Promise.all([isolation.inspect(), replica?.start()])
      assertRowSecurity(findings)
      atStart = { findings, seenAt: Date.now() }
      // Nobody can update the PostgreSQL that comes as a package: there, what only weakens the walls is no news.
      if (role === undefined) for (const { level: _, ...warning } of findings) log.warn(warning, 'isolation check')
    },
    async close(): Promise<void> {
      await Promise.all([db.close(), isolation.close(), replica?.end(), rest.close()])
    },
  }
}

/** A service as {@link createService} makes it. */
export type Service = Awaited<ReturnType<typeof createService>>
