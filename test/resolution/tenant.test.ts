import { describe, expect, test } from 'bun:test'
import { Hono } from 'hono'
import { type TenantEnv, tenantContext } from '../../src/context/index.ts'
import { createErrorHandler } from '../../src/errors/index.ts'
import { header, tenant } from '../../src/resolution/index.ts'
import { newTenant } from '../database.ts'

function createTestApp() {
  const app = new Hono<TenantEnv>()
  app.onError(createErrorHandler())
  app.use('/tasks', async (c, next) => {
    c.set('requestId', 'r-1')
    c.set('signal', c.req.raw.signal)
    await next()
  })
  app.use('/tasks', tenant({ from: header('X-Tenant-Id') }))
  app.get('/tasks', async (c) => {
    await new Promise(setImmediate)
    return c.json({ variable: c.var.tenantId, context: tenantContext() })
  })
  app.get('/tasks/bare', tenant({ from: header('X-Tenant-Id') }), () => new Response('bare'))
  app.get('/open', (c) => c.json({ context: tenantContext() ?? null }))
  return app
}

const app = createTestApp()
const get = (value?: string) => app.request('/tasks', value === undefined ? {} : { headers: { 'X-Tenant-Id': value } })

describe('the tenant middleware', () => {
  test('provides the canonical tenant id with the request’s id and signal', async () => {
    const id = newTenant()
    const body = await (await get(id.toUpperCase())).json()
    expect(body).toEqual({ variable: id, context: { tenantId: id, requestId: 'r-1', signal: expect.anything() } })
  })

  test.each([undefined, ''])('rejects a request without a tenant (%p)', async (value) => {
    const response = await get(value)
    expect(response.status).toBe(403)
    expect(await response.json()).toMatchObject({ error: { code: 'FORBIDDEN' } })
  })

  test.each(['acme', `${newTenant()}, ${newTenant()}`, `${newTenant()}' or true --`, '*', 'null'])(
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

  test.each([newTenant(), 'acme', ''])('marks the response as private (%p)', async (value) => {
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
