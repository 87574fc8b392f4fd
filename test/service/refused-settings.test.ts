import { describe, expect, test } from 'bun:test'
import { loadConfig } from '../../src/service/config/config.ts'
import { problemsOf } from './problems-of.ts'

const url = 'postgres://app_user:s3cret@db.example:5432/app'
const load = (environment: Record<string, string | undefined> = {}) => loadConfig({ DATABASE_URL: url, ...environment })

const jwt = { AUTH: 'jwt', JWT_SECRET: 'x'.repeat(32), JWT_ISSUER: 'https://issuer.example', JWT_AUDIENCE: 'api' }

describe('a setting without effect is refused by name', () => {
  test.each([
    [{ ROWHOUSE_SECRET_PREVIOUS: 'x'.repeat(32) }, 'ROWHOUSE_SECRET_PREVIOUS applies only with ROWHOUSE_SECRET'],
    [
      { ROWHOUSE_SECRET: 'x'.repeat(32), ROWHOUSE_SECRET_PREVIOUS: 'x'.repeat(32) },
      'ROWHOUSE_SECRET_PREVIOUS must be another secret than ROWHOUSE_SECRET: remove it',
    ],
    [{ RATE_LIMIT_WINDOW_SECONDS: '10' }, 'RATE_LIMIT_WINDOW_SECONDS applies only with RATE_LIMIT'],
    [{ TENANT_CONCURRENCY: '0', TENANT_QUEUE: '5' }, 'TENANT_QUEUE has no effect with TENANT_CONCURRENCY=0'],
    [{ JWT_TENANT_CLAIM: 'org' }, 'JWT_TENANT_CLAIM applies only with AUTH=jwt'],
    [{ JWT_TENANT_YIELDS: 'slug', TENANT_DIRECTORY: 'on' }, 'JWT_TENANT_YIELDS applies only with AUTH=jwt'],
    [{ JWT_ROLE_CLAIM: 'role' }, 'JWT_ROLE_CLAIM applies only with AUTH=jwt'],
    [{ ...jwt, JWT_OWNER_ROLES: 'admin' }, 'JWT_OWNER_ROLES applies only with JWT_ROLE_CLAIM'],
    [{ ...jwt, JWT_MEMBER_ROLES: 'user' }, 'JWT_MEMBER_ROLES applies only with JWT_ROLE_CLAIM'],
    [{ ...jwt, GATEWAY_ROLE_HEADER: 'X-Role' }, 'GATEWAY_ROLE_HEADER applies only with AUTH=gateway'],
    [{ JWT_CLOCK_SKEW_SECONDS: '5' }, 'JWT_CLOCK_SKEW_SECONDS applies only with AUTH=jwt'],
    [{ ...jwt, JWT_JWKS_ALLOW_HTTP: 'true' }, 'JWT_JWKS_ALLOW_HTTP applies only when JWT_JWKS_URL is http'],
    [{ ...jwt, ALLOW_UNVERIFIED: 'true' }, 'ALLOW_UNVERIFIED has no effect with AUTH=jwt'],
    [
      { TENANT_FROM: 'subdomain', TENANT_DIRECTORY: 'on', TENANT_HEADER: 'X-Org' },
      'TENANT_HEADER applies only when TENANT_FROM lists "header"',
    ],
  ])('%o', (environment, problem) => {
    expect(problemsOf({ DATABASE_URL: url, ...environment })).toContain(`  - ${problem}`)
  })
})

test.each([
  [{ TENANT_HEADER: 'X-User', GATEWAY_ACTOR_HEADER: 'x-user' }, 'GATEWAY_ACTOR_HEADER must name another header'],
  [{ GATEWAY_ACTOR_HEADER: 'X-User', GATEWAY_ROLE_HEADER: 'x-user' }, 'GATEWAY_ROLE_HEADER must name another header'],
  [
    { GATEWAY_SECRET: '', GATEWAY_CERTIFICATE: 'a', GATEWAY_CERTIFICATE_HEADER: 'X-Cert', TENANT_HEADER: 'X-Cert' },
    'GATEWAY_CERTIFICATE_HEADER must name another header than TENANT_HEADER',
  ],
])('rejects one header with two meanings (%o)', (environment, problem) => {
  const gateway = { DATABASE_URL: url, AUTH: 'gateway', GATEWAY_SECRET: 'x'.repeat(32) }
  expect(problemsOf({ ...gateway, ...environment })).toContain(problem)
})

describe('a setting of an earlier release is refused with the name of the new one', () => {
  test.each([
    ['BOOKMARK_SECRET', 'BOOKMARK_SECRET is now ROWHOUSE_SECRET: rename it. Bookmarks stay valid with the same value'],
    ['BOOKMARK_SECRET_FILE', 'BOOKMARK_SECRET_FILE is now ROWHOUSE_SECRET_FILE: rename it'],
  ])('%s', (name, problem) => {
    expect(problemsOf({ DATABASE_URL: url, [name]: 'x'.repeat(32) })).toContain(`  - ${problem}`)
  })
})

describe('a variable that is no setting', () => {
  test.each([
    ['RATE_LIMITS', 'RATE_LIMITS is no setting: did you mean RATE_LIMIT?'],
    ['TENNANT_HEADER', 'TENNANT_HEADER is no setting: did you mean TENANT_HEADER?'],
    ['DATABASE_POOLSIZE', 'DATABASE_POOLSIZE is no setting: did you mean DATABASE_POOL_SIZE?'],
    ['DATABASE_SSL_MODE', 'DATABASE_SSL_MODE is no setting: those that begin so are DATABASE_URL, '],
    ['JWT_SECRET_FIL', 'JWT_SECRET_FIL is no setting: did you mean JWT_SECRET_FILE?'],
    ['ROWHOUSE_SECRETS', 'ROWHOUSE_SECRETS is no setting: did you mean ROWHOUSE_SECRET?'],
    ['JWT_ISSUER_FILE', 'JWT_ISSUER_FILE is no setting: those that begin so are JWT_JWKS_URL, '],
    ['ALLOW_UNVERIFIED_CALLERS', 'ALLOW_UNVERIFIED_CALLERS is no setting: those that begin so are ALLOW_UNVERIFIED'],
  ])('and looks like one is refused: %s', (name, problem) => {
    expect(problemsOf({ DATABASE_URL: url, [name]: '5' })).toContain(`  - ${problem}`)
  })

  test.each([
    ...['DATABASE_PUBLIC_URL', 'DATABASE_ALL_PROXY', 'DATABASE_HOST', 'DATABASE_PORT', 'LOG_FORMAT', 'AUTH_TOKEN'],
    ...['ROWHOUSE_SERVICE_HOST', 'ROWHOUSE_PORT', 'ROWHOUSE_PORT_80_TCP'],
    ...['GATEWAY_SERVICE_HOST', 'GATEWAY_SERVICE_PORT_HTTP', 'TENANT_PORT', 'TENANT_PORT_80_TCP_ADDR'],
    ...['REQUEST_METHOD', 'HOSTNAME', 'PORTS', 'LOGLEVEL', 'TRUST_STORE', 'APP_SECRET'],
  ])('and belongs to another program is ignored: %s', (name) => {
    expect(load({ [name]: 'tcp://10.0.0.1' })).toEqual(load())
  })

  test('and belongs to a command is ignored', () => {
    expect(load({ DATABASE_OWNER_URL: 'x', DATABASE_ADMIN_URL: 'y' })).toEqual(load())
  })
})
