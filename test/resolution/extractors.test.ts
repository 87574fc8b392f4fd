import { describe, expect, test } from 'bun:test'
import type { Authentication, ClaimedTenant, TenantKey } from '../../src/context/index.ts'
import { claim, domain, firstOf, header, path, subdomain, type TenantExtractor } from '../../src/resolution/index.ts'
import { newTenant, respelled, tenantIdMust } from '../tenants.ts'
import { directoryOf, newApp, newEntry } from './app.ts'

const acme = newEntry('acme')
const directory = directoryOf(acme)
const malformed = (place: string) => ({ error: { message: `${place} must be one tenant id: ${tenantIdMust}` } })

describe('path', () => {
  const at = '/tenants/:tenantId/*'
  const app = newApp({ from: path({ parameter: 'tenantId' }) }, at)

  test('reads the id from the path', async () => {
    const id = newTenant()
    expect(await (await app.request(`/tenants/${respelled(id)}/tasks`)).json()).toMatchObject({ tenantId: id })
  })

  test('rejects a malformed id, with its place in the message', async () => {
    const response = await app.request('/tenants/_acme/tasks')
    expect(response.status).toBe(400)
    expect(await response.json()).toMatchObject(malformed('path parameter tenantId'))
  })

  test('reads a slug for the tenant directory', async () => {
    const named = newApp({ from: path({ parameter: 'tenantId', yields: 'slug' }), directory }, at)
    expect(await (await named.request('/tenants/acme/tasks')).json()).toMatchObject({ tenantId: acme.id })
  })

  test('rejects a request on a route without the parameter', async () => {
    const response = await newApp({ from: path({ parameter: 'tenantId' }) }).request(`/${newTenant()}`)
    expect(response.status).toBe(403)
  })

  test.each(['', ':tenantId', 'tenantId?', 'tenant/id', 'id{[0-9]+}', '*'])(
    'rejects the parameter name %p',
    (parameter) => {
      expect(() => path({ parameter })).toThrow(TypeError)
    },
  )
})

test('an extractor that yields another kind than ids needs a directory', () => {
  for (const from of [
    header('X-Tenant', { yields: 'externalId' }),
    domain(),
    subdomain(),
    firstOf(header('X-Id'), domain()),
  ])
    expect(() => newApp({ from })).toThrow(TypeError)
})

test('an extractor yields one of the four kinds', () => {
  const yields = 'name' as 'slug' // what JavaScript may pass
  for (const make of [() => header('X-Tenant', { yields }), () => path({ parameter: 'tenant', yields })])
    expect(make).toThrow(TypeError)
})

test('a header names its kind in the message that it is missing', async () => {
  const app = newApp({ from: header('X-Org', { yields: 'externalId' }), directory })
  expect(await (await app.request('/')).json()).toMatchObject({
    error: { message: "Tenant header is required: send X-Org with your tenant's external id" },
  })
})

const authOf = (tenants: (string | ClaimedTenant)[] | 'any'): Authentication => ({
  vary: ['Authorization'],
  verify: () => (tenants === 'any' ? { actor: 'ada', tenants } : { actor: 'ada', tenants }),
})

describe('claim', () => {
  test('reads the only tenant of the verified caller', async () => {
    const id = newTenant()
    const response = await newApp({ from: claim(), auth: authOf([respelled(id)]) }).request('/')
    expect(await response.json()).toMatchObject({ tenantId: id })
  })

  test('reads a slug for the tenant directory', async () => {
    const response = await newApp({ from: claim(), auth: authOf([{ slug: 'acme' }]), directory }).request('/')
    expect(await response.json()).toMatchObject({ tenantId: acme.id })
  })

  test.each([['any' as const], [[]], [['']], [[acme.id, newTenant()]]])(
    'rejects a request with the claimed tenants %p',
    async (tenants) => {
      const response = await newApp({ from: claim(), auth: authOf(tenants), directory }).request('/')
      expect(response.status).toBe(403)
      expect((await response.json()).error.message).toContain('credentials do not name exactly one')
    },
  )

  test('rejects a request without authentication', async () => {
    expect((await newApp({ from: claim() }).request('/')).status).toBe(403)
  })

  test('adds the headers of the authentication to Vary', async () => {
    const response = await newApp({ from: claim(), auth: authOf([acme.id]) }).request('/')
    expect(response.headers.get('Vary')).toBe('Authorization')
  })
})

describe('firstOf', () => {
  const from = firstOf(header('X-Tenant-Id'), header('X-Organisation'), subdomain())
  const [a, b] = [newTenant(), newTenant()]
  const get = (headers: Record<string, string>) => newApp({ from, directory }).request('/', { headers })

  test('uses the first extractor that finds a value', async () => {
    expect(await (await get({ 'X-Organisation': b, 'X-Tenant-Id': a })).json()).toMatchObject({ tenantId: a })
    expect(await (await get({ 'X-Organisation': b, Host: 'acme.app.co.uk' })).json()).toMatchObject({ tenantId: b })
    expect(await (await get({ Host: 'acme.app.co.uk' })).json()).toMatchObject({ tenantId: acme.id })
  })

  test('treats an empty value as absent', async () => {
    expect(await (await get({ 'X-Tenant-Id': '', 'X-Organisation': b })).json()).toMatchObject({ tenantId: b })
  })

  test('treats an empty selector of a custom extractor as absent', async () => {
    const empty = (found: TenantKey) => ({ label: 'x', missing: 'x', extract: () => found })
    const app = newApp({ from: firstOf(empty({ id: '' }), empty({ slug: '' }), header('X-Tenant-Id')), directory })
    expect(await (await app.request('/', { headers: { 'X-Tenant-Id': a } })).json()).toMatchObject({ tenantId: a })
  })

  test.each([
    { 'X-Tenant-Id': '_nonsense', 'X-Organisation': b },
    { 'X-Tenant-Id': `${a}, ${b}`, Host: 'acme.app.co.uk' },
  ])('rejects a malformed first value, and names only its place', async (headers) => {
    const response = await get(headers)
    expect(response.status).toBe(400)
    expect(await response.json()).toMatchObject(malformed('X-Tenant-Id'))
  })

  test('rejects an unknown first name', async () => {
    const app = newApp({ from: firstOf(subdomain(), header('X-Tenant-Id')), directory })
    const response = await app.request('/', { headers: { Host: 'unknown.app.co.uk', 'X-Tenant-Id': a } })
    expect(response.status).toBe(403)
  })

  test('names the place of a malformed second value, also when nested', async () => {
    const nested = newApp({ from: firstOf(claim(), from), directory })
    const response = await nested.request('/', { headers: { 'X-Organisation': '_nonsense' } })
    expect(await response.json()).toMatchObject(malformed('X-Organisation'))
  })

  test('uses the message of the first extractor, and the Vary of all', async () => {
    const response = await get({})
    expect(await response.json()).toMatchObject({ error: { message: header('X-Tenant-Id').missing } })
    expect(response.headers.get('Vary')).toBe('X-Tenant-Id, X-Organisation')
  })

  test('accepts only the caller’s own tenants from a header', async () => {
    const app = newApp({ from: firstOf(header('X-Tenant-Id'), claim()), auth: authOf([a, b]) })
    const send = (headers = {}) => app.request('/', { headers })
    expect(await (await send({ 'X-Tenant-Id': b })).json()).toMatchObject({ tenantId: b })
    expect((await send({ 'X-Tenant-Id': newTenant() })).status).toBe(403)
    expect((await send()).status).toBe(403)
  })

  test('joins the labels', () => {
    expect(from.label).toBe('X-Tenant-Id or X-Organisation or subdomain')
  })

  test('rejects an empty list', () => {
    expect(() => firstOf()).toThrow(new TypeError('firstOf() needs at least one extractor'))
  })
})

test('a custom extractor may be asynchronous, and a string that it returns is an id', async () => {
  const id = newTenant()
  const sessions = new Map([['s-1', respelled(id)]])
  const ofSession: TenantExtractor = {
    label: 'session',
    missing: 'Sign in first',
    vary: ['Session'],
    extract: async (c) => sessions.get(c.req.header('Session') ?? ''),
  }
  const app = newApp({ from: ofSession })
  const response = await app.request('/', { headers: { Session: 's-1' } })
  expect(await response.json()).toMatchObject({ tenantId: id })
  expect(response.headers.get('Vary')).toBe('Session')
  expect(await (await app.request('/')).json()).toMatchObject({ error: { message: 'Sign in first' } })
})
