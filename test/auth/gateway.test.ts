import { describe, expect, test } from 'bun:test'
import { type GatewayOptions, gateway } from '../../src/auth/index.ts'
import { createTrustedApp, statusOf } from './app.ts'

const tenantId = crypto.randomUUID()
const secret = 'a secret of the gateway and the service'
const next = 'another one, which will soon replace it'
const bySecret = createTrustedApp(
  gateway({ header: 'X-Gateway-Secret', secrets: [secret, next], actorHeader: 'X-User-Id' }),
)
const subject = 'CN=gateway,O=Acme'
const byCertificate = createTrustedApp(gateway({ header: 'ssl-client-subject-dn', certificates: [subject] }))
const through = (headers: Record<string, string> = {}) =>
  bySecret.get({ 'X-Tenant-Id': tenantId, 'X-Gateway-Secret': secret, ...headers })

describe('a request through the gateway', () => {
  test('is for the tenant that the gateway has chosen', async () => {
    expect(await (await through()).json()).toEqual({ tenantId, identity: {}, actor: null })
  })

  test('is believed with any of the secrets, while one replaces another', async () => {
    expect(await statusOf(through({ 'X-Gateway-Secret': next }))).toBe(200)
  })

  test('is believed with the certificate that the terminator of TLS has verified', async () => {
    const headers = { 'X-Tenant-Id': tenantId, 'SSL-Client-Subject-DN': subject }
    expect(await statusOf(byCertificate.get(headers))).toBe(200)
  })

  test('is by whom the gateway says', async () => {
    expect(await (await through({ 'X-User-Id': 'alice' })).json()).toMatchObject({ actor: 'alice' })
  })

  test.each(['', 'a'.repeat(256), 'a\tb', 'a\u0085'])('by a malformed actor (%p) is refused', async (actor) => {
    bySecret.refusals.length = 0
    expect(await statusOf(through({ 'X-User-Id': actor }))).toBe(400)
    expect(bySecret.refusals).toEqual(['wrong-claim'])
  })

  test('still needs a tenant', async () => {
    expect(await statusOf(bySecret.get({ 'X-Gateway-Secret': secret }))).toBe(403)
  })

  test('is answered as if the gateway’s headers were none of the client’s', async () => {
    expect((await through()).headers.get('Vary')).toBe('X-Tenant-Id')
  })
})

describe('a request past the gateway', () => {
  test.each([
    {},
    { 'X-Gateway-Secret': '' },
    { 'X-Gateway-Secret': secret.slice(0, -1) },
    { 'X-Gateway-Secret': `${secret}x` },
    { 'X-Gateway-Secret': secret.toUpperCase() },
    { 'X-Gateway-Secret': `${secret}, ${next}` },
    { 'X-Gateway-Secret': 'ÿ'.repeat(32) },
    { 'X-Gateway': secret },
    { Authorization: `Bearer ${secret}` },
  ])('is refused (%p)', async (headers) => {
    bySecret.refusals.length = 0
    const response = await bySecret.get({ 'X-Tenant-Id': tenantId, ...headers } as Record<string, string>) // a union of literals
    expect(response.status).toBe(403)
    expect(await response.json()).toMatchObject({ error: { message: 'Requests must come through the gateway' } })
    expect(bySecret.refusals).toEqual(['not-the-gateway'])
  })

  test('is refused when the secret comes twice', async () => {
    const twice = bySecret.get([
      ['X-Tenant-Id', tenantId],
      ['X-Gateway-Secret', secret],
      ['X-Gateway-Secret', secret],
    ])
    expect(await statusOf(twice)).toBe(403)
  })

  test.each(['CN=gateway', 'cn=gateway,o=acme', `${subject},OU=x`, '(null)', 'NONE'])(
    'is refused with the certificate %p',
    async (certificate) => {
      const headers = { 'X-Tenant-Id': tenantId, 'ssl-client-subject-dn': certificate }
      expect(await statusOf(byCertificate.get(headers))).toBe(403)
    },
  )
})

describe('a gateway', () => {
  test.each<[string, Record<string, unknown>]>([
    ['nothing to prove itself with', {}],
    ['two kinds of proof', { secrets: [secret], certificates: [subject] }],
    ['no secret in the list', { secrets: [] }],
    ['no certificate in the list', { certificates: [] }],
    ['a short secret', { secrets: [secret, 's'.repeat(31)] }],
    ['an empty certificate', { certificates: [''] }],
    ['a secret that HTTP would trim', { secrets: [`${secret} `] }],
    ['a secret of several lines', { secrets: [`${secret}\n${secret}`] }],
    ['a secret that no header carries', { secrets: ['ä'.repeat(32)] }],
    ['a name that is not a header’s', { header: 'X Secret', secrets: [secret] }],
    ['an actor’s header that is none', { actorHeader: '', secrets: [secret] }],
  ])('cannot be declared with %s', (_, options) => {
    const wrong = { header: 'X-Gateway-Secret', ...options } as GatewayOptions // what JavaScript may hand over
    expect(() => gateway(wrong)).toThrow(TypeError)
  })
})
