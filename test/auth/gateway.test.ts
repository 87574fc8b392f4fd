import { describe, expect, test } from 'bun:test'
import { type GatewayOptions, gateway, jwt, oneOf } from '../../src/auth/index.ts'
import { claim, firstOf, header, tenant } from '../../src/resolution/index.ts'
import { newTenant } from '../tenants.ts'
import { createProtectedApp, statusOf } from './app.ts'

const tenantId = newTenant()
const secret = 'a secret of the gateway and the service'
const next = 'the secret that replaces it in a rotation'
const bySecret = createProtectedApp(
  gateway({ header: 'X-Gateway-Secret', secrets: [secret, next], actorHeader: 'X-User-Id' }),
)
const subject = 'CN=gateway,O=Acme'
const byCertificate = createProtectedApp(gateway({ header: 'ssl-client-subject-dn', certificates: [subject] }))
const through = (headers: Record<string, string> = {}) =>
  bySecret.get({ 'X-Tenant-Id': tenantId, 'X-Gateway-Secret': secret, ...headers })

describe('a request through the gateway', () => {
  test('is for the tenant that the gateway names', async () => {
    expect(await (await through()).json()).toEqual({ tenantId, identity: { tenants: 'any' }, actor: null })
  })

  test('is accepted with each of several secrets', async () => {
    expect(await statusOf(through({ 'X-Gateway-Secret': next }))).toBe(200)
  })

  test('is accepted with the certificate that the TLS terminator verified', async () => {
    const headers = { 'X-Tenant-Id': tenantId, 'SSL-Client-Subject-DN': subject }
    expect(await statusOf(byCertificate.get(headers))).toBe(200)
  })

  test('has the actor that the gateway names', async () => {
    expect(await (await through({ 'X-User-Id': 'alice' })).json()).toMatchObject({ actor: 'alice' })
  })

  test.each(['', 'a'.repeat(256), 'a\tb', 'a\u0085'])('is rejected with a malformed actor (%p)', async (actor) => {
    bySecret.failures.length = 0
    expect(await statusOf(through({ 'X-User-Id': actor }))).toBe(400)
    expect(bySecret.failures).toEqual(['wrong-claim'])
  })

  test.each([[['alice', 'bob']], [['alice', 'alice']], [['', 'alice']], [['alice,bob']]])(
    'is rejected with two actors (%p)',
    async (actors) => {
      const headers = new Headers({ 'X-Tenant-Id': tenantId, 'X-Gateway-Secret': secret })
      for (const actor of actors) headers.append('X-User-Id', actor)
      expect(await statusOf(bySecret.get(headers))).toBe(400)
    },
  )

  test('needs a tenant', async () => {
    expect(await statusOf(bySecret.get({ 'X-Gateway-Secret': secret }))).toBe(403)
  })

  test('is answered without the gateway’s headers in Vary', async () => {
    expect((await through()).headers.get('Vary')).toBe('X-Tenant-Id')
  })
})

describe('a request that bypasses the gateway', () => {
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
  ])('is rejected (%p)', async (headers) => {
    bySecret.failures.length = 0
    const response = await bySecret.get({ 'X-Tenant-Id': tenantId, ...headers } as Record<string, string>) // a union of literals
    expect(response.status).toBe(403)
    expect(await response.json()).toMatchObject({ error: { message: 'Requests must come through the gateway' } })
    expect(bySecret.failures).toEqual(['not-the-gateway'])
  })

  test('is rejected when the secret is sent twice', async () => {
    const twice = bySecret.get([
      ['X-Tenant-Id', tenantId],
      ['X-Gateway-Secret', secret],
      ['X-Gateway-Secret', secret],
    ])
    expect(await statusOf(twice)).toBe(403)
  })

  test.each(['CN=gateway', 'cn=gateway,o=acme', `${subject},OU=x`, '(null)', 'NONE'])(
    'is rejected with the certificate %p',
    async (certificate) => {
      const headers = { 'X-Tenant-Id': tenantId, 'ssl-client-subject-dn': certificate }
      expect(await statusOf(byCertificate.get(headers))).toBe(403)
    },
  )
})

describe('a role from the gateway', () => {
  const service = createProtectedApp(gateway({ header: 'X-Gateway-Secret', secrets: [secret], roleHeader: 'X-Role' }))
  const send = (headers: Record<string, string>) =>
    service.get({ 'X-Tenant-Id': tenantId, 'X-Gateway-Secret': secret, ...headers })

  test.each<[Record<string, string>, string[]]>([
    [{ 'X-Role': 'owner' }, ['owner']],
    [{ 'X-Role': 'member' }, ['member']],
    [{ 'X-Role': 'viewer' }, []],
    [{ 'X-Role': '' }, []],
    [{}, []],
  ])('is that of its header, and none without the header (%j)', async (headers, roles) => {
    expect(await (await send(headers)).json()).toMatchObject({ identity: { tenants: 'any', roles } })
  })

  test('may have other words for owners and members', async () => {
    const proof = { header: 'X-Gateway-Secret', secrets: [secret], roleHeader: 'X-Role' }
    const { get } = createProtectedApp(gateway({ ...proof, roles: { owner: ['owner', 'admin'], member: ['basic'] } }))
    const rolesOf = async (role: string) =>
      (await (await get({ 'X-Tenant-Id': tenantId, 'X-Gateway-Secret': secret, 'X-Role': role })).json()).identity.roles
    expect([await rolesOf('admin'), await rolesOf('basic'), await rolesOf('member')]).toEqual([
      ...[['owner'], ['member'], []],
    ])
  })

  test.each(['member,owner', 'member, owner', ','])('is refused when there are two (%p)', async (role) => {
    expect(await statusOf(send({ 'X-Role': role }))).toBe(400)
  })
})

describe('gateway()', () => {
  test.each<[string, Record<string, unknown>]>([
    ['neither secrets nor certificates', {}],
    ['both secrets and certificates', { secrets: [secret], certificates: [subject] }],
    ['an empty list of secrets', { secrets: [] }],
    ['an empty list of certificates', { certificates: [] }],
    ['a short secret', { secrets: [secret, 's'.repeat(31)] }],
    ['an empty certificate', { certificates: [''] }],
    ['a secret that ends with a blank', { secrets: [`${secret} `] }],
    ['a secret of several lines', { secrets: [`${secret}\n${secret}`] }],
    ['a secret that is not ASCII', { secrets: ['ä'.repeat(32)] }],
    ['an invalid header name', { header: 'X Secret', secrets: [secret] }],
    ['an invalid role header', { roleHeader: 'X Role', secrets: [secret] }],
    ['an empty actor header', { actorHeader: '', secrets: [secret] }],
    ['words for roles that are no list', { roleHeader: 'X-Role', roles: { owner: 'admin' }, secrets: [secret] }],
    ['words for roles without a header with a role', { roles: { owner: ['admin'] }, secrets: [secret] }],
    ['the header with the secret as the one with the actor', { actorHeader: 'x-gateway-secret', secrets: [secret] }],
    ['the header with the secret as the one with the role', { roleHeader: 'X-Gateway-SECRET', secrets: [secret] }],
    ['one header for the actor and the role', { actorHeader: 'X-User', roleHeader: 'x-user', secrets: [secret] }],
  ])('rejects %s', (_, options) => {
    const wrong = { header: 'X-Gateway-Secret', ...options } as GatewayOptions // what JavaScript may pass
    expect(() => gateway(wrong)).toThrow(TypeError)
  })
})

describe('tenant() refuses an extractor that reads', () => {
  const auth = gateway({ header: 'X-Proof', secrets: [secret], actorHeader: 'X-User', roleHeader: 'X-Role' })
  const bearer = jwt({ key: { secret }, issuer: 'issuer', audience: 'api' })

  test.each(['x-proof', 'X-USER', 'X-Role'])('%s, a header of the gateway with another meaning', (name) => {
    const message = `tenant() needs another header for the tenant: ${name} has another meaning for its auth`
    const from = firstOf(claim(), header(name))
    expect(() => tenant({ from, auth })).toThrow(new TypeError(message))
    expect(() => tenant({ from, auth: oneOf(bearer, auth) })).toThrow(new TypeError(message))
  })

  test('but not one that reads another header', () => {
    expect(() => tenant({ from: header('X-Tenant-Id'), auth: oneOf(bearer, auth) })).not.toThrow()
  })
})
