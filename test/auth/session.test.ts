import { describe, expect, test } from 'bun:test'
import { Hono } from 'hono'
import { getCookie } from 'hono/cookie'
import { csrf } from 'hono/csrf'
import { type RoleWords, type SessionIdentity, session } from '../../src/auth/index.ts'
import { type Authentication, authorize, type TenantEnv } from '../../src/context/index.ts'
import { createErrorHandler } from '../../src/errors/index.ts'
import { claim, tenant } from '../../src/resolution/index.ts'
import { newTenant, tenantIds } from '../tenants.ts'
import { createProtectedApp } from './app.ts'

const [a, b] = [newTenant(), newTenant()]
const cookie = (value: string) => ({ Cookie: `session=${value}` })

/** Sessions that change, as in the application's database, and how often they were asked. */
function createSessions(known: Record<string, SessionIdentity> = {}) {
  const sessions = new Map(Object.entries(known))
  let asked = 0
  const auth = session(
    async (c) => {
      asked++
      return sessions.get(getCookie(c, 'session') ?? '')
    },
    { cookies: ['session'] },
  )
  return { auth, sessions, asked: () => asked }
}

const ada: SessionIdentity = { actor: 'ada', tenants: [{ id: a, roles: ['owner'] }] }
const bob: SessionIdentity = { actor: 'bob', tenants: [{ id: b, roles: ['member'] }] }

describe('session()', () => {
  test('authenticates the caller of a session', async () => {
    const { get } = createProtectedApp(createSessions({ one: ada }).auth)
    expect(await (await get(cookie('one'))).json()).toMatchObject({ tenantId: a, actor: 'ada' })
  })

  test.each([
    ['no cookie', {}, 0],
    ['another cookie', { Cookie: 'theme=dark' }, 0],
    ['an unknown session', cookie('two'), 1],
  ])('refuses a request with %s', async (_, headers, asked) => {
    const sessions = createSessions({ one: ada })
    const { get, failures } = createProtectedApp(sessions.auth)
    const response = await get(headers)
    expect([response.status, failures, sessions.asked()]).toEqual([401, ['no-session'], asked])
    expect(response.headers.get('WWW-Authenticate')).toBe('Cookie realm="rowhouse"')
  })

  test('refuses a session without a tenant', async () => {
    const { get, failures } = createProtectedApp(createSessions({ one: { actor: 'ada', tenants: [] } }).auth)
    expect([(await get(cookie('one'))).status, failures]).toEqual([403, ['no-tenant-claim']])
  })

  test('keeps nothing: a session that ended, or that has another tenant or role, counts for the next request', async () => {
    const { auth, sessions } = createSessions({ one: ada })
    const app = new Hono<TenantEnv>()
    app.onError(createErrorHandler())
    app.use(tenant({ from: claim(), auth, ...tenantIds }))
    app.get('/', async (c) => {
      await authorize(c, 'tasks:purge')
      return c.text(c.var.tenantId)
    })
    const send = async () => {
      const response = await app.request('/', { headers: cookie('one') })
      return response.status === 200 ? await response.text() : response.status
    }
    expect(await send()).toBe(a)
    sessions.set('one', { actor: 'ada', tenants: [{ id: b, roles: ['owner'] }] })
    expect(await send()).toBe(b)
    sessions.set('one', { actor: 'ada', tenants: [{ id: b, roles: ['member'] }] })
    expect(await send()).toBe(403)
    sessions.delete('one')
    expect(await send()).toBe(401)
  })

  test('shares nothing between the sessions of two tenants', async () => {
    const { get } = createProtectedApp(createSessions({ one: ada, two: bob }).auth)
    const answers = await Promise.all([cookie('one'), cookie('two'), cookie('one')].map(get))
    const bodies = await Promise.all(answers.map((answer) => answer.json()))
    expect(bodies.map(({ tenantId, actor }) => [tenantId, actor])).toEqual([
      [a, 'ada'],
      [b, 'bob'],
      [a, 'ada'],
    ])
    expect((await get({ ...cookie('two'), 'X-Tenant-Id': a })).status).toBe(403)
  })

  test('freezes a copy: an object that the application keeps does not change', async () => {
    const kept = { actor: 'ada', tenants: [{ id: a, roles: ['member'] }] }
    const app = new Hono<TenantEnv>()
    app.use(tenant({ from: claim(), auth: createSessions({ one: kept }).auth, ...tenantIds }))
    app.get('/', (c) => c.json([Object.isFrozen(c.var.identity), c.var.identity === kept]))
    expect(await (await app.request('/', { headers: cookie('one') })).json()).toEqual([true, false])
  })

  test.each<[readonly string[] | undefined, RoleWords | undefined, unknown]>([
    [['owner'], undefined, ['owner']],
    [['admin', 'member'], undefined, ['member']],
    [['admin'], { owner: ['owner', 'admin'] }, ['owner']],
    [['owner'], { owner: ['admin'] }, []],
    [['basic', 'member'], { member: ['basic'] }, ['member']],
    [[], { owner: ['owner', 'admin'] }, []],
    [undefined, { owner: ['owner', 'admin'] }, undefined],
  ])('reads the roles %j with the words %j as %j', async (held, roles, expected) => {
    const auth = session(() => ({ actor: 'ada', tenants: [{ id: a, roles: held }] }), { roles })
    const { tenants } = (await (await createProtectedApp(auth).get(cookie('one'))).json()).identity
    expect(tenants).toEqual([{ id: a, ...(expected === undefined ? {} : { roles: expected }) }])
  })

  test('takes a name that is undefined for absent', async () => {
    const row: object = { id: a, slug: undefined } // as of a database: the type has one name
    const auth = session(() => ({ actor: 'ada', tenants: [row as { id: string }] }))
    expect((await createProtectedApp(auth).get({ ...cookie('one'), 'X-Tenant-Id': a })).status).toBe(200)
  })

  test('reads a session from a header instead', async () => {
    const auth = session((c) => (c.req.header('X-Session') === 'one' ? ada : null), { header: 'X-Session' })
    const { get } = createProtectedApp(auth)
    const response = await get({ 'X-Session': 'one' })
    expect([response.status, response.headers.get('Vary')]).toEqual([200, 'X-Tenant-Id, X-Session'])
    expect((await get(cookie('one'))).headers.get('WWW-Authenticate')).toBe('Bearer realm="rowhouse"')
  })

  test('without options asks for every request with a cookie', async () => {
    const { get } = createProtectedApp(session((c) => (getCookie(c, 'any') === 'one' ? ada : undefined)))
    expect((await get({ Cookie: 'any=one' })).status).toBe(200)
  })

  test.each<[string, unknown]>([
    ['no actor', { tenants: [a] }],
    ['an actor with a line break', { actor: 'a\nb', tenants: [a] }],
    ['no tenants', { actor: 'ada' }],
    ["'any' as tenants, which would be every tenant", { actor: 'ada', tenants: 'any' }],
    ['a tenant of null, as of a session without an active organization', { actor: 'ada', tenants: [{ id: null }] }],
    ['a tenant with two names', { actor: 'ada', tenants: [{ id: a, slug: 'acme' }] }],
    ['a tenant without a name', { actor: 'ada', tenants: [{ roles: ['owner'] }] }],
    ['a role that is no list', { actor: 'ada', tenants: [{ id: a, roles: 'owner' }] }],
    ['a role that is no text', { actor: 'ada', tenants: [{ id: a, roles: ['owner', undefined] }] }],
    ['roles beside the tenants', { actor: 'ada', tenants: [a], roles: ['owner'] }],
  ])('reaches no handler with %s', async (_, found) => {
    const careless: Authentication = session(() => found as SessionIdentity) // the type refuses these
    const { get } = createProtectedApp(careless)
    expect((await get({ ...cookie('one'), 'X-Tenant-Id': a })).status).toBe(500)
  })

  test.each([
    { cookies: [] },
    { roles: { owner: 'admin' as never } },
    { cookies: ['a'], header: 'X-A' },
    { header: 'X A' },
    { header: '' },
  ])('throws for the options %j', (options) => {
    expect(() => session(() => null, options)).toThrow(TypeError)
  })
})

test('csrf() of hono before the tenant middleware refuses a form that another site sends with the cookie', async () => {
  const { auth } = createSessions({ one: ada })
  const app = new Hono()
  app.use(csrf(), tenant({ from: claim(), auth, ...tenantIds }))
  app.post('/', (c) => c.text('written'))
  const headers = { ...cookie('one'), 'Content-Type': 'text/plain' }
  const send = async (origin: string) =>
    (await app.request('https://api.example/', { method: 'POST', headers: { ...headers, Origin: origin } })).status
  expect([await send('https://evil.example'), await send('https://api.example')]).toEqual([403, 200])
})
