import { describe, expect, test } from 'bun:test'
import { connect } from 'node:net'
import { jwt } from '../../../src/auth/index.ts'
import { unverified } from '../../../src/context/index.ts'
import { unavailable } from '../../../src/errors/index.ts'
import { header } from '../../../src/resolution/index.ts'
import { newTenant } from '../../tenants.ts'
import { build, createUser, failing } from './app.ts'

const page = 'https://app.example.com'
const corsOrigins = [page, 'https://*.example.org']

const verified = {
  from: header('X-Tenant-Id'),
  auth: jwt({ key: { secret: 'x'.repeat(32) }, issuer: 'https://issuer.example', audience: 'api' }),
}
const open = build({ corsOrigins })
const closed = build({ corsOrigins, tenant: verified, hosts: ['rowhouse.example'] })

const preflight = (path: string, headers: Record<string, string> = {}, { app } = closed) =>
  app.request(path, {
    method: 'OPTIONS',
    headers: { Origin: page, 'Access-Control-Request-Method': 'PATCH', ...headers },
  })

const allowedOrigin = (response: { headers: Headers }) => response.headers.get('Access-Control-Allow-Origin')

describe('a preflight is answered with 204 before', () => {
  test('authentication, also for an unknown tenant and an unknown path', async () => {
    for (const path of ['/tasks', `/tasks/${newTenant()}`, '/users', '/health', '/nowhere'])
      for (const tenant of [undefined, newTenant(), 'nonsense']) {
        const response = await preflight(path, tenant === undefined ? {} : { 'X-Tenant-Id': tenant })
        expect([response.status, allowedOrigin(response), await response.text()]).toEqual([204, page, ''])
      }
  })

  test('the check of the Host, which stays for the request itself', async () => {
    const guarded = build({ corsOrigins, hosts: ['rowhouse.example'] })
    const foreign = { Host: 'evil.example' }
    expect((await preflight('/tasks', foreign, guarded)).status).toBe(204)
    const response = await guarded.app.request('/tasks', {
      headers: { ...foreign, Origin: page, 'X-Tenant-Id': newTenant() },
    })
    expect([response.status, allowedOrigin(response)]).toEqual([403, page])
  })

  test('limits: it counts for no tenant', async () => {
    const limited = build({ corsOrigins, limits: { rate: { limit: 1, windowSeconds: 60 } }, refusals: { delayMs: 0 } })
    const tenant = newTenant()
    for (const _ of [1, 2, 3]) expect((await preflight('/tasks', { 'X-Tenant-Id': tenant }, limited)).status).toBe(204)
    expect((await limited.as(tenant).get('/tasks')).status).toBe(200)
  })

  test('the database: it needs none', async () => {
    expect((await preflight('/tasks', {}, failing(new Error('no database'), { corsOrigins }))).status).toBe(204)
  })
})

test('a preflight has a request id and a line in the log', async () => {
  const { headers } = await preflight('/tasks', {}, open)
  expect(open.lines.find(({ requestId }) => requestId === headers.get('X-Request-Id'))).toMatchObject({
    method: 'OPTIONS',
    status: 204,
  })
})

test('a preflight allows the header of TENANT_HEADER', async () => {
  const own = build({ corsOrigins, tenantHeader: 'X-Organization', tenant: { ...verified, auth: unverified() } })
  const { headers } = await preflight('/tasks', {}, own)
  expect(headers.get('Access-Control-Allow-Headers')?.split(', ')).toContain('X-Organization')
})

describe('a page of an allowed origin can read', () => {
  const from = { headers: { Origin: page } }
  const json = { Origin: page, 'Content-Type': 'application/json' }

  test('a created task, its Location and its id', async () => {
    const client = open.as(newTenant())
    const { id: userId } = await createUser(client)
    const body = JSON.stringify({ title: 'Write the report', userId })
    const response = await client.send('POST', '/tasks', { headers: json, body })
    expect([response.status, allowedOrigin(response)]).toEqual([201, page])
    const exposed = response.headers.get('Access-Control-Expose-Headers')?.split(', ')
    expect(exposed).toEqual(expect.arrayContaining(['Location', 'X-Request-Id']))
  })

  test.each<[number, () => ReturnType<typeof open.anonymous.send>]>([
    [400, () => open.as(newTenant()).send('POST', '/tasks', { headers: json, body: '{}' })],
    [400, () => open.as('not an id').send('GET', '/tasks', from)],
    [401, () => closed.as(newTenant()).send('GET', '/tasks', { headers: { ...from.headers, Host: 'localhost' } })],
    [403, () => open.anonymous.send('GET', '/tasks', from)],
    [404, () => open.as(newTenant()).send('GET', `/tasks/${crypto.randomUUID()}`, from)],
    [404, () => open.anonymous.send('GET', '/nowhere', from)],
    [405, () => open.anonymous.send('PUT', '/tasks', from)],
    [413, () => open.as(newTenant()).send('POST', '/tasks', { headers: json, body: `"${'a'.repeat(200_000)}"` })],
    [500, () => failing(new Error('no'), { corsOrigins }).as(newTenant()).send('GET', '/tasks', from)],
  ])('a failure with status %d', async (status, send) => {
    const response = await send()
    expect([response.status, allowedOrigin(response), response.headers.get('Vary')]).toEqual([
      status,
      page,
      expect.stringContaining('Origin'),
    ])
  })

  test('a refusal by the rate limit, with Retry-After', async () => {
    const limits = { rate: { limit: 1, windowSeconds: 60 } }
    const client = build({ corsOrigins, limits, refusals: { delayMs: 0 } }).as(newTenant())
    await client.send('GET', '/tasks', from)
    const response = await client.send('GET', '/tasks', from)
    expect([response.status, allowedOrigin(response)]).toEqual([429, page])
    expect(response.headers.get('Access-Control-Expose-Headers')).toContain('Retry-After, RateLimit-Limit')
  })

  test('an unavailable database, with Retry-After', async () => {
    const response = await failing(unavailable(undefined), { corsOrigins }).as(newTenant()).send('GET', '/tasks', from)
    expect([response.status, allowedOrigin(response), response.headers.get('Retry-After')]).toEqual([503, page, '1'])
  })
})

describe('another origin', () => {
  test.each(['https://evil.example', 'null', 'https://app.example.com.evil.io', 'https://a.b.example.org'])(
    '%s reads nothing, and learns nothing from a preflight',
    async (origin) => {
      const headers = { Origin: origin }
      const responses = [
        await open.as(newTenant()).send('GET', '/tasks', { headers }),
        await preflight('/tasks', headers),
        await closed.anonymous.send('GET', '/tasks', { headers }),
      ]
      for (const response of responses) {
        const names = [...response.headers.keys()].filter((name) => name.startsWith('access-control-'))
        expect([names, response.headers.get('Vary')]).toEqual([[], expect.stringContaining('Origin')])
      }
    },
  )

  test('hides behind no second Origin header', async () => {
    await using server = Bun.serve({ port: 0, fetch: open.app.fetch })
    const head = `GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n`
    const send = async (...origins: string[]) => {
      const socket = connect(Number(server.port), '127.0.0.1')
      socket.end(`${head}${origins.map((origin) => `Origin: ${origin}\r\n`).join('')}\r\n`)
      return (await Array.fromAsync(socket)).join('')
    }
    expect(await send(page)).toMatch(/^access-control-allow-origin: https:\/\/app\.example\.com\r$/im)
    for (const origins of [
      [page, 'https://evil.example'],
      ['https://evil.example', page],
    ])
      expect(await send(...origins)).not.toMatch(/^access-control-allow-origin: .*evil/im)
  })
})

describe('a shared cache', () => {
  test.each(['/health', '/docs', '/openapi.json', '/docs/swagger-ui-dist/swagger-ui.css', '/nowhere', '/tasks'])(
    'keeps responses of %s apart by Origin, also those without one',
    async (path) => {
      for (const headers of [{}, { Origin: page }, { Origin: 'https://evil.example' }]) {
        const response = await open.anonymous.send('GET', path, { headers })
        expect(response.headers.get('Vary')?.split(', ')).toContain('Origin')
      }
    },
  )

  test('keeps an unchanged file apart by Origin', async () => {
    const etag = (await open.anonymous.get('/openapi.json')).headers.get('ETag') ?? ''
    const response = await open.anonymous.send('GET', '/openapi.json', { headers: { 'If-None-Match': etag } })
    expect([response.status, response.headers.get('Vary')]).toEqual([304, 'Accept-Encoding, Origin'])
  })

  test('keeps no response with rows of a tenant, for no origin', async () => {
    for (const origin of corsOrigins) {
      const { headers } = await open.as(newTenant()).send('GET', '/tasks', { headers: { Origin: origin } })
      expect(headers.get('Cache-Control')).toBe('private, no-store')
      expect(headers.get('Vary')).toBe('X-Tenant-Id, Origin')
    }
  })
})

test('is off by default: a preflight is a request with a method that the path lacks', async () => {
  const response = await preflight('/tasks', {}, build())
  expect([response.status, allowedOrigin(response), response.headers.get('Vary')]).toEqual([405, null, null])
})
