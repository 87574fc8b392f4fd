import { afterAll, beforeEach, describe, expect, test } from 'bun:test'
import type { JWTPayload } from 'jose'
import { type JwtOptions, jwt } from '../../src/auth/index.ts'
import { createTrustedApp, statusOf } from './app.ts'
import { createIssuer, newKey, sign } from './issuer.ts'

const acme = crypto.randomUUID()
const other = crypto.randomUUID()
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
let service = createTrustedApp(jwt(options))
beforeEach(() => {
  service = createTrustedApp(jwt(options))
})

describe('a bearer token', () => {
  test('says who acts, for which tenants, and whatever else it claims', async () => {
    const response = await service.withToken(await token({ role: 'admin' }), acme)
    expect(await response.json()).toMatchObject({
      tenantId: acme,
      actor: 'alice',
      identity: { actor: 'alice', tenants: [acme], claims: { role: 'admin', sub: 'alice' } },
    })
  })

  test('chooses the tenant when the request does not', async () => {
    expect(await (await service.withToken(await token())).json()).toMatchObject({ tenantId: acme })
  })

  test('is for its own tenant alone: stolen, it opens no other', async () => {
    expect(await statusOf(service.withToken(await token(), other))).toBe(403)
    expect(service.refusals).toEqual(['other-tenant'])
  })

  test('for several tenants lets the request choose among them', async () => {
    const both = await token({ tenant_id: [acme, other] })
    expect(await statusOf(service.withToken(both, acme))).toBe(200)
    expect(await statusOf(service.withToken(both, other))).toBe(200)
    expect(await statusOf(service.withToken(both, crypto.randomUUID()))).toBe(403)
  })

  test('is believed under any spelling of the scheme', async () => {
    expect(await statusOf(service.get({ Authorization: `bEARER  ${await token()}` }))).toBe(200)
  })

  test('marks the answer as one that depends on it', async () => {
    expect((await service.withToken(await token())).headers.get('Vary')).toContain('Authorization')
  })

  test.each([undefined, null, 'tomorrow', '9999999999', {}, []].map((exp) => [exp]))(
    'without a usable "exp" (%p) is refused',
    async (exp) => {
      const forever: Record<string, unknown> = payload()
      if (exp === undefined) delete forever.exp
      else forever.exp = exp
      expect(await statusOf(service.withToken(await sign(key, forever)))).toBe(401)
      expect(service.refusals).toEqual(['wrong-claim'])
    },
  )

  test('that says it lasts for ages lasts that long', async () => {
    expect(await statusOf(service.withToken(await token({ exp: 1e15 })))).toBe(200)
  })

  test('is believed within the clock skew and not a second beyond', async () => {
    let clock = Date.now()
    const skewed = createTrustedApp(jwt({ ...options, clockSkewSeconds: 60, now: () => clock }))
    const old = await token({ exp: Math.floor(clock / 1000) })
    clock += 59_000
    expect(await statusOf(skewed.withToken(old))).toBe(200)
    clock += 2000
    expect(await statusOf(skewed.withToken(old))).toBe(401)
  })

  test('may be for several audiences, of which one is meant', async () => {
    expect(await statusOf(service.withToken(await token({ aud: ['https://elsewhere', options.audience] })))).toBe(200)
  })

  test('for another service is believed only by who asks for that', async () => {
    const elsewhere = await token({ aud: 'https://elsewhere' })
    expect(await statusOf(service.withToken(elsewhere))).toBe(401)
    expect(await statusOf(createTrustedApp(jwt({ ...options, audience: undefined })).withToken(elsewhere))).toBe(200)
  })

  test('of one of several issuers is believed', async () => {
    const several = createTrustedApp(jwt({ ...options, issuer: ['https://first.example/', options.issuer] }))
    expect(await statusOf(several.withToken(await token()))).toBe(200)
  })
})

const invalid = (description: string) =>
  `Bearer realm="rowhouse", error="invalid_token", error_description="${description}"`

describe('the challenge', () => {
  test.each([
    ['of an expired token', { exp: 1 }, 'expired', 'The token has expired'],
    ['of one from the future', { nbf: 1e15 }, 'not-yet-valid', 'The token is not valid yet'],
    ['of one for another service', { aud: 'x' }, 'wrong-claim', 'The token is not meant for this service'],
    ['of one for nobody', { aud: undefined }, 'wrong-claim', 'The token is not meant for this service'],
    ['of another issuer’s', { iss: 'x' }, 'wrong-claim', 'The token is not meant for this service'],
    ['of one without a subject', { sub: undefined }, 'wrong-claim', 'The token cannot be verified'],
  ])('%s says no more than that', async (_, changes, reason, description) => {
    const response = await service.withToken(await token(changes as JWTPayload)) // undefined leaves the claim out
    expect(response.status).toBe(401)
    expect(response.headers.get('WWW-Authenticate')).toBe(invalid(description))
    expect(await response.json()).toMatchObject({ error: { code: 'UNAUTHORIZED', message: description } })
    expect(service.refusals).toEqual([reason])
  })

  test.each([
    {},
    { Authorization: '' },
    { Authorization: 'Bearer' },
    { Authorization: 'Bearer ' },
    { Authorization: 'Basic YTpi' },
  ])('names no error where there is no token (%p)', async (headers) => {
    const response = await service.get(headers as Record<string, string>) // a union of literals
    expect(response.status).toBe(401)
    expect(response.headers.get('WWW-Authenticate')).toBe('Bearer realm="rowhouse"')
    expect(service.refusals).toEqual(['no-token'])
  })

  test('of two tokens says that there were two, even of the same', async () => {
    const credentials = `Bearer ${await token()}`
    const response = await service.get([
      ['Authorization', credentials],
      ['Authorization', credentials],
    ])
    expect(response.status).toBe(400)
    expect(response.headers.get('WWW-Authenticate')).toBe(
      'Bearer realm="rowhouse", error="invalid_request", error_description="Send one Authorization header"',
    )
    expect(service.refusals).toEqual(['malformed-token'])
  })

  test('names the realm of the options', async () => {
    const response = await createTrustedApp(jwt({ ...options, realm: 'tasks' })).get({})
    expect(response.headers.get('WWW-Authenticate')).toBe('Bearer realm="tasks"')
  })

  test('is not made to a caller whose token names no tenant: another token would not help', async () => {
    const response = await service.withToken(await token({ tenant_id: undefined }), acme)
    expect(response.status).toBe(403)
    expect(response.headers.get('WWW-Authenticate')).toBeNull()
    expect(await response.json()).toMatchObject({ error: { message: 'Your token names no tenant that it is for' } })
    expect(service.refusals).toEqual(['no-tenant-claim'])
  })
})
