import { beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { connect } from 'node:net'
import { main } from '../database.ts'
import { newTenant } from '../tenants.ts'
import { buildForNode, type Child, hasNode, root, runtimes, start, startServer, until } from './child.ts'

setDefaultTimeout(30_000)

const production = { NODE_ENV: 'production', DATABASE_URL: main.appUrl, ROWHOUSE_SECRET: 'r'.repeat(32) }

test('a start in production without authentication is refused, and names the setting', async () => {
  await using server = startServer(production)
  expect(await server.exited).toBe(1)
  expect(server.stderr).toContain('AUTH is required in production')
  expect(server.stderr).toContain('ALLOW_UNVERIFIED=true')
})

test('ALLOW_UNVERIFIED=true starts without authentication in production', async () => {
  await using server = startServer({ ...production, ALLOW_UNVERIFIED: 'true' })
  const headers = { 'X-Tenant-Id': newTenant() }
  expect((await fetch(`${await server.listening()}/tasks`, { headers })).status).toBe(200)
})

test.each([
  [{ JWT_PUBLIC_KEY: 'no key' }, 'JWT_PUBLIC_KEY must be a PEM'],
  [{ JWT_SECRET: 'x'.repeat(32), JWT_ALGORITHMS: 'none' }, 'JWT_ALGORITHMS: '],
])('a start with a key that cannot verify is refused (%o)', async (settings, problem) => {
  const jwt = { AUTH: 'jwt', JWT_ISSUER: 'https://issuer.example', JWT_AUDIENCE: 'rowhouse' }
  await using server = startServer({ ...production, ...jwt, ...settings } as Record<string, string>) // one key or the other
  expect(await server.exited).toBe(1)
  expect(server.stderr).toContain(problem)
})

/** Starts `rowhouse issuer`, and returns the settings to verify its tokens. */
async function startIssuer() {
  const command = [process.execPath, `${root}/src/cli/rowhouse.ts`, 'issuer', '--port', '0']
  const issuer: Child = start(command)
  const url = await until(() => /JWT_ISSUER=(\S+)/.exec(issuer.stdout)?.[1])
  const settings = {
    AUTH: 'jwt',
    JWT_ISSUER: url,
    JWT_AUDIENCE: 'rowhouse',
    JWT_JWKS_URL: `${url}/.well-known/jwks.json`,
  }
  const token = async (query: Record<string, string>) =>
    await (await fetch(`${url}/token?${new URLSearchParams(query)}`)).text()
  return { settings, token, [Symbol.asyncDispose]: () => issuer[Symbol.asyncDispose]() }
}

/** The status of a request with exactly these header lines. */
async function statusOf(url: string, lines: string[]): Promise<number> {
  const { hostname, port } = new URL(url)
  const { promise, resolve } = Promise.withResolvers<string>()
  let answer = ''
  const socket = connect(Number(port), hostname)
  socket.on('data', (chunk) => {
    answer += chunk
  })
  socket.on('close', () => resolve(answer))
  socket.on('error', () => {}) // a server may close before it has read a rejected request
  socket.write(['GET /tasks HTTP/1.1', `Host: ${hostname}`, 'Connection: close', ...lines, '', ''].join('\r\n'))
  return Number(/^HTTP\/1\.1 (\d{3})/.exec(await promise)?.[1])
}

beforeAll(async () => {
  if (hasNode) await buildForNode()
})

describe.each(runtimes)('on $name, behind an identity provider', (runtime) => {
  test('a token gives access to its own tenant, and nothing else gives access to any', async () => {
    await using issuer = await startIssuer()
    await using server = runtime.start({ ...production, ...issuer.settings, TENANT_SIGNING_KEY: '' })
    const url = await server.listening()
    const [own, other] = [newTenant(), newTenant()]
    const bearer = async (query: Record<string, string>) => `Authorization: Bearer ${await issuer.token(query)}`
    const token = await bearer({ tenant: own, sub: 'ada' })
    const header = (tenant: string) => `X-Tenant-Id: ${tenant}`
    const [, payload = ''] = token.split('.')
    const none = `Authorization: Bearer ${Buffer.from('{"alg":"none"}').toString('base64url')}.${payload}.`

    expect({
      own: await statusOf(url, [token, header(own)]),
      claimAlone: await statusOf(url, [token]),
      otherTenant: await statusOf(url, [token, header(other)]),
      headerAlone: await statusOf(url, [header(own)]),
      expired: await statusOf(url, [await bearer({ tenant: own, seconds: '-60' }), header(own)]),
      algNone: await statusOf(url, [none, header(own)]),
      noClaim: await statusOf(url, [await bearer({ sub: 'ada' }), header(own)]),
      twoTokens: await statusOf(url, [token, await bearer({ tenant: other }), header(other)]),
      hugeToken: await statusOf(url, [`Authorization: Bearer ${'a'.repeat(100_000)}`, header(own)]),
    }).toEqual({
      own: 200,
      claimAlone: 200,
      otherTenant: 403,
      headerAlone: 401,
      expired: 401,
      algNone: 401,
      noClaim: 403,
      twoTokens: 400,
      hugeToken: 431,
    })
    const line = await until(() => server.log().find(({ status }) => status === 200))
    expect(line).toMatchObject({ tenant: own, actor: 'ada' })
    expect(server.stdout).not.toContain(payload)
    expect(server.log().some(({ level, status }) => Number(level) >= 50 || Number(status) >= 500)).toBe(false)
  })
})

test('an issuer that cannot be reached is logged with the reason', async () => {
  const closed = Bun.serve({ port: 0, hostname: '127.0.0.1', fetch: () => new Response() })
  const jwksUrl = new URL('/keys', closed.url).href
  await closed.stop(true)
  const jwt = { AUTH: 'jwt', JWT_ISSUER: 'a', JWT_AUDIENCE: 'b', JWT_JWKS_URL: jwksUrl }
  await using server = startServer({ ...production, ...jwt })
  const token = `${btoa('{"alg":"ES256"}')}.e30.AAAA`
  const headers = { Authorization: `Bearer ${token}`, 'X-Tenant-Id': newTenant() }
  expect((await fetch(`${await server.listening()}/tasks`, { headers })).status).toBe(503)
  const line = await until(() =>
    server.log().find(({ msg }) => msg === 'the keys of JWT_JWKS_URL could not be fetched'),
  )
  expect(line).toMatchObject({ level: 'warn', reason: expect.stringMatching(/connect|refused/i) })
})

const withForeignHost = (url: string) => fetch(new URL('/health', url), { headers: { Host: 'evil.example' } })

test('a service of unverified callers rejects a foreign Host, unless ALLOW_UNVERIFIED is true', async () => {
  await using strict = startServer({ DATABASE_URL: main.appUrl })
  await using open = startServer({ DATABASE_URL: main.appUrl, ALLOW_UNVERIFIED: 'true' })
  await using named = startServer({
    DATABASE_URL: main.appUrl,
    TENANT_FROM: 'header,subdomain',
    TENANT_DIRECTORY: 'on',
    TENANT_DOMAIN: 'evil.example',
  })
  const statuses = [strict, open, named].map(async (server) => (await withForeignHost(await server.listening())).status)
  expect(await Promise.all(statuses)).toEqual([403, 200, 200])
})
