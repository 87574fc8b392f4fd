import { describe, expect, test } from 'bun:test'
import type { Authentication } from '../../src/context/index.ts'
import { claim, firstOf, header, path, subdomain, type TenantExtractor } from '../../src/resolution/index.ts'
import { newTenant } from '../database.ts'
import { guarded, registered, registryOf } from './guarded-app.ts'

const acme = registered('acme')
const directory = registryOf(acme)
const malformed = (place: string) => ({ error: { message: `${place} must be one tenant id: 8-4-4-4-12 hex digits` } })

describe('path', () => {
  const at = '/tenants/:tenantId/*'
  const app = guarded({ from: path({ parameter: 'tenantId' }) }, at)

  test('takes the id that stands in the path', async () => {
    const id = newTenant()
    expect(await (await app.request(`/tenants/${id.toUpperCase()}/tasks`)).json()).toMatchObject({ tenantId: id })
  })

  test('refuses what is no id, and says where it stands', async () => {
    const response = await app.request('/tenants/acme/tasks')
    expect(response.status).toBe(400)
    expect(await response.json()).toMatchObject(malformed('path parameter tenantId'))
  })

  test('takes a name for the registry', async () => {
    const named = guarded({ from: path({ parameter: 'tenantId', yields: 'name' }), directory }, at)
    expect(await (await named.request('/tenants/acme/tasks')).json()).toMatchObject({ tenantId: acme.id })
  })

  test('refuses a route that has no such parameter', async () => {
    const response = await guarded({ from: path({ parameter: 'tenantId' }) }).request(`/${newTenant()}`)
    expect(response.status).toBe(403)
  })

  test.each(['', ':tenantId', 'tenantId?', 'tenant/id', 'id{[0-9]+}', '*'])('is not made for %p', (parameter) => {
    expect(() => path({ parameter })).toThrow(TypeError)
  })
})

const trusting = (tenants?: string[]): Authentication => ({
  vary: ['Authorization'],
  verify: () => ({ actor: 'ada', tenants }),
})

describe('claim', () => {
  test('takes the one tenant that the caller is verified for', async () => {
    const id = newTenant()
    const response = await guarded({ from: claim(), auth: trusting([id.toUpperCase()]) }).request('/')
    expect(await response.json()).toMatchObject({ tenantId: id })
  })

  test('takes a name where the claim is no id', async () => {
    const response = await guarded({ from: claim(), auth: trusting(['acme']), directory }).request('/')
    expect(await response.json()).toMatchObject({ tenantId: acme.id })
  })

  test.each([[undefined], [[]], [['']], [[acme.id, newTenant()]], [[acme.id, acme.id]]])(
    'takes none of %p, and says so',
    async (tenants) => {
      const response = await guarded({ from: claim(), auth: trusting(tenants), directory }).request('/')
      expect(response.status).toBe(403)
      expect((await response.json()).error.message).toContain('credentials do not name exactly one')
    },
  )

  test('takes none where nobody is verified', async () => {
    expect((await guarded({ from: claim() }).request('/')).status).toBe(403)
  })

  test('varies with what the trust check looks at', async () => {
    const response = await guarded({ from: claim(), auth: trusting([acme.id]) }).request('/')
    expect(response.headers.get('Vary')).toBe('Authorization')
  })
})

describe('firstOf', () => {
  const from = firstOf(header('X-Tenant-Id'), header('X-Organisation'), subdomain())
  const [a, b] = [newTenant(), newTenant()]
  const get = (headers: Record<string, string>) => guarded({ from, directory }).request('/', { headers })

  test('takes the first that there is', async () => {
    expect(await (await get({ 'X-Organisation': b, 'X-Tenant-Id': a })).json()).toMatchObject({ tenantId: a })
    expect(await (await get({ 'X-Organisation': b, Host: 'acme.app.co.uk' })).json()).toMatchObject({ tenantId: b })
    expect(await (await get({ Host: 'acme.app.co.uk' })).json()).toMatchObject({ tenantId: acme.id })
  })

  test('takes an empty value for none', async () => {
    expect(await (await get({ 'X-Tenant-Id': '', 'X-Organisation': b })).json()).toMatchObject({ tenantId: b })
  })

  test('takes an empty selector of a custom extractor for none', async () => {
    const empty = (found: { id: string } | { name: string }) => ({ label: 'x', missing: 'x', extract: () => found })
    const app = guarded({ from: firstOf(empty({ id: '' }), empty({ name: '' }), header('X-Tenant-Id')), directory })
    expect(await (await app.request('/', { headers: { 'X-Tenant-Id': a } })).json()).toMatchObject({ tenantId: a })
  })

  test.each([
    { 'X-Tenant-Id': 'nonsense', 'X-Organisation': b },
    { 'X-Tenant-Id': `${a}, ${b}`, Host: 'acme.app.co.uk' },
  ])('does not pass over a first value that is malformed, and blames that place alone', async (headers) => {
    const response = await get(headers)
    expect(response.status).toBe(400)
    expect(await response.json()).toMatchObject(malformed('X-Tenant-Id'))
  })

  test('does not pass over a first name that is unknown', async () => {
    const app = guarded({ from: firstOf(subdomain(), header('X-Tenant-Id')), directory })
    const response = await app.request('/', { headers: { Host: 'nobody.app.co.uk', 'X-Tenant-Id': a } })
    expect(response.status).toBe(403)
  })

  test('blames the place of a malformed value that came second, also from within another', async () => {
    const nested = guarded({ from: firstOf(claim(), from), directory })
    const response = await nested.request('/', { headers: { 'X-Organisation': 'nonsense' } })
    expect(await response.json()).toMatchObject(malformed('X-Organisation'))
  })

  test('says what the first says when there is none, and varies with all', async () => {
    const response = await get({})
    expect(await response.json()).toMatchObject({ error: { message: header('X-Tenant-Id').missing } })
    expect(response.headers.get('Vary')).toBe('X-Tenant-Id, X-Organisation')
  })

  test('lets a caller of several tenants choose by header, among those alone', async () => {
    const app = guarded({ from: firstOf(header('X-Tenant-Id'), claim()), auth: trusting([a, b]) })
    const ask = (headers = {}) => app.request('/', { headers })
    expect(await (await ask({ 'X-Tenant-Id': b })).json()).toMatchObject({ tenantId: b })
    expect((await ask({ 'X-Tenant-Id': newTenant() })).status).toBe(403)
    expect((await ask()).status).toBe(403)
  })

  test('is labelled with all of its places', () => {
    expect(from.label).toBe('X-Tenant-Id or X-Organisation or subdomain')
  })

  test('is not made of nothing', () => {
    expect(() => firstOf()).toThrow(new TypeError('firstOf() needs an extractor'))
  })
})

test('an extractor of one’s own may wait, and a plain string is an id', async () => {
  const id = newTenant()
  const sessions = new Map([['s-1', id.toUpperCase()]])
  const ofSession: TenantExtractor = {
    label: 'session',
    missing: 'Sign in first',
    vary: ['Session'],
    extract: async (c) => sessions.get(c.req.header('Session') ?? ''),
  }
  const app = guarded({ from: ofSession })
  const response = await app.request('/', { headers: { Session: 's-1' } })
  expect(await response.json()).toMatchObject({ tenantId: id })
  expect(response.headers.get('Vary')).toBe('Session')
  expect(await (await app.request('/')).json()).toMatchObject({ error: { message: 'Sign in first' } })
})
