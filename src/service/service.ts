import { shared } from '../../db/schema/shared.ts'
import { tenantContext } from '../context/index.ts'
import { type ConnectionSource, createPool, createTenantDatabase, createTenantSigner } from '../database/index.ts'
import { findDatabaseError } from '../errors/index.ts'
import { assertRowSecurity, createIsolationCheck, type IsolationCheck } from '../isolation/index.ts'
import type { LoadDocsAsset } from '../openapi/index.ts'
import { createApp } from './app.ts'
import { createCheckedReplica } from './checked-replica.ts'
import { hasTokens } from './config/auth-settings.ts'
import type { Config } from './config/config.ts'
import { currentPassword } from './current-password.ts'
import { createHome } from './home/home.ts'
import { createLimitsOptions } from './limits-options.ts'
import { createReadiness } from './readiness.ts'
import type { ServiceLog } from './service-log.ts'
import { createStartChecks } from './start-checks.ts'
import { createTenantOptions } from './tenant-options.ts'

export interface ServiceOptions {
  config: Config
  log: ServiceLog
  loadDocsAsset: LoadDocsAsset
  /** The role that every transaction takes, for PGlite: its login is a superuser. */
  role?: string
  /** Where connections come from. @default a pool of `DATABASE_POOL_SIZE` */
  connections?: ConnectionSource
  /** Creates the isolation check. @default a check with its own connection */
  isolation?: (options: Pick<IsolationOptions, 'signer' | 'also'>) => IsolationCheck
}

type IsolationOptions = Parameters<typeof createIsolationCheck>[0]

/** How often `/ready` may check the replica, in milliseconds. */
const replicaCheckMs = 5000

/**
 * Builds the app with its tenant database and its isolation check. It opens no connection yet.
 *
 * @throws ConfigError for a key that cannot verify tokens
 */
export async function createService({ config, log, loadDocsAsset, role, ...given }: ServiceOptions) {
  const roleOption = role === undefined ? {} : { role }
  const { url, poolSize: size } = config.database
  const password = currentPassword('DATABASE_URL', config.database.urlFile, log)
  const [signingKey] = config.tenant.signingKeys
  const signer = signingKey === undefined ? undefined : createTenantSigner(signingKey)
  const tenant = await createTenantOptions({ config, log, role, connections: given.connections })
  const hasPool = role === undefined && !given.connections
  const replica = hasPool ? createCheckedReplica(config, log, signer) : undefined
  const pool =
    given.connections ??
    // After the timeout no request waits for the statement any more: its connection may have gone silent.
    createPool({ url, ...password, size, spare: size > 2 ? 1 : 0, answerTimeoutMs: config.requests.timeoutMs })
  const home = createHome(config, pool)
  const db = createTenantDatabase({
    connections: home ? home.connections : pool,
    ...roleOption,
    signer,
    ...(replica ? { replica } : {}),
    onProtocolViolation: (violation) => log.error(violation, 'protocol violation: the connection was destroyed'),
    onAfterCommitError(error) {
      // The message of an error can contain values.
      const { sqlstate } = findDatabaseError(error) ?? {}
      const name = error instanceof Error ? error.name : typeof error
      log.error({ tenant: tenantContext()?.tenantId, error: name, sqlstate }, 'a function of tx.afterCommit failed')
    },
  })
  const checks = { signer: signer ?? ('none' as const), also: createStartChecks(config, hasPool) }
  const isolation =
    given.isolation?.(checks) ??
    createIsolationCheck({ url, ...password, shared, ...checks, ...roleOption, allowPrivileged: role !== undefined })
  const readiness = createReadiness({ isolation, log, behind: given.isolation === undefined })
  let replicaCheckedAt = 0
  let isStopping = false
  const app = createApp({
    db,
    isolation: {
      async inspect() {
        if (Date.now() - replicaCheckedAt >= replicaCheckMs) {
          replicaCheckedAt = Date.now()
          replica?.check().catch(() => {}) // the service is ready without it
        }
        return await readiness.inspect()
      },
    },
    isStopping: () => isStopping,
    log,
    loadDocsAsset,
    tenant: tenant.options,
    tenantHeader: config.tenant.from.includes('header') ? config.tenant.header : undefined,
    home: config.homePage && home?.page,
    bookmarks: replica !== undefined,
    problems: config.problems,
    bearer: hasTokens(config.auth),
    limits: createLimitsOptions(config, given.connections === undefined),
    requests: config.requests,
    cursors: { secret: config.secrets.current, previous: config.secrets.previous },
    sharesTimer: given.connections === undefined,
    hosts: config.auth.kind === 'unverified' && !config.auth.allowed ? ownNames(config) : undefined,
    hsts: config.server.hsts,
    trustProxy: config.server.trustProxy,
    basePath: config.server.basePath,
    corsOrigins: config.server.corsOrigins,
  })
  return {
    app,
    db,
    /**
     * Runs the isolation check of the start.
     *
     * @throws RowSecurityError when a table is not protected, ApiError when the database does not answer, ConfigError when the
     *   replica must not be used or the tenant directory is missing
     */
    async assertIsolation(): Promise<void> {
      const [findings] = await Promise.all([isolation.inspect(), replica?.start()])
      assertRowSecurity(findings)
      readiness.remember(findings)
      // With PGlite a warning is of no use: its PostgreSQL comes with the package and cannot be updated alone.
      if (role === undefined) for (const { level: _, ...warning } of findings) log.warn(warning, 'isolation check')
    },
    /** Answers `/ready` with 503 from now on, so that load balancers send new requests to another process. */
    drain(): void {
      isStopping = true
    },
    async close(): Promise<void> {
      await Promise.all([db.close(), isolation.close(), replica?.closeCheck(), tenant.close()])
    },
  }
}

const ownNames = ({ server, tenant }: Config): string[] =>
  tenant.domain === undefined ? [server.host] : [server.host, tenant.domain]

/** What {@link createService} returns. */
export type Service = Awaited<ReturnType<typeof createService>>
