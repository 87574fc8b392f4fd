import { describe, expect, test } from 'bun:test'
import packageJson from '../../package.json'
import { createPool, createTenantDatabase, type TenantDatabase } from '../../src/database/index.ts'
import { createApp } from '../../src/service/app.ts'
import { loadConfig } from '../../src/service/config/config.ts'
import { createHome } from '../../src/service/home/home.ts'
import { recordStatements } from '../../src/service/home/recorded-statements.ts'
import { deps } from '../app.ts'
import { closeAfterwards, main } from '../database.ts'
import { newTenant } from '../tenants.ts'

const browser = { Accept: 'text/html,application/xhtml+xml,*/*;q=0.8' }
const tenants = [
  { name: 'Acme', id: newTenant() },
  { name: '<Globex>', id: newTenant() },
]

/** An app in development, with a database whose statements are recorded. */
function openHome(size = 2) {
  const recorded = recordStatements(createPool({ url: main.appUrl, size }))
  const db: TenantDatabase = createTenantDatabase({ connections: recorded })
  closeAfterwards(db)
  return createApp({ ...deps, db, home: { tenants, tenantHeader: 'X-Tenant-Id', statementsOf: recorded.statementsOf } })
}

describe('/', () => {
  test.each([[undefined], ['*/*'], ['application/json'], ['text/html;q=0'], ['application/json, text/html;q=0.1']])(
    'says where everything is, as JSON, to Accept: %s',
    async (accept) => {
      const response = await openHome().request('/', { headers: accept ? { Accept: accept } : {} })
      const places = { docs: '/docs', openapi: '/openapi.json', health: '/health' }
      expect(await response.json()).toEqual({ name: 'Rowhouse', version: packageJson.version, ...places })
    },
  )

  test('is a page for browsers in development, and varies by Accept', async () => {
    const response = await openHome().request('/', { headers: browser })
    expect(response.headers.get('Content-Type')).toStartWith('text/html')
    expect(response.headers.get('Vary')).toBe('Accept')
    expect(await response.text()).toContain('Acme')
  })

  test('names no other host, and runs no script but its own', async () => {
    const response = await openHome().request('/', { headers: browser })
    const html = await response.text()
    expect(html).not.toMatch(/(?:https?:)?\/\/[a-z]/i)
    const [, nonce = 'none'] = /<script nonce="([^"]+)"/.exec(html) ?? []
    expect(response.headers.get('Content-Security-Policy')).toContain(`script-src 'nonce-${nonce}'`)
    expect(html).not.toContain('<Globex>')
  })

  test('is JSON for browsers too without the page', async () => {
    const response = await createApp(deps).request('/', { headers: browser })
    expect(response.headers.get('Content-Type')).toBe('application/json')
    expect((await createApp(deps).request('/demo/statements/x')).status).toBe(404)
  })

  test('is 404 with HOME_PAGE=off', async () => {
    expect((await createApp({ ...deps, home: false }).request('/')).status).toBe(404)
  })
})

test.each<[string, Record<string, string>, boolean]>([
  ['with the defaults', {}, true],
  ['with TENANT_FROM=subdomain,header', { TENANT_FROM: 'subdomain,header' }, true],
  ['not with TENANT_FROM=subdomain', { TENANT_FROM: 'subdomain' }, false],
  ['with TENANT_DIRECTORY=on', { TENANT_DIRECTORY: 'on' }, true],
  ['not with TENANT_DIRECTORY=required', { TENANT_DIRECTORY: 'required' }, false],
])('the service has the page where its requests are served: %s', (_, settings, has) => {
  const from = settings.TENANT_FROM ? { TENANT_DIRECTORY: 'on', TENANT_DOMAIN: 'app.example.com' } : {}
  const config = loadConfig({ DATABASE_URL: main.appUrl, ...from, ...settings })
  expect(createHome(config, createPool({ url: main.appUrl, size: 1 })) !== undefined).toBe(has)
})

describe('the statements of a request', () => {
  test('are those that PostgreSQL got, the tenant first, and contain no value', async () => {
    const app = openHome()
    const id = crypto.randomUUID()
    const headers = { 'X-Tenant-Id': newTenant(), 'X-Request-Id': id, 'Content-Type': 'application/json' }
    const body = JSON.stringify({ email: `${id}@s3cret.example`, name: 's3cret' })
    expect((await app.request('/users', { method: 'POST', headers, body })).status).toBe(201)
    const texts: string[] = await (await app.request(`/demo/statements/${id}`)).json()
    expect(texts.findIndex((text) => text.includes("set_config('app.current_tenant'"))).toBeLessThan(
      texts.findIndex((text) => text.startsWith('insert into "users"')),
    )
    expect(texts.at(-1)).toContain('commit')
    expect(texts.join('\n')).not.toContain('s3cret')
    expect(texts.join('\n')).not.toContain(headers['X-Tenant-Id'])
  })

  test('that shares a socket write with others are its own', async () => {
    const app = openHome(1)
    const ids = Array.from({ length: 20 }, () => crypto.randomUUID())
    const task = '/tasks/0198b9a4-0000-7000-8000-0000000ac002'
    const get = (id: string) => app.request(task, { headers: { 'X-Tenant-Id': newTenant(), 'X-Request-Id': id } })
    await get('warm') // the first request of a connection goes alone
    await Promise.all(ids.map(get))
    for (const id of ids) {
      const texts: string[] = await (await app.request(`/demo/statements/${id}`)).json()
      expect(texts.filter((text) => text.includes('from "tasks"'))).toHaveLength(1)
    }
  })

  test('are an empty list for an unknown request', async () => {
    expect(await (await openHome().request('/demo/statements/unknown')).json()).toEqual([])
  })
})
