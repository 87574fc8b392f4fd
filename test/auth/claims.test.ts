import { describe, expect, test } from 'bun:test'
import { Hono } from 'hono'
import { SignJWT } from 'jose'
import { jwt } from '../../src/auth/index.ts'
import { newTenant } from '../tenants.ts'
import { createProtectedApp, statusOf } from './app.ts'

const acme = newTenant()
const secret = 'a secret that issuer and service share'
const options = { key: { secret }, issuer: 'issuer', audience: 'api' }

const token = (claims: Record<string, unknown>) =>
  new SignJWT({ iss: 'issuer', aud: 'api', sub: 'alice', exp: 1e10, ...claims })
    .setProtectedHeader({ alg: 'HS256' })
    .sign(new TextEncoder().encode(secret))

async function send(claims: Record<string, unknown>, tenantClaim?: string) {
  const service = createProtectedApp(
    jwt({ ...options, ...(tenantClaim === undefined ? {} : { tenants: tenantClaim }) }),
  )
  return { response: await service.withToken(await token(claims), acme), failures: service.failures }
}

describe('the tenant claim', () => {
  test.each([
    ['org', { org: acme }],
    ['https://example.com/tenant', { 'https://example.com/tenant': acme }],
    ['/app_metadata/tenant_id', { app_metadata: { tenant_id: acme } }],
    ['/https:~1~1example.com~1tenants/1', { 'https://example.com/tenants': ['x', acme] }],
    ['/~01', { '~1': acme }],
    ['/', { '': acme }],
  ])('is found at %p', async (tenantClaim, claims) => {
    expect(await statusOf((await send(claims, tenantClaim)).response)).toBe(200)
  })

  test.each([
    ['tenant_id', {}],
    ['tenant_id', { tenant_id: [] }],
    ['tenant_id', { tenant_id: null }],
    ['/app_metadata/tenant_id', {}],
    ['/app_metadata/tenant_id', { app_metadata: null }],
    ['/app_metadata/tenant_id', { app_metadata: 'x' }],
    ['/app_metadata/0', { app_metadata: acme }],
    ['/app_metadata/tenant_id', { 'app_metadata/tenant_id': acme, tenant_id: acme }],
    ['constructor', {}],
    ['/constructor/name', {}],
    ['/__proto__/constructor/name', {}],
  ])('at %p is absent in %p', async (tenantClaim, claims) => {
    const { response, failures } = await send(claims, tenantClaim)
    expect(response.status).toBe(403)
    expect(failures).toEqual(['no-tenant-claim'])
  })

  test.each(
    [1.5, 2 ** 53, true, '', {}, { id: acme }, [null], [acme, ''], [acme, 0.1], [[acme]]].map((claimed) => [claimed]),
  )('makes the token invalid when it is neither a text or whole number nor a list of them (%p)', async (claimed) => {
    const { response, failures } = await send({ tenant_id: claimed })
    expect(response.status).toBe(401)
    expect(failures).toEqual(['wrong-claim'])
  })

  test('may name 256 tenants', async () => {
    const many = Array.from({ length: 256 }, (_, at) => (at === 255 ? acme : `t${at}`))
    expect(await statusOf((await send({ tenant_id: many })).response)).toBe(200)
  })

  test('may not name 257 tenants', async () => {
    expect(await statusOf((await send({ tenant_id: [...Array(256).fill('t'), acme] })).response)).toBe(401)
  })

  test('matches an id in any letter case', async () => {
    expect(await statusOf((await send({ tenant_id: acme.toUpperCase() })).response)).toBe(200)
  })

  test.each(['slug', 'externalId', 'domain'] as const)('says that its values are of the kind %s', async (yields) => {
    const auth = jwt({ ...options, tenants: { claim: 'tenant_id', yields } })
    const request = new Request('http://localhost', {
      headers: { Authorization: `Bearer ${await token({ tenant_id: 'org_1' })}` },
    })
    const app = new Hono().get('/', async (c) => c.json(await auth.verify(c)))
    expect(await (await app.request(request)).json()).toMatchObject({ tenants: [{ [yields]: 'org_1' }] })
  })

  test.each(['', '/a~', '/a~2b'])('rejects the name %p', (tenantClaim) => {
    expect(() => jwt({ ...options, tenants: tenantClaim })).toThrow(TypeError)
  })
})

describe('the subject', () => {
  test.each(['a', 'a'.repeat(255), 'auth0|5f7c', 'Zoë 🦊', 'アリス', 'a@b.example'])(
    '%p becomes the actor',
    async (sub) => {
      const { response } = await send({ sub, tenant_id: acme })
      expect(await response.json()).toMatchObject({ actor: sub })
    },
  )

  test.each(
    [undefined, null, 7, '', 'a'.repeat(256), 'a\nb', 'a\0', '\u007f', '\u0085', '\ud800', ['alice'], { a: 1 }].map(
      (sub) => [sub],
    ),
  )('%p makes the token invalid', async (sub) => {
    const { response, failures } = await send({ sub, tenant_id: acme })
    expect(response.status).toBe(401)
    expect(failures).toEqual(['wrong-claim'])
  })
})
