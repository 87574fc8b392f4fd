import { describe, expect, test } from 'bun:test'
import { Hono } from 'hono'
import { gateway, jwt } from '../../src/auth/index.ts'
import {
  type Authentication,
  type Identity,
  type TenantEnv,
  tenantContext,
  unverified,
} from '../../src/context/index.ts'
import { createErrorHandler } from '../../src/errors/index.ts'
import { header, tenant } from '../../src/resolution/index.ts'
import { newTenant, tenantIds } from '../tenants.ts'
import { createIssuer, newKey, sign } from './issuer.ts'

const tenantId = newTenant()

/** An app that runs `change` on the identity of each POST, and answers a GET with the identity. */
function createApp(auth: Authentication, change: (identity: Identity | undefined) => unknown) {
  const app = new Hono<TenantEnv>()
  const thrown: Error[] = []
  const handleError = createErrorHandler()
  app.onError((error, c) => {
    thrown.push(error)
    return handleError(error, c)
  })
  app.use(tenant({ from: header('X-Tenant-Id'), auth, ...tenantIds }))
  app.get('/', (c) => c.json(c.var.identity))
  app.post('/', (c) => {
    change(c.var.identity)
    return c.json({})
  })
  const send = (method: string, headers: Record<string, string> = {}) =>
    app.request('/', { method, headers: { 'X-Tenant-Id': tenantId, ...headers } })
  return { send, thrown }
}

type Writable = { actor: string; tenants: string[]; claims: Record<string, unknown> & { roles: string[] } }
const changes: [string, (identity: Writable) => unknown][] = [
  ['the actor', (identity) => (identity.actor = 'admin')],
  ['the tenants', ({ tenants }) => tenants.push(crypto.randomUUID())],
  ['the list of tenants', (identity) => (identity.tenants = [])],
  ['a claim', ({ claims }) => (claims.plan = 'enterprise')],
  ['a list in a claim', ({ claims }) => claims.roles.push('admin')],
]

describe.each(changes)('a handler that changes %s of the identity', (_name, change) => {
  const changing = change as (identity: Identity | undefined) => unknown // as plain JavaScript could

  test('of a token gets a TypeError, and no later request with the token sees the change', async () => {
    const key = await newKey()
    const issuer = createIssuer(key)
    const { send, thrown } = createApp(
      jwt({ key: { jwksUrl: issuer.jwksUrl }, issuer: 'issuer', audience: 'api', tenants: 'tenants' }),
      changing,
    )
    const claims = { iss: 'issuer', aud: 'api', sub: 'ada', exp: 1e10, tenants: [tenantId], roles: ['member'] }
    const headers = { Authorization: `Bearer ${await sign(key, claims)}` }
    expect((await send('POST', headers)).status).toBe(500)
    expect(thrown).toEqual([expect.any(TypeError)])
    expect(await (await send('GET', headers)).json()).toEqual({ actor: 'ada', tenants: [{ id: tenantId }], claims })
    await issuer.stop()
  })

  test('of a custom authentication gets a TypeError, and no later request sees the change', async () => {
    const remembered = { actor: 'ada', tenants: [tenantId], claims: { roles: ['member'] } }
    const { send, thrown } = createApp({ vary: [], verify: () => remembered }, changing)
    expect((await send('POST')).status).toBe(500)
    expect(thrown).toEqual([expect.any(TypeError)])
    expect(await (await send('GET')).json()).toEqual({
      actor: 'ada',
      tenants: [tenantId],
      claims: { roles: ['member'] },
    })
  })
})

test('a handler that changes the actor of a gateway gets a TypeError', async () => {
  const secret = 'a secret of the gateway and the service'
  const auth = gateway({ header: 'X-Gateway-Secret', secrets: [secret], actorHeader: 'X-User-Id' })
  const { send, thrown } = createApp(auth, (identity) => Object.assign(identity ?? {}, { actor: 'admin' }))
  expect((await send('POST', { 'X-Gateway-Secret': secret, 'X-User-Id': 'ada' })).status).toBe(500)
  expect(thrown).toEqual([expect.any(TypeError)])
})

describe('what a custom authentication returns', () => {
  test('stays its own: it may change it later', async () => {
    const session = { actor: 'ada', tenants: [tenantId], claims: { uses: 0 } }
    const verify = () => {
      session.claims.uses += 1
      return session
    }
    const { send } = createApp({ vary: [], verify }, () => {})
    await send('GET')
    expect(await (await send('GET')).json()).toEqual({ ...session, claims: { uses: 2 } })
  })

  test('is separate for each request also where it cannot be frozen', async () => {
    const remembered = { tenants: [tenantId], claims: { since: new Date(0), flags: new Map([['beta', false]]) } }
    const { send } = createApp({ vary: [], verify: () => remembered }, (identity) => {
      const claims = identity?.claims as typeof remembered.claims
      claims.since.setTime(1)
      claims.flags.set('beta', true)
    })
    expect((await send('POST')).status).toBe(200)
    expect(remembered.claims).toEqual({ since: new Date(0), flags: new Map([['beta', false]]) })
  })

  test('may refer to itself', async () => {
    const claims: Record<string, unknown> = {}
    claims.self = claims
    const { send } = createApp({ vary: [], verify: () => ({ tenants: [tenantId], claims }) }, () => {})
    expect((await send('POST')).status).toBe(200)
  })

  test('must be data: a function in it is refused, with a message that says so', async () => {
    const { send, thrown } = createApp(
      { vary: [], verify: () => ({ tenants: [tenantId], claims: { can: () => true } }) },
      () => {},
    )
    expect((await send('GET')).status).toBe(500)
    expect(thrown).toMatchObject([{ name: 'TypeError', message: expect.stringContaining('must be data') }])
  })
})

test('a handler that changes the tenant of its context gets a TypeError', async () => {
  const { send, thrown } = createApp(unverified(), () =>
    Object.assign(tenantContext() ?? {}, { tenantId: crypto.randomUUID() }),
  )
  expect((await send('POST')).status).toBe(500)
  expect(thrown).toEqual([expect.any(TypeError)])
})
