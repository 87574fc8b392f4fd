import { afterAll, beforeEach, describe, expect, test } from 'bun:test'
import type { JWTPayload } from 'jose'
import { type JwtOptions, jwt } from '../../src/auth/index.ts'
import { newTenant } from '../tenants.ts'
import { createProtectedApp, statusOf } from './app.ts'
import { createIssuer, newKey, sign } from './issuer.ts'

const acme = newTenant()
const other = newTenant()
const key = await newKey()
const issuer = createIssuer(key)
afterAll(() => issuer.stop())

const options = {
  key: { jwksUrl: issuer.jwksUrl },
  issuer: 'https://issuer.example/',
  audience: 'https://api.example',
} satisfies JwtOptions
const seconds = () => Math.floor(Date.now() / 1000)
const payload = (changes: JWTPayload = {}): JWTPayload => ({
  iss: options.issuer,
  aud: options.audience,
  sub: 'alice',
  exp: seconds() + 600,
  tenant_id: acme,
  ...changes,
})
const token = (changes?: JWTPayload) => sign(key, payload(changes))
let service = createProtectedApp(jwt(options))
beforeEach(() => {
  service = createProtectedApp(jwt(options))
})

describe('a bearer token', () => {
  test('provides the actor, the tenants and the claims', async () => {
    const response = await service.withToken(await token({ role: 'admin' }), acme)
    expect(await response.json()).toMatchObject({
      tenantId: acme,
      actor: 'alice',
      identity: { actor: 'alice', tenants: [{ id: acme }], claims: { role: 'admin', sub: 'alice' } },
    })
  })

  test('provides the tenant when the request names none', async () => {
    expect(await (await service.withToken(await token())).json()).toMatchObject({ tenantId: acme })
  })

  test('is rejected for a tenant that it does not name', async () => {
    expect(await statusOf(service.withToken(await token(), other))).toBe(403)
    expect(service.failures).toEqual(['other-tenant'])
  })

  test('for several tenants is accepted for each of them', async () => {
    const both = await token({ tenant_id: [acme, other] })
    expect(await statusOf(service.withToken(both, acme))).toBe(200)
    expect(await statusOf(service.withToken(both, other))).toBe(200)
    expect(await statusOf(service.withToken(both, newTenant()))).toBe(403)
  })

  test('is accepted with any letter case of the scheme', async () => {
    expect(await statusOf(service.get({ Authorization: `bEARER  ${await token()}` }))).toBe(200)
  })

  test('is named in Vary', async () => {
    expect((await service.withToken(await token())).headers.get('Vary')).toContain('Authorization')
  })

  test.each([undefined, null, 'tomorrow', '9999999999', {}, []].map((exp) => [exp]))(
    'is rejected without a valid "exp" (%p)',
    async (exp) => {
      const forever: Record<string, unknown> = payload()
      if (exp === undefined) delete forever.exp
      else forever.exp = exp
      expect(await statusOf(service.withToken(await sign(key, forever)))).toBe(401)
      expect(service.failures).toEqual(['wrong-claim'])
    },
  )

  test('may expire in the far future', async () => {
    expect(await statusOf(service.withToken(await token({ exp: 1e15 })))).toBe(200)
  })

  test('is accepted within the clock skew, and not a second later', async () => {
    let clock = Date.now()
    const skewed = createProtectedApp(jwt({ ...options, clockSkewSeconds: 60, now: () => clock }))
    const old = await token({ exp: Math.floor(clock / 1000) })
    clock += 59_000
    expect(await statusOf(skewed.withToken(old))).toBe(200)
    clock += 2000
    expect(await statusOf(skewed.withToken(old))).toBe(401)
  })

  test('may have several audiences', async () => {
    expect(await statusOf(service.withToken(await token({ aud: ['https://elsewhere', options.audience] })))).toBe(200)
  })

  test('for another service is accepted only when any audience is accepted', async () => {
    const elsewhere = await token({ aud: 'https://elsewhere' })
    expect(await statusOf(service.withToken(elsewhere))).toBe(401)
    expect(await statusOf(createProtectedApp(jwt({ ...options, audience: 'any' })).withToken(elsewhere))).toBe(200)
  })

  test('is accepted from each of several issuers', async () => {
    const several = createProtectedApp(jwt({ ...options, issuer: ['https://first.example/', options.issuer] }))
    expect(await statusOf(several.withToken(await token()))).toBe(200)
  })
})

const invalid = (description: string) =>
  `Bearer realm="rowhouse", error="invalid_token", error_description="${description}"`

describe('the challenge', () => {
  test.each([
    ['an expired token', { exp: 1 }, 'expired', 'The token has expired'],
    ['a token from the future', { nbf: 1e15 }, 'not-yet-valid', 'The token is not valid yet'],
    ['a token for another service', { aud: 'x' }, 'wrong-claim', 'The token is not meant for this service'],
    ['a token without an audience', { aud: undefined }, 'wrong-claim', 'The token is not meant for this service'],
    ['a token of another issuer', { iss: 'x' }, 'wrong-claim', 'The token is not meant for this service'],
    ['a token without a subject', { sub: undefined }, 'wrong-claim', 'The token cannot be verified'],
  ])('for %s gives only this description', async (_, changes, reason, description) => {
    const response = await service.withToken(await token(changes as JWTPayload)) // undefined leaves the claim out
    expect(response.status).toBe(401)
    expect(response.headers.get('WWW-Authenticate')).toBe(invalid(description))
    expect(await response.json()).toMatchObject({ error: { code: 'UNAUTHORIZED', message: description } })
    expect(service.failures).toEqual([reason])
  })

  test.each([
    {},
    { Authorization: '' },
    { Authorization: 'Bearer' },
    { Authorization: 'Bearer ' },
    { Authorization: 'Basic YTpi' },
  ])('names no error without a token (%p)', async (headers) => {
    const response = await service.get(headers as Record<string, string>) // a union of literals
    expect(response.status).toBe(401)
    expect(response.headers.get('WWW-Authenticate')).toBe('Bearer realm="rowhouse"')
    expect(service.failures).toEqual(['no-token'])
  })

  test('for two tokens, even equal ones, requires one header', async () => {
    const credentials = `Bearer ${await token()}`
    const response = await service.get([
      ['Authorization', credentials],
      ['Authorization', credentials],
    ])
    expect(response.status).toBe(400)
    expect(response.headers.get('WWW-Authenticate')).toBe(
      'Bearer realm="rowhouse", error="invalid_request", error_description="Send one Authorization header"',
    )
    expect(service.failures).toEqual(['malformed-token'])
  })

  test('names the configured realm', async () => {
    const response = await createProtectedApp(jwt({ ...options, realm: 'tasks' })).get({})
    expect(response.headers.get('WWW-Authenticate')).toBe('Bearer realm="tasks"')
  })

  test('is absent for a token without a tenant', async () => {
    const response = await service.withToken(await token({ tenant_id: undefined }), acme)
    expect(response.status).toBe(403)
    expect(response.headers.get('WWW-Authenticate')).toBeNull()
    expect(await response.json()).toMatchObject({ error: { message: 'Your token does not name a tenant' } })
    expect(service.failures).toEqual(['no-tenant-claim'])
  })
})
