import { beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { get } from 'node:http'
import { asOwner, createDatabase } from '../../database.ts'
import { buildForNode, type Child, hasNode, runtimes } from '../../runtime/child.ts'
import { newTenant } from '../../tenants.ts'
import { nginx, startNginx } from './nginx.ts'

setDefaultTimeout(120_000)
if (hasNode) beforeAll(buildForNode)

const json = { 'Content-Type': 'application/json' }

/** A service with a tenant that has a slug and a domain of its own, and two tasks. */
async function open(start: (environment: Record<string, string>) => Child, settings: Record<string, string>) {
  const database = await createDatabase()
  const tenant = newTenant()
  const owner = asOwner(database)
  await owner`insert into tenancy.tenants (id, slug, name) values (${tenant}, 'acme', 'Acme')`
  await owner`insert into tenancy.tenant_domains values ('shop.acme.example', ${tenant})`
  const service = start({
    DATABASE_URL: database.appUrl,
    TENANT_FROM: 'header,subdomain,domain',
    TENANT_DOMAIN: 'app.example.com',
    TENANT_DIRECTORY: 'on',
    ...settings,
  })
  return { tenant, service, url: await service.listening() }
}

/** Sends a request with any Host, and with any target, which `fetch` does not. */
const statusFor = (url: string, headers: Record<string, string>, path = new URL(url).pathname) =>
  new Promise<number | undefined>((resolve, reject) => {
    get(url, { headers, path, agent: false }, (response) => {
      response.resume()
      response.once('end', () => resolve(response.statusCode))
    }).once('error', reject)
  })

const withoutForwarded = (text: string) => text.replaceAll(/^.*X-Forwarded-(?:Prefix|Host|Proto|For) .*$/gm, '')

describe.skipIf(nginx === undefined).each(runtimes)('behind nginx, which removes /api, on $name', ({ start }) => {
  test.each([
    ['X-Forwarded-Prefix', { TRUST_PROXY: '1' }, undefined],
    ['BASE_PATH', { BASE_PATH: '/api' }, withoutForwarded],
  ])('every link leads through nginx, with %s', async (_what, settings, change) => {
    const { tenant, service, url } = await open(start, { ...settings, ALLOW_UNVERIFIED: 'true' })
    await using _service = service
    await using proxy = await startNginx(url, change)
    const headers = { 'X-Tenant-Id': tenant }
    const api = `${proxy.url}/api`
    const post = (path: string, body: object) =>
      fetch(api + path, { method: 'POST', headers: { ...headers, ...json }, body: JSON.stringify(body) })

    const created = await post('/users', { email: 'ada@acme.example', name: 'Ada' })
    const { data } = await created.json()
    const location = created.headers.get('Location') ?? ''
    expect(location).toBe(`/api/users/${data.id}`)
    expect((await fetch(new URL(location, proxy.url), { headers })).status).toBe(200)

    for (const title of ['First', 'Second']) await post('/tasks', { title, userId: data.id })
    const { next } = (await (await fetch(`${api}/tasks?limit=1`, { headers })).json()).meta.pagination.links
    const second = await (await fetch(new URL(next, proxy.url), { headers })).json()
    expect(second.data.map(({ title }: { title: string }) => title)).toEqual(['First'])

    const html = await (await fetch(`${api}/docs`)).text()
    const urls = [...html.matchAll(/ (?:src|href)="(\.[^"]*)"|url: '([^']+)'/g)].map(
      ([, file, document]) => file ?? document,
    )
    expect(urls).toHaveLength(3)
    for (const one of urls) expect((await fetch(new URL(one ?? '', `${api}/docs`))).status).toBe(200)
    const { servers } = await (await fetch(`${api}/openapi.json`)).json()
    expect(new URL(servers[0].url, `${api}/openapi.json`).pathname.replace(/\/$/, '')).toBe('/api')
  })

  test('a subdomain and a custom domain select the tenant, a spoofed header does not', async () => {
    const { service, url } = await open(start, { TRUST_PROXY: '1', ALLOW_UNVERIFIED: 'true' })
    await using _service = service
    await using proxy = await startNginx(url)
    const statusOf = (headers: Record<string, string>) => statusFor(`${proxy.url}/api/tasks`, headers)
    expect(await statusOf({ Host: 'acme.app.example.com' })).toBe(200)
    expect(await statusOf({ Host: 'shop.acme.example' })).toBe(200)
    expect(await statusOf({ Host: 'globex.app.example.com' })).toBe(403)
    for (const spoofed of ['X-Forwarded-Host', 'x-forwarded-host'])
      expect(await statusOf({ Host: 'globex.app.example.com', [spoofed]: 'acme.app.example.com' })).toBe(403)
    expect(await statusOf({ Host: 'globex.app.example.com', Forwarded: 'host=acme.app.example.com' })).toBe(403)
  })

  test('the host in a whole URL as the target selects the tenant, as it selects the server of nginx', async () => {
    const { service, url } = await open(start, { TRUST_PROXY: '1', ALLOW_UNVERIFIED: 'true' })
    await using _service = service
    await using proxy = await startNginx(url)
    const statusOf = (Host: string, target: string) => statusFor(`${proxy.url}/api/tasks`, { Host }, target)
    expect(await statusOf('acme.app.example.com', 'http://globex.app.example.com/api/tasks')).toBe(403)
    expect(await statusOf('globex.app.example.com', 'http://acme.app.example.com/api/tasks')).toBe(200)
  })

  test('without TRUST_PROXY a host that a proxy passes on selects no tenant', async () => {
    const { service, url } = await open(start, { ALLOW_UNVERIFIED: 'true' })
    await using _service = service
    await using proxy = await startNginx(url, (text) => text.replace('Host $host', 'Host internal.example'))
    expect(await statusFor(`${proxy.url}/api/tasks`, { Host: 'acme.app.example.com' })).toBe(403)
  })
})
