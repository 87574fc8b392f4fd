import { describe, expect, test } from 'bun:test'
import { Hono } from 'hono'
import { unverified } from '../../../src/context/index.ts'
import { docs } from '../../../src/openapi/index.ts'
import { domain, firstOf, subdomain } from '../../../src/resolution/index.ts'
import { directoryOf, newEntry } from '../../resolution/app.ts'
import { newTenant, tenantIds } from '../../tenants.ts'
import { build, newAcme } from './app.ts'

/** What nginx sends to the service, where it removes `/api`. */
const forwarded = {
  'X-Forwarded-For': '203.0.113.9',
  'X-Forwarded-Host': 'acme.example.com',
  'X-Forwarded-Proto': 'https',
  'X-Forwarded-Prefix': '/api',
}

/** A created task's Location and the links of its list. */
async function linksOf(service: ReturnType<typeof build>, headers: Record<string, string> = {}) {
  const { tenant, userId } = await newAcme()
  const client = service.as(tenant)
  const body = JSON.stringify({ title: 'Write the report', userId })
  const created = await client.send('POST', '/tasks', {
    headers: { ...headers, 'Content-Type': 'application/json' },
    body,
  })
  const { body: list } = await client.send<unknown>('GET', '/tasks?limit=1&status=todo', { headers })
  return [created.headers.get('Location'), list] as const
}

const links = (prefix: string) => {
  const to = (page: number) => `${prefix}/tasks?limit=1&status=todo&page=${page}`
  return { links: { self: to(1), first: to(1), prev: null, next: to(2), last: to(2) } }
}

test.each([
  ['BASE_PATH', { basePath: '/api' }, {}, '/api'],
  ['X-Forwarded-Prefix behind a proxy', { trustProxy: 1 }, forwarded, '/api'],
  ['BASE_PATH before X-Forwarded-Prefix', { trustProxy: 1, basePath: '/v1' }, forwarded, '/v1'],
  ['no spoofed X-Forwarded-Prefix without a proxy', {}, forwarded, ''],
])('Location and the links of pages have the prefix of %s', async (_what, options, headers, prefix) => {
  const [location, list] = await linksOf(build(options), headers)
  expect(location).toMatch(new RegExp(`^${prefix}/tasks/[0-9a-f-]{36}$`))
  expect(list).toMatchObject({ meta: { pagination: links(prefix) } })
})

test('the path of a body, of a problem and of / has the prefix', async () => {
  const { app } = build({ basePath: '/api', problems: true })
  const bodyOf = async (path: string, headers: Record<string, string> = {}) =>
    (await app.request(path, { headers: { 'X-Tenant-Id': newTenant(), ...headers } })).json()
  expect(await bodyOf('/tasks?page=1')).toMatchObject({ success: true, path: '/api/tasks' })
  expect(await bodyOf('/nope')).toMatchObject({ success: false, path: '/api/nope' })
  expect(await bodyOf('/nope', { Accept: 'application/problem+json' })).toMatchObject({ instance: '/api/nope' })
  expect(await bodyOf('/')).toMatchObject({ docs: '/api/docs', openapi: '/api/openapi.json', health: '/api/health' })
})

test('/docs/ leads to the documentation behind a prefix', async () => {
  const response = await build({ basePath: '/api' }).app.request('/docs/')
  expect(new URL(response.headers.get('Location') ?? '', 'https://example.com/api/docs/').pathname).toBe('/api/docs')
})

describe('the host that a client called', () => {
  const acme = { ...newEntry('acme'), domains: ['shop.acme.example'] }
  const globex = newEntry('globex')
  const tenantOptions = {
    from: firstOf(subdomain({ domain: 'example.com' }), domain()),
    auth: unverified(),
    directory: directoryOf(acme, globex),
    ...tenantIds,
  }
  const service = (trustProxy: number) => build({ trustProxy, tenant: tenantOptions })

  /** The tenant of the log line of a request. */
  async function tenantOf(trustProxy: number, headers: Record<string, string>) {
    const { app, lines } = service(trustProxy)
    const { status } = await app.request('http://10.0.0.5:3000/tasks', { headers })
    return [status, lines[0]?.tenant]
  }

  test.each([
    ['X-Forwarded-Host', { 'X-Forwarded-Host': 'acme.example.com' }],
    ['X-Forwarded-Host with a port', { 'X-Forwarded-Host': 'ACME.example.com:8443' }],
    ['X-Forwarded-Host as a custom domain', { 'X-Forwarded-Host': 'shop.acme.example' }],
    ['Forwarded', { Forwarded: 'for=203.0.113.9;host=acme.example.com;proto=https' }],
    ['Forwarded as a custom domain', { Forwarded: 'host="shop.acme.example:443"' }],
    ['the last X-Forwarded-Host', { 'X-Forwarded-Host': 'globex.example.com, acme.example.com' }],
    ['Host', { Host: 'acme.example.com' }],
  ])('selects the tenant behind a proxy: %s', async (_what, headers) => {
    expect(await tenantOf(1, { Host: '10.0.0.5:3000', ...headers })).toEqual([200, acme.id])
  })

  test('selects no tenant by a spoofed header without a proxy', async () => {
    const spoofed = { 'X-Forwarded-Host': 'globex.example.com', Forwarded: 'host=globex.example.com' }
    expect(await tenantOf(0, { Host: 'acme.example.com', ...spoofed })).toEqual([200, acme.id])
    expect(await tenantOf(0, { Host: '10.0.0.5:3000', ...spoofed })).toEqual([403, undefined])
  })

  test('is in Vary, so that a cache keeps the tenants apart', async () => {
    const response = await service(1).app.request('/tasks', { headers: { 'X-Forwarded-Host': 'acme.example.com' } })
    expect(response.headers.get('Vary')?.split(', ')).toEqual(expect.arrayContaining(['X-Forwarded-Host', 'Forwarded']))
  })

  test('is in Vary of routes that share their responses', async () => {
    const { app } = build({ trustProxy: 1, tenant: { ...tenantOptions, shareable: () => true } })
    const response = await app.request('/tasks', { headers: { 'X-Forwarded-Host': 'acme.example.com' } })
    expect(response.headers.get('Vary')).toContain('X-Forwarded-Host')
  })
})

test('the guard against foreign hosts checks the host that a proxy passes on too', async () => {
  const { app } = build({ trustProxy: 1, hosts: ['rowhouse.example'] })
  const get = (host: string) =>
    app.request('/tasks', {
      headers: { Host: '127.0.0.1:3000', 'X-Forwarded-Host': host, 'X-Tenant-Id': newTenant() },
    })
  expect((await get('evil.example')).status).toBe(403)
  expect((await get('rowhouse.example')).status).toBe(200)
})

describe('the OpenAPI document', () => {
  const serversOf = async (options: Parameters<typeof build>[0]) => {
    const response = await build(options).app.request('/openapi.json')
    return (await response.json()).servers
  }

  test('names a server relative to itself, so that it holds behind a prefix', async () => {
    expect(await serversOf({})).toEqual([{ url: '.' }])
  })

  test('names BASE_PATH', async () => {
    expect(await serversOf({ basePath: '/api' })).toEqual([{ url: '/api' }])
  })
})

test('the page of the documentation finds its document behind a prefix', async () => {
  for (const mount of ['/docs', '/internal/docs', '/docs/']) {
    const app = new Hono().route(mount, docs({ title: 'x', documentUrl: '/openapi.json', loadAsset: async () => '' }))
    const [, url = ''] = /url: '([^']+)'/.exec(await (await app.request(mount)).text()) ?? []
    expect(new URL(url, `http://test/api${mount}`).pathname).toBe('/api/openapi.json')
  }
})
