import { describe, expect, test } from 'bun:test'
import { SignJWT } from 'jose'
import { jwt } from '../../src/auth/index.ts'
import { createTrustedApp, statusOf } from './app.ts'

const acme = crypto.randomUUID()
const secret = 'a secret that issuer and service share'
const options = { key: { secret }, issuer: 'issuer', audience: 'api' }

const token = (claims: Record<string, unknown>) =>
  new SignJWT({ iss: 'issuer', aud: 'api', sub: 'alice', exp: 1e10, ...claims })
    .setProtectedHeader({ alg: 'HS256' })
    .sign(new TextEncoder().encode(secret))

async function ask(claims: Record<string, unknown>, tenantClaim?: string) {
  const service = createTrustedApp(jwt({ ...options, ...(tenantClaim === undefined ? {} : { tenantClaim }) }))
  return { response: await service.withToken(await token(claims), acme), refusals: service.refusals }
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
    expect(await statusOf((await ask(claims, tenantClaim)).response)).toBe(200)
  })

  test.each([
    ['tenant_id', {}],
    ['tenant_id', { tenant_id: [] }],
    ['/app_metadata/tenant_id', {}],
    ['/app_metadata/tenant_id', { app_metadata: null }],
    ['/app_metadata/tenant_id', { app_metadata: 'x' }],
    ['/app_metadata/0', { app_metadata: acme }],
    ['/app_metadata/tenant_id', { 'app_metadata/tenant_id': acme, tenant_id: acme }],
    ['constructor', {}],
    ['/constructor/name', {}],
    ['/__proto__/constructor/name', {}],
  ])('%p is not found in %p', async (tenantClaim, claims) => {
    const { response, refusals } = await ask(claims, tenantClaim)
    expect(response.status).toBe(403)
    expect(refusals).toEqual(['no-tenant-claim'])
  })

  test.each([null, 1, true, '', {}, { id: acme }, [null], [acme, ''], [acme, 1], [[acme]]].map((claimed) => [claimed]))(
    'that is neither a string nor a list of strings (%p) makes the token invalid',
    async (claimed) => {
      const { response, refusals } = await ask({ tenant_id: claimed })
      expect(response.status).toBe(401)
      expect(refusals).toEqual(['wrong-claim'])
    },
  )

  test('may name 256 tenants', async () => {
    const many = Array.from({ length: 256 }, (_, at) => (at === 255 ? acme : `t${at}`))
    expect(await statusOf((await ask({ tenant_id: many })).response)).toBe(200)
  })

  test('may not name 257 tenants', async () => {
    expect(await statusOf((await ask({ tenant_id: [...Array(256).fill('t'), acme] })).response)).toBe(401)
  })

  test('is compared without regard to the case of an id', async () => {
    expect(await statusOf((await ask({ tenant_id: acme.toUpperCase() })).response)).toBe(200)
  })

  test.each(['', '/a~', '/a~2b'])('cannot be named %p', (tenantClaim) => {
    expect(() => jwt({ ...options, tenantClaim })).toThrow(TypeError)
  })
})

describe('the subject', () => {
  test.each(['a', 'a'.repeat(255), 'auth0|5f7c', 'Zoë 🦊', 'アリス', 'a@b.example'])(
    '%p becomes the actor',
    async (sub) => {
      const { response } = await ask({ sub, tenant_id: acme })
      expect(await response.json()).toMatchObject({ actor: sub })
    },
  )

  test.each(
    [undefined, null, 7, '', 'a'.repeat(256), 'a\nb', 'a\0', '\u007f', '\u0085', '\ud800', ['alice'], { a: 1 }].map(
      (sub) => [sub],
    ),
  )('%p makes the token invalid', async (sub) => {
    const { response, refusals } = await ask({ sub, tenant_id: acme })
    expect(response.status).toBe(401)
    expect(refusals).toEqual(['wrong-claim'])
  })
})
