import { ConfigError } from '../errors/index.ts'
import { meansProduction } from '../text/index.ts'
import type { Authentication } from './authentication.ts'
import { frozenIdentity } from './frozen-identity.ts'

/** The settings that {@link unverified} reads. */
export interface UnverifiedEnvironment {
  readonly NODE_ENV?: string | undefined
  readonly ALLOW_UNVERIFIED?: string | undefined
}

/**
 * Authenticates nobody: every caller may act for every tenant, as its owner, and has no actor. For a first run, a demo and tests.
 *
 * In production (NODE_ENV) it is refused, unless ALLOW_UNVERIFIED is `true`. Cloudflare Workers, and a runtime without an
 * environment, count as production unless NODE_ENV has another value.
 *
 * @param environment where the two settings are read
 * @default the environment of the process
 * @throws ConfigError in production without ALLOW_UNVERIFIED=true, and for a NODE_ENV such as "Production" or "prod"
 * @example
 * app.use('/tasks/*', tenant({ from: header('X-Tenant-Id'), auth: unverified() }))
 */
export function unverified(environment: UnverifiedEnvironment = hostEnvironment()): Authentication {
  const { NODE_ENV, ALLOW_UNVERIFIED } = environment
  if (meansProduction(NODE_ENV) && NODE_ENV !== 'production')
    throw new ConfigError(
      'NODE_ENV must be written "production": unverified() does not guess whether another spelling means it',
    )
  if (NODE_ENV === 'production' && ALLOW_UNVERIFIED !== 'true')
    throw new ConfigError(
      'unverified() is refused in production, because it lets any caller act for any tenant: use jwt(), session() or gateway() of ' +
        'rowhouse/auth, or allow it with ALLOW_UNVERIFIED=true. Workers count as production unless NODE_ENV is set',
    )
  const anybody = frozenIdentity({ tenants: 'any', roles: ['owner'] })
  return { vary: [], verify: () => anybody }
}

function hostEnvironment(): UnverifiedEnvironment {
  if (typeof process === 'undefined') return { NODE_ENV: 'production' }
  const isWorkers = typeof navigator !== 'undefined' && navigator.userAgent === 'Cloudflare-Workers'
  const environment = process.env // in two steps: bundlers replace the full name of the variable by its value at build time
  return isWorkers ? { ...environment, NODE_ENV: environment.NODE_ENV || 'production' } : environment
}
