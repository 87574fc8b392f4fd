import { expect, test } from 'bun:test'
import { ConfigError } from '../../src/errors/index.ts'
import { loadConfig } from '../../src/service/config/config.ts'

const url = 'postgres://app_user:s3cret@db.example:5432/app'
const load = (environment: Record<string, string | undefined> = {}) => loadConfig({ DATABASE_URL: url, ...environment })

function problemsOf(environment: Record<string, string | undefined>): string {
  try {
    loadConfig(environment)
  } catch (error) {
    if (error instanceof ConfigError) return error.message
    throw error
  }
  throw new Error('The configuration was accepted')
}

test('all but the database has a default', () => {
  expect(load()).toEqual({
    PORT: 3000,
    HOST: '0.0.0.0',
    DATABASE_URL: url,
    DATABASE_POOL_SIZE: 10,
    WORKERS: 1,
    TENANT_HEADER: 'X-Tenant-Id',
    TENANT_DIRECTORY: 'off',
    TENANT_CONCURRENCY: 'auto',
    TENANT_QUEUE: 1000,
    RATE_LIMIT: 0,
    RATE_LIMIT_WINDOW_SECONDS: 60,
    AUTH: 'unverified',
    ALLOW_UNVERIFIED: 'false',
    JWT_TENANT_CLAIM: 'tenant_id',
    JWT_CLOCK_SKEW_SECONDS: 30,
    BODY_LIMIT_BYTES: 1_048_576,
    REQUEST_TIMEOUT_MS: 15_000,
    SHUTDOWN_TIMEOUT_MS: 10_000,
    TRUST_PROXY: 0,
    LOG_LEVEL: 'info',
  })
})

test('an empty variable counts as absent', () => {
  expect(load({ PORT: '', LOG_LEVEL: '', TENANT_HEADER: '', HOST: undefined })).toEqual(load())
  expect(problemsOf({ DATABASE_URL: '' })).toContain('DATABASE_URL is required')
})

test('what is set is taken, as the type that it is', () => {
  const environment = { PORT: '8080', TRUST_PROXY: '2', TENANT_HEADER: 'X-Org', LOG_LEVEL: 'silent' }
  expect(load(environment)).toMatchObject({ PORT: 8080, TRUST_PROXY: 2, TENANT_HEADER: 'X-Org', LOG_LEVEL: 'silent' })
})

test('variables of others are left alone', () => {
  expect(load({ PATH: '/bin', AWS_SECRET: 'x' })).toEqual(load())
})

test('every problem is in the one message, by its name', () => {
  const message = problemsOf({
    PORT: 'eighty',
    DATABASE_POOL_SIZE: '0',
    TENANT_HEADER: 'two words',
    LOG_LEVEL: 'loud',
    TRUST_PROXY: '11',
  })
  const names = message.split('\n').flatMap((line) => /^ {2}- (\w+) \S/.exec(line)?.[1] ?? [])
  const wrong = ['DATABASE_POOL_SIZE', 'DATABASE_URL', 'LOG_LEVEL', 'PORT', 'TENANT_HEADER', 'TRUST_PROXY']
  expect(names.toSorted()).toEqual(wrong)
  expect(message).toContain('.env.example')
})

test('no value is in the message', () => {
  const message = problemsOf({
    DATABASE_URL: 'mysql://root:s3cret@db.example/app',
    PORT: 's3cret',
    TENANT_HEADER: 's3cret value',
    LOG_LEVEL: 's3cret',
    BODY_LIMIT_BYTES: 's3cret',
  })
  expect(message).not.toMatch(/s3cret|mysql|root|db\.example/)
})

test.each(['1.5', '-1', '65536', '1e3', '0x10', ' ', '80 ', '8080,8081', 'NaN', 'true'])(
  'PORT=%j is refused',
  (PORT) => {
    expect(problemsOf({ DATABASE_URL: url, PORT })).toMatch(/PORT must be a whole number from 0 to 65535/)
  },
)

test.each(['0', '65535', '3000'])('PORT=%s is accepted', (PORT) => {
  expect(load({ PORT }).PORT).toBe(Number(PORT))
})

test.each(['auto', 4] as const)('WORKERS=%s is accepted', (WORKERS) => {
  expect(load({ WORKERS: String(WORKERS) }).WORKERS).toBe(WORKERS)
})

test.each(['0', 'all', '-1', '1.5', ' '])('WORKERS=%j is refused', (WORKERS) => {
  expect(problemsOf({ DATABASE_URL: url, WORKERS })).toContain('WORKERS must be "auto" or a whole number')
})

test('more workers than connections are refused', () => {
  const message = problemsOf({ DATABASE_URL: url, WORKERS: '5', DATABASE_POOL_SIZE: '4' })
  expect(message).toContain('DATABASE_POOL_SIZE is divided among the WORKERS')
})

test.each(['db.example:5432/app', 'mysql://db.example/app', 'postgres://', 'http://postgres://x'])(
  'DATABASE_URL=%s is refused',
  (DATABASE_URL) => {
    expect(problemsOf({ DATABASE_URL })).toContain('DATABASE_URL must be a URL')
  },
)

test.each(['postgres://app_user@db.example/app', 'postgresql://app_user@db.example/app'])(
  'DATABASE_URL=%s is accepted',
  (DATABASE_URL) => {
    expect(loadConfig({ DATABASE_URL }).DATABASE_URL).toBe(DATABASE_URL)
  },
)

test.each(['mysql://db.example/app', 'db.example'])('DATABASE_REPLICA_URL=%s is refused', (DATABASE_REPLICA_URL) => {
  expect(problemsOf({ DATABASE_URL: url, DATABASE_REPLICA_URL })).toContain('DATABASE_REPLICA_URL must be a URL')
})

test('a short BOOKMARK_SECRET is refused, and not shown', () => {
  const message = problemsOf({ DATABASE_URL: url, BOOKMARK_SECRET: 's3cret' })
  expect(message).toContain('BOOKMARK_SECRET must have at least 32 characters')
  expect(message).not.toContain('s3cret')
})

test.each(['Host', 'content-type', 'X-Request-Id', 'Authorization', 'X Tenant', 'X-Tenant:', 'ä'])(
  'TENANT_HEADER=%s is refused',
  (TENANT_HEADER) => {
    expect(problemsOf({ DATABASE_URL: url, TENANT_HEADER })).toContain('TENANT_HEADER must')
  },
)

test('the configuration cannot be changed', () => {
  expect(Object.isFrozen(load())).toBe(true)
})

test('production has to be told whom to believe', () => {
  const problem = problemsOf({ DATABASE_URL: url, NODE_ENV: 'production' })
  expect(problem).toContain('AUTH is required in production')
  expect(load({ NODE_ENV: 'production', ALLOW_UNVERIFIED: 'true' }).AUTH).toBe('unverified')
  expect(load({ NODE_ENV: 'development' }).AUTH).toBe('unverified')
})

const jwt = { AUTH: 'jwt', JWT_SECRET: 'x'.repeat(32), JWT_ISSUER: 'https://issuer.example', JWT_AUDIENCE: 'api' }

test.each([
  [{ AUTH: 'yes' }, 'AUTH must be'],
  [{ ...jwt, JWT_SECRET: '' }, 'JWT_JWKS_URL or JWT_PUBLIC_KEY or JWT_SECRET is required'],
  [{ ...jwt, JWT_PUBLIC_KEY: 'too' }, 'JWT_JWKS_URL or JWT_PUBLIC_KEY or JWT_SECRET is required with AUTH=jwt, one'],
  [{ ...jwt, JWT_ISSUER: '' }, 'JWT_ISSUER is required'],
  [{ ...jwt, JWT_AUDIENCE: '' }, 'JWT_AUDIENCE is required'],
  [{ ...jwt, JWT_SECRET: 'short' }, 'JWT_SECRET must have at least 32 characters'],
  [{ ...jwt, JWT_SECRET: '', JWT_JWKS_URL: 'http://issuer.example/jwks' }, 'JWT_JWKS_URL must be a URL with https'],
  [{ JWT_ISSUER: 'https://issuer.example' }, 'JWT_ISSUER is of use with AUTH=jwt only'],
  [{ AUTH: 'gateway' }, 'GATEWAY_SECRET or GATEWAY_CERTIFICATE is required'],
  [{ AUTH: 'gateway', GATEWAY_SECRET: 'short' }, 'GATEWAY_SECRET must have at least 32 characters'],
  [{ AUTH: 'gateway', GATEWAY_CERTIFICATE: 'CN=gateway' }, 'GATEWAY_CERTIFICATE and GATEWAY_CERTIFICATE_HEADER belong'],
  [{ TENANT_FROM: 'cookie' }, 'TENANT_FROM'],
  [{ TENANT_FROM: 'claim' }, 'TENANT_FROM can be "claim" with AUTH=jwt only'],
  [{ TENANT_FROM: 'header,subdomain' }, 'TENANT_DIRECTORY has to be "on" or "required"'],
  [{ TENANT_DOMAIN: 'example.com' }, 'TENANT_DOMAIN is of use with "subdomain"'],
  [{ TENANT_SIGNING_KEY: 'short' }, 'TENANT_SIGNING_KEY must have at least 32 characters'],
  [{ TENANT_CONCURRENCY: 'half' }, 'TENANT_CONCURRENCY must be "auto" or a whole number'],
])('what does not fit together is named (%o)', (environment, problem) => {
  const message = problemsOf({ DATABASE_URL: url, ...environment })
  expect(message).toContain(problem)
  for (const value of ['short', 'x'.repeat(32)]) expect(message).not.toContain(value)
})
