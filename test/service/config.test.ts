import { expect, test } from 'bun:test'
import { loadConfig } from '../../src/service/config/config.ts'
import { problemsOf } from './problems-of.ts'

const url = 'postgres://app_user:s3cret@db.example:5432/app'
const load = (environment: Record<string, string | undefined> = {}) => loadConfig({ DATABASE_URL: url, ...environment })

const production = { NODE_ENV: 'production', ALLOW_UNVERIFIED: 'true', ROWHOUSE_SECRET: 'r'.repeat(32) }
const jwt = { AUTH: 'jwt', JWT_SECRET: 'x'.repeat(32), JWT_ISSUER: 'https://issuer.example', JWT_AUDIENCE: 'api' }

test('DATABASE_URL is the only setting without a default', () => {
  expect(load()).toEqual({
    server: {
      host: '0.0.0.0',
      port: 3000,
      trustProxy: 0,
      basePath: undefined,
      corsOrigins: [],
      shutdownDrainMs: 0,
      shutdownTimeoutMs: 10_000,
      hsts: 'max-age=15552000; includeSubDomains',
    },
    database: {
      url,
      urlFile: undefined,
      poolSize: 10,
      replicaUrl: undefined,
      replicaUrlFile: undefined,
    },
    secrets: { current: expect.stringMatching(/^[0-9a-f]{64}$/) },
    auth: { kind: 'unverified', allowed: false },
    tenant: { from: ['header'], header: 'X-Tenant-Id', domain: undefined, directory: 'off', signingKeys: [] },
    limits: { concurrency: 'auto', actorConcurrency: 'auto', queue: 1000, rate: undefined },
    requests: { timeoutMs: 15_000, bodyLimitBytes: 131_072, receivedBytesMax: 16_777_216, sentBytesMax: 33_554_432 },
    homePage: true,
    problems: false,
    log: { level: 'info' },
  })
})

test('drains for five seconds by default in production, where a load balancer needs time to notice', () => {
  expect(load(production).server.shutdownDrainMs).toBe(5000)
  expect(load({ ...production, SHUTDOWN_DRAIN_MS: '0' }).server.shutdownDrainMs).toBe(0)
})

test('treats an empty variable as unset', () => {
  expect(load({ PORT: '', LOG_LEVEL: '', TENANT_HEADER: '', HOST: undefined })).toEqual(load())
  expect(problemsOf({ DATABASE_URL: '' })).toContain('DATABASE_URL is required')
})

test('reads each setting as its type', () => {
  const environment = { PORT: '8080', TRUST_PROXY: '2', TENANT_HEADER: 'X-Org', LOG_LEVEL: 'silent', RATE_LIMIT: '600' }
  expect(load(environment)).toMatchObject({
    server: { port: 8080, trustProxy: 2 },
    tenant: { header: 'X-Org' },
    limits: { rate: { limit: 600, windowSeconds: 60 } },
    log: { level: 'silent' },
  })
})

test('ignores variables of other programs', () => {
  expect(load({ PATH: '/bin', AWS_SECRET: 'x' })).toEqual(load())
})

test('lists settings that are missing, invalid and contradictory in one message', () => {
  const message = problemsOf({ NODE_ENV: 'production', PORT: 'many', TENANT_DOMAIN: 'app.example.com' })
  const names = ['DATABASE_URL', 'PORT', 'TENANT_DOMAIN', 'ROWHOUSE_SECRET', 'AUTH']
  expect([...message.matchAll(/^ {2}- (\w+)/gm)].map(([, name]) => name)).toEqual(names)
})

test('reports no setting of an authentication whose kind is invalid', () => {
  const message = problemsOf({ DATABASE_URL: url, AUTH: 'jtw', JWT_ISSUER: 'https://issuer.example' })
  expect(message.match(/^ {2}- (\w+)/gm)).toEqual(['  - AUTH'])
})

test('lists every problem in one message, one a line, by the name of the setting', () => {
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
  expect(message).toStartWith('Invalid configuration:\n')
  expect(message).toContain('docs/configuration.md')
})

test('shows no value in the message', () => {
  const message = problemsOf({
    DATABASE_URL: 'mysql://root:s3cret@db.example/app',
    PORT: 's3cret',
    TENANT_HEADER: 's3cret value',
    LOG_LEVEL: 's3cret',
    BODY_LIMIT_BYTES: 's3cret',
  })
  expect(message).not.toMatch(/s3cret|mysql|root|db\.example/)
})

test.each(['1.5', '-1', '65536', '1e3', '0x10', ' ', '80 ', '8080,8081', 'NaN', 'true'])('rejects PORT=%j', (PORT) => {
  expect(problemsOf({ DATABASE_URL: url, PORT })).toMatch(/PORT must be a whole number from 0 to 65535/)
})

test.each(['0', '65535', '3000'])('accepts PORT=%s', (PORT) => {
  expect(load({ PORT }).server.port).toBe(Number(PORT))
})

test.each(['db.example:5432/app', 'mysql://db.example/app', 'postgres://', 'http://postgres://x'])(
  'rejects DATABASE_URL=%s',
  (DATABASE_URL) => {
    expect(problemsOf({ DATABASE_URL })).toContain('DATABASE_URL must be a URL')
  },
)

test.each(['postgres://app_user@db.example/app', 'postgresql://app_user@db.example/app'])(
  'accepts DATABASE_URL=%s',
  (DATABASE_URL) => {
    expect(loadConfig({ DATABASE_URL }).database.url).toBe(DATABASE_URL)
  },
)

test.each(['mysql://db.example/app', 'db.example'])('rejects DATABASE_REPLICA_URL=%s', (DATABASE_REPLICA_URL) => {
  expect(problemsOf({ DATABASE_URL: url, DATABASE_REPLICA_URL })).toContain('DATABASE_REPLICA_URL must be a URL')
})

test.each(['ROWHOUSE_SECRET', 'ROWHOUSE_SECRET_PREVIOUS'])('rejects a short %s without showing it', (name) => {
  const message = problemsOf({ DATABASE_URL: url, [name]: 's3cret' })
  expect(message).toContain(`${name} must have at least 32 characters: openssl rand -hex 32`)
  expect(message).not.toContain('s3cret')
})

test('requires ROWHOUSE_SECRET in production', () => {
  const message = problemsOf({ DATABASE_URL: url, ...production, ROWHOUSE_SECRET: '' })
  expect(message).toContain(
    'ROWHOUSE_SECRET is required in production, the same in every process: openssl rand -hex 32',
  )
})

test('reads the secret and the one before it', () => {
  const [current, previous] = ['c'.repeat(32), 'p'.repeat(32)]
  expect(load({ ...production, ROWHOUSE_SECRET: current }).secrets).toEqual({ current })
  const rotating = { ROWHOUSE_SECRET: current, ROWHOUSE_SECRET_PREVIOUS: previous }
  expect(load(rotating).secrets).toEqual({ current, previous })
})

test('creates one random secret for the process without ROWHOUSE_SECRET', () => {
  expect(load().secrets).toEqual(load().secrets)
})

test.each(['Host', 'content-type', 'X-Request-Id', 'Authorization', 'X Tenant', 'X-Tenant:', 'ä'])(
  'rejects TENANT_HEADER=%s',
  (TENANT_HEADER) => {
    expect(problemsOf({ DATABASE_URL: url, TENANT_HEADER })).toContain('TENANT_HEADER must')
  },
)

test('freezes the configuration with all its parts', () => {
  const config = load({ ...jwt, JWT_ALGORITHMS: 'HS256' })
  const sections = Object.values(config).filter((section) => typeof section === 'object')
  const parts: object[] = [config, ...sections, config.tenant.from]
  if (config.auth.kind === 'jwt') parts.push(config.auth.key, config.auth.issuer, config.auth.algorithms ?? [])
  expect(parts.filter((part) => !Object.isFrozen(part))).toEqual([])
  expect(parts).toHaveLength(13)
})

test('rejects unverified callers in production without ALLOW_UNVERIFIED', () => {
  const problem = problemsOf({ DATABASE_URL: url, NODE_ENV: 'production' })
  expect(problem).toContain('AUTH is required in production')
  expect(load(production).auth).toEqual({ kind: 'unverified', allowed: true })
  expect(load({ NODE_ENV: 'development' }).auth).toEqual({ kind: 'unverified', allowed: false })
})

test.each([
  [{ AUTH: 'yes' }, 'AUTH must list'],
  [{ ...jwt, JWT_SECRET: '' }, 'JWT_JWKS_URL or JWT_PUBLIC_KEY or JWT_SECRET is required'],
  [
    { ...jwt, JWT_PUBLIC_KEY: 'too' },
    'JWT_JWKS_URL or JWT_PUBLIC_KEY or JWT_SECRET is required with AUTH=jwt: set exactly one',
  ],
  [{ ...jwt, JWT_ISSUER: '' }, 'JWT_ISSUER is required'],
  [{ ...jwt, JWT_AUDIENCE: '' }, 'JWT_AUDIENCE is required'],
  [{ ...jwt, JWT_SECRET: 'short' }, 'JWT_SECRET must have at least 32 characters'],
  [{ ...jwt, JWT_SECRET: '', JWT_JWKS_URL: 'http://issuer.example/jwks' }, 'JWT_JWKS_URL must be a URL with https'],
  [{ JWT_ISSUER: 'https://issuer.example' }, 'JWT_ISSUER applies only with AUTH=jwt: remove it, or set AUTH=jwt'],
  [{ GATEWAY_SECRET: 'x'.repeat(32) }, 'GATEWAY_SECRET applies only with AUTH=gateway: remove it, or set AUTH=gateway'],
  [{ AUTH: 'gateway' }, 'GATEWAY_SECRET or GATEWAY_CERTIFICATE is required with AUTH=gateway: set exactly one'],
  [{ AUTH: 'gateway', GATEWAY_SECRET: 'short' }, 'GATEWAY_SECRET must have at least 32 characters'],
  [{ AUTH: 'gateway', GATEWAY_CERTIFICATE: 'CN=gateway' }, 'GATEWAY_CERTIFICATE and GATEWAY_CERTIFICATE_HEADER belong'],
  [{ TENANT_FROM: 'cookie' }, 'TENANT_FROM must list one or more of "header", "subdomain", "domain" or "claim"'],
  [{ TENANT_FROM: ',' }, 'TENANT_FROM must list one or more of'],
  [{ GATEWAY_ACTOR_HEADER: 'X User' }, 'GATEWAY_ACTOR_HEADER must be the name of an HTTP header'],
  [{ JWT_CLOCK_SKEW_SECONDS: '301' }, 'JWT_CLOCK_SKEW_SECONDS must be a whole number from 0 to 300'],
  [{ TENANT_FROM: 'claim' }, 'TENANT_FROM can list "claim" only with AUTH=jwt: remove "claim", or set AUTH=jwt'],
  [{ TENANT_FROM: 'header,subdomain' }, 'TENANT_DIRECTORY must be "on" or "required"'],
  [{ TENANT_FROM: 'domain' }, 'TENANT_DIRECTORY must be "on" or "required": it maps a subdomain or a domain to an id'],
  [
    { TENANT_FROM: 'domain subdomain', TENANT_DIRECTORY: 'on' },
    'TENANT_FROM must list "domain" last: every host name counts as a domain, so "subdomain" would not be read',
  ],
  [{ ...jwt, TENANT_FROM: 'domain,claim', TENANT_DIRECTORY: 'on' }, 'TENANT_FROM must list "domain" last'],
  [{ JWT_TENANT_YIELDS: 'slug' }, 'TENANT_DIRECTORY must be "on" or "required": it maps the slug of JWT_TENANT_YIELDS'],
  [
    { TENANT_DOMAIN: 'example.com' },
    'TENANT_DOMAIN applies only when TENANT_FROM lists "subdomain": remove it, or add "subdomain" to TENANT_FROM',
  ],
  [{ TENANT_SIGNING_KEY: 'short' }, 'TENANT_SIGNING_KEY must have at least 32 characters'],
  [{ TENANT_CONCURRENCY: 'half' }, 'TENANT_CONCURRENCY must be "auto" or a whole number'],
  [{ TENANT_FROM: 'subdomain', TENANT_DIRECTORY: 'on', TENANT_DOMAIN: 'a b' }, 'TENANT_DOMAIN must be a domain'],
  [{ NODE_ENV: 'Production' }, 'NODE_ENV must be written "production"'],
  [{ HSTS: 'max-age=soon' }, 'HSTS must be "off" or a value'],
  [{ GATEWAY_ACTOR_HEADER: 'Authorization' }, 'GATEWAY_ACTOR_HEADER must not be a header that has another meaning'],
  [{ ...jwt, JWT_AUDIENCE: 'api,any' }, 'JWT_AUDIENCE must be "any" alone'],
  [{ ...jwt, JWT_ISSUER: ',' }, 'JWT_ISSUER must list one or more values'],
  [{ AUTH: ',' }, 'AUTH must list one or more of "jwt", "gateway" or "unverified"'],
  [{ ...jwt, AUTH: 'jwt,unverified' }, 'AUTH must be "unverified" alone, or a list without it'],
  [{ ...jwt, AUTH: 'jwt,gateway' }, 'GATEWAY_SECRET or GATEWAY_CERTIFICATE is required with AUTH=gateway'],
  [{ ...jwt, JWT_TENANT_YIELDS: 'name' }, 'JWT_TENANT_YIELDS must be "id", "slug", "externalId" or "domain"'],
  [{ ...jwt, JWT_TENANT_YIELDS: 'externalId' }, 'TENANT_DIRECTORY must be "on" or "required": it maps the externalId'],
])('names a setting that is wrong or contradicts another one (%o)', (environment, problem) => {
  const message = problemsOf({ DATABASE_URL: url, ...environment })
  expect(message).toContain(problem)
  for (const value of ['short', 'x'.repeat(32)]) expect(message).not.toContain(value)
})

test('reads a JWT key, issuer and audience', () => {
  const { auth, tenant } = load(jwt)
  expect(auth).toEqual({
    kind: 'jwt',
    key: { secret: 'x'.repeat(32) },
    issuer: ['https://issuer.example'],
    audience: ['api'],
    algorithms: undefined,
    clockSkewSeconds: 30,
    tenants: { claim: 'tenant_id', yields: 'id' },
  })
  expect(tenant.from).toEqual(['header', 'claim'])
  expect(load({ ...jwt, JWT_AUDIENCE: 'any' }).auth).toMatchObject({ audience: 'any' })
})

test('reads a gateway with a secret, or with a certificate and its header', () => {
  const secret = 'x'.repeat(32)
  expect(load({ AUTH: 'gateway', GATEWAY_SECRET: secret, GATEWAY_ACTOR_HEADER: 'X-User' }).auth).toEqual({
    kind: 'gateway',
    proof: { secrets: [secret] },
    actorHeader: 'X-User',
    roleHeader: undefined,
  })
  const certificate = { GATEWAY_CERTIFICATE: 'CN=gateway', GATEWAY_CERTIFICATE_HEADER: 'X-Client-Cert' }
  expect(load({ AUTH: 'gateway', ...certificate }).auth).toEqual({
    kind: 'gateway',
    proof: { certificate: 'CN=gateway', header: 'X-Client-Cert' },
    actorHeader: undefined,
    roleHeader: undefined,
  })
})

test('reads the kind of the tenants and the roles of a token', () => {
  const roles = { JWT_ROLE_CLAIM: '/o/rol', JWT_OWNER_ROLES: 'admin owner' }
  const tenants = { JWT_TENANT_CLAIM: '/o/id', JWT_TENANT_YIELDS: 'externalId', TENANT_DIRECTORY: 'required' }
  expect(load({ ...jwt, ...roles, ...tenants }).auth).toMatchObject({
    tenants: {
      claim: '/o/id',
      yields: 'externalId',
      roles: { claim: '/o/rol', owner: ['admin', 'owner'], member: undefined },
    },
  })
})

test('reads tokens and a gateway at once', () => {
  const { auth, tenant } = load({ ...jwt, AUTH: 'jwt,gateway', GATEWAY_SECRET: 'x'.repeat(32) })
  expect(auth).toMatchObject({ kind: 'several', jwt: { kind: 'jwt' }, gateway: { kind: 'gateway' } })
  expect(tenant.from).toEqual(['header', 'claim'])
})

test('reads a value that a list names twice as one', () => {
  const gateway = { GATEWAY_SECRET: 'x'.repeat(32) }
  expect(load({ ...jwt, AUTH: 'jwt,jwt' }).auth).toEqual(load({ ...jwt, AUTH: 'jwt' }).auth)
  expect(load({ ...gateway, AUTH: 'gateway gateway' }).auth).toEqual(load({ ...gateway, AUTH: 'gateway' }).auth)
  expect(load({ ...jwt, ...gateway, AUTH: 'jwt gateway,jwt' }).auth).toMatchObject({ kind: 'several' })
  expect(load({ AUTH: 'unverified,unverified' }).auth).toMatchObject({ kind: 'unverified' })
  expect(load({ TENANT_FROM: 'header header' }).tenant.from).toEqual(['header'])
})

test('reads a list of issuers', () => {
  const { auth } = load({ ...jwt, JWT_ISSUER: 'https://a.example,https://b.example' })
  expect(auth).toMatchObject({ issuer: ['https://a.example', 'https://b.example'] })
})

test('allows keys over http on another machine only with JWT_JWKS_ALLOW_HTTP', () => {
  const inCluster = { ...jwt, JWT_SECRET: '', JWT_JWKS_URL: 'http://keycloak:8080/certs' }
  expect(problemsOf({ DATABASE_URL: url, ...inCluster })).toContain('JWT_JWKS_ALLOW_HTTP=true allows http')
  expect(load({ ...inCluster, JWT_JWKS_ALLOW_HTTP: 'true' }).auth).toMatchObject({
    key: { jwksUrl: 'http://keycloak:8080/certs', allowHttp: true },
  })
})

test('sends no Strict-Transport-Security with HSTS=off', () => {
  expect(load({ HSTS: 'off' }).server.hsts).toBeUndefined()
  expect(load({ HSTS: 'max-age=60' }).server.hsts).toBe('max-age=60')
})
