import { z } from 'zod'
import { authSettings } from './auth-settings.ts'
import {
  autoOrWholeNumber,
  basePath,
  databaseUrl,
  domain,
  headerName,
  listOf,
  oneOf,
  origins,
  secret,
  secrets,
  transportSecurity,
  wholeNumber,
} from './rules.ts'

/** Every setting by its name in the environment, with its default. docs/configuration.md explains each one. */
export const settings = z.object({
  DATABASE_URL: databaseUrl(
    'is required: postgres://app_user:password@host:5432/database ("bun run up" starts a database of its own)',
  ),
  DATABASE_POOL_SIZE: wholeNumber(1, 1000).default(10),
  DATABASE_REPLICA_URL: databaseUrl().optional(),
  ROWHOUSE_SECRET: secret.optional(),
  ROWHOUSE_SECRET_PREVIOUS: secret.optional(),
  HOST: z.string().default('0.0.0.0'),
  PORT: wholeNumber(0, 65_535).default(3000),
  TRUST_PROXY: wholeNumber(0, 10).default(0),
  BASE_PATH: basePath.optional(),
  CORS_ORIGINS: origins.optional(),
  SHUTDOWN_DRAIN_MS: wholeNumber(0, 600_000).optional(),
  SHUTDOWN_TIMEOUT_MS: wholeNumber(0, 600_000).default(10_000),
  HSTS: transportSecurity.default('max-age=15552000; includeSubDomains'),
  ...authSettings,
  TENANT_FROM: listOf('header', 'subdomain', 'domain', 'claim').optional(),
  TENANT_HEADER: headerName.default('X-Tenant-Id'),
  TENANT_DOMAIN: domain.optional(),
  TENANT_DIRECTORY: oneOf('off', 'on', 'required').default('off'),
  TENANT_SIGNING_KEY: secrets.optional(),
  TENANT_CONCURRENCY: autoOrWholeNumber(0, 10_000).default('auto'),
  ACTOR_CONCURRENCY: autoOrWholeNumber(0, 10_000).default('auto'),
  TENANT_QUEUE: wholeNumber(0, 10_000).default(1000),
  RATE_LIMIT: wholeNumber(0, 1_000_000).default(0),
  RATE_LIMIT_WINDOW_SECONDS: wholeNumber(1, 86_400).default(60),
  BODY_LIMIT_BYTES: wholeNumber(1, 1024 ** 3).default(128 * 1024),
  RECEIVED_BYTES_MAX: wholeNumber(1, 1024 ** 4).default(16 * 1024 ** 2),
  SENT_BYTES_MAX: wholeNumber(1, 1024 ** 4).default(32 * 1024 ** 2),
  REQUEST_TIMEOUT_MS: wholeNumber(1, 240_000).default(15_000),
  HOME_PAGE: oneOf('off', 'on').default('on'),
  PROBLEM_JSON: oneOf('off', 'on').default('off'),
  LOG_LEVEL: oneOf('fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent').default('info'),
})

/** Settings that only commands read. */
export const commandSettings = [
  ...['DATABASE_OWNER_URL', 'DATABASE_ADMIN_URL', 'DATABASE_DIRECTORY_URL', 'DATABASE_BACKUP_URL'],
  ...['DATABASE_WORKER_URL', 'AUDIT_SIGNING_KEY', 'AUDIT_VERIFY_KEY'],
]

/** The settings one by one, each of them valid. */
export type Settings = z.infer<typeof settings>
