import { describe, expect, test } from 'bun:test'
import { type Context, type Handler, Hono } from 'hono'
import { type TenantEnv, tenantContext, unverified } from '../../src/context/index.ts'
import { createErrorHandler } from '../../src/errors/index.ts'
import { header, tenant } from '../../src/resolution/index.ts'
import { contextOf, newTenant, respelled, tenantIds, tenantIdType } from '../tenants.ts'

function createTestApp() {
  const app = new Hono<TenantEnv>()
  app.onError(createErrorHandler())
  app.use('/tasks', async (c, next) => {
    c.set('requestId', 'r-1')
    c.set('signal', c.req.raw.signal)
    await next()
  })
  app.use('/tasks', tenant({ from: header('X-Tenant-Id'), auth: unverified(), ...tenantIds }))
  app.get('/tasks', async (c) => {
    await new Promise(setImmediate)
    return c.json({ variable: c.var.tenantId, context: tenantContext() })
  })
  app.get(
    '/tasks/bare',
    tenant({ from: header('X-Tenant-Id'), auth: unverified(), ...tenantIds }),
    () => new Response('bare'),
  )
  app.get('/open', (c) => c.json({ context: tenantContext() ?? null }))
  return app
}

const app = createTestApp()
const get = (value?: string) => app.request('/tasks', value === undefined ? {} : { headers: { 'X-Tenant-Id': value } })

describe('the tenant middleware', () => {
  test('provides the canonical tenant id with the request’s id and signal', async () => {
    const id = newTenant()
    const body = await (await get(respelled(id))).json()
    expect(body).toEqual({ variable: id, context: { ...contextOf(id), requestId: 'r-1', signal: expect.anything() } })
  })

  test.each([undefined, ''])('rejects a request without a tenant (%p)', async (value) => {
    const response = await get(value)
    expect(response.status).toBe(403)
    expect(await response.json()).toMatchObject({ error: { code: 'FORBIDDEN' } })
  })

  const words = tenantIdType === 'text' ? [] : ['acme', 'null']
  test.each([...words, '_acme', `${newTenant()}, ${newTenant()}`, `${newTenant()}' or true --`, '*'])(
    'rejects the tenant %p',
    async (value) => {
      const response = await get(value)
      expect(response.status).toBe(400)
      expect(await response.text()).not.toContain(value)
    },
  )

  test('rejects two tenant headers, even equal ones', async () => {
    const id = newTenant()
    const headers = new Headers([
      ['X-Tenant-Id', id],
      ['X-Tenant-Id', id],
    ])
    expect((await app.request('/tasks', { headers })).status).toBe(400)
  })

  test.each([newTenant(), '_acme', ''])('marks the response as private (%p)', async (value) => {
    const { headers } = await get(value)
    expect(headers.get('Cache-Control')).toBe('private, no-store')
    expect(headers.get('Vary')).toBe('X-Tenant-Id')
  })

  test('marks a response that was created without the context as private', async () => {
    const { headers } = await app.request('/tasks/bare', { headers: { 'X-Tenant-Id': newTenant() } })
    expect(headers.get('Cache-Control')).toBe('private, no-store')
    expect(headers.get('Vary')).toBe('X-Tenant-Id')
  })

  test('keeps concurrent requests separate', async () => {
    const ids = Array.from({ length: 200 }, newTenant)
    const bodies = await Promise.all(ids.map(async (id) => (await (await get(id)).json()).context.tenantId))
    expect(bodies).toEqual(ids)
  })

  test('leaves no tenant for other routes', async () => {
    await get(newTenant())
    expect(await (await app.request('/open')).json()).toEqual({ context: null })
  })

  test.each(['', 'X Tenant', 'X-Tenant:', 'Ten\nant'])('rejects the header name %p', (name) => {
    expect(() => header(name)).toThrow(TypeError)
  })
})

describe('a response that a shared cache could keep', () => {
  const [vary, id] = ['X-Tenant-Id', newTenant()]
  const themes = (c: Context) => c.req.path === '/themes'
  /** The response of a handler behind the middleware, opted out or not. */
  async function responseOf(handler: Handler, path = '/tasks', shareable?: (c: Context) => boolean) {
    const app = new Hono()
    app.onError(createErrorHandler())
    app.use(
      tenant({ from: header('X-Tenant-Id'), auth: unverified(), ...(shareable ? { shareable } : {}), ...tenantIds }),
    )
    app.get(path, handler)
    return await app.request(path, { headers: { 'X-Tenant-Id': id } })
  }
  const responding = (headers: Record<string, string>) => () => new Response('theme', { headers })

  test.each([
    'public, max-age=600',
    'max-age=600',
    'no-cache',
    's-maxage=600, private',
    'PUBLIC',
    'private="Set-Cookie", max-age=600',
    'no-cache="X, private", max-age=600',
    '',
  ])('is made private, with Vary: %p', async (value) => {
    const { headers } = await responseOf(responding({ 'Cache-Control': value }))
    expect([headers.get('Cache-Control'), headers.get('Vary')]).toEqual(['private, no-store', vary])
  })

  test('is made private where the handler sets the header in the context', async () => {
    const { headers } = await responseOf((c) => c.body('theme', 200, { 'Cache-Control': 'public', Vary: 'Accept' }))
    expect([headers.get('Cache-Control'), headers.get('Vary')]).toEqual(['private, no-store', `Accept, ${vary}`])
  })

  test('is made private where an upstream made it', async () => {
    await using upstream = Bun.serve({ port: 0, fetch: responding({ 'Cache-Control': 'public, max-age=600' }) })
    const response = await responseOf(() => fetch(upstream.url))
    expect([response.headers.get('Cache-Control'), await response.text()]).toEqual(['private, no-store', 'theme'])
  })

  test.each(['CDN-Cache-Control', 'Cloudflare-CDN-Cache-Control', 'Surrogate-Control'])(
    'loses %s, which caches prefer to Cache-Control',
    async (name) => {
      const { headers } = await responseOf(responding({ [name]: 'max-age=600', 'Cache-Control': 'private' }))
      expect(headers.has(name)).toBe(false)
    },
  )

  test.each(['private, max-age=60', 'private, no-cache', 'no-store', 'Private'])(
    'keeps a Cache-Control for one client only: %p',
    async (value) => {
      const { headers } = await responseOf(responding({ 'Cache-Control': value, Vary: 'accept' }))
      expect([headers.get('Cache-Control'), headers.get('Vary')]).toEqual([value, `accept, ${vary}`])
    },
  )

  test.each(['*', 'x-tenant-id', 'Accept, X-TENANT-ID'])('keeps a Vary that names the tenant: %p', async (value) => {
    const { headers } = await responseOf(responding({ 'Cache-Control': 'public', Vary: value }))
    expect(headers.get('Vary')).toBe(value)
  })

  test('stays shareable where the options say so, with Vary', async () => {
    const { headers } = await responseOf(responding({ 'Cache-Control': 'public, max-age=600' }), '/themes', themes)
    expect([headers.get('Cache-Control'), headers.get('Vary')]).toEqual(['public, max-age=600', vary])
  })

  test('keeps the headers of caches where the options say so', async () => {
    const { headers } = await responseOf(responding({ 'CDN-Cache-Control': 'max-age=600' }), '/themes', themes)
    expect(headers.get('CDN-Cache-Control')).toBe('max-age=600')
  })

  test('is private without a Cache-Control of its own, whatever the options say', async () => {
    const { headers } = await responseOf(responding({}), '/themes', themes)
    expect(headers.get('Cache-Control')).toBe('private, no-store')
  })

  test('is made private on the routes that the options do not name', async () => {
    const { headers } = await responseOf(responding({ 'Cache-Control': 'public' }), '/tasks', themes)
    expect(headers.get('Cache-Control')).toBe('private, no-store')
  })

  test('is made private where it is the answer to an error', async () => {
    const app = new Hono()
    app.onError(responding({ 'Cache-Control': 'public, max-age=600' }))
    app.use(tenant({ from: header('X-Tenant-Id'), auth: unverified(), ...tenantIds }))
    app.get('/', () => {
      throw new Error('no')
    })
    const { headers } = await app.request('/', { headers: { 'X-Tenant-Id': id } })
    expect([headers.get('Cache-Control'), headers.get('Vary')]).toEqual(['private, no-store', vary])
  })
})
