import { describe, expect, test } from 'bun:test'
import { Hono } from 'hono'
import { SignJWT } from 'jose'
import { jwt, type TenantClaims } from '../../src/auth/index.ts'
import { authorize, type TenantEnv, type TenantId } from '../../src/context/index.ts'
import { createErrorHandler } from '../../src/errors/index.ts'
import { claim, header, type TenantDirectory, tenant } from '../../src/resolution/index.ts'
import { directoryOf, newEntry } from '../resolution/app.ts'
import { newTenant, tenantIds } from '../tenants.ts'

// What a token says of tenants, and of the caller's roles in each of them.

const secret = 'a secret that issuer and service share'
const options = { key: { secret }, issuer: 'issuer', audience: 'api' }
const sign = (claims: Record<string, unknown>) =>
  new SignJWT({ iss: 'issuer', aud: 'api', sub: 'alice', exp: 1e10, ...claims })
    .setProtectedHeader({ alg: 'HS256' })
    .sign(new TextEncoder().encode(secret))

const acme = { ...newEntry('acme'), externalId: 'org_acme', domains: ['acme.example'] }
const globex = { ...newEntry('globex'), externalId: 'acme', domains: ['globex.example'] }
const directory = directoryOf(acme, globex)
const [a, b] = [newTenant(), newTenant()]
/** What a program finds of a tenant's names: the types of claims say nothing. */
const namesOf = (names: object) => names as { id: string }

/** What the bearer of a token may do in a tenant: `owner`, `member`, or the status of the failure. */
async function roleIn(tenantId: string, claims: Record<string, unknown>, tenants: TenantClaims) {
  const app = new Hono<TenantEnv>()
  app.onError(createErrorHandler())
  app.use(tenant({ from: header('X-Tenant-Id'), auth: jwt({ ...options, tenants }), directory, ...tenantIds }))
  app.get('/member', async (c) => {
    await authorize(c, 'tasks:read')
    return c.text('')
  })
  app.get('/owner', async (c) => {
    await authorize(c, 'tasks:purge')
    return c.text('')
  })
  const headers = { Authorization: `Bearer ${await sign(claims)}`, 'X-Tenant-Id': tenantId }
  const [asOwner, asMember] = [await app.request('/owner', { headers }), await app.request('/member', { headers })]
  return asOwner.status === 200 ? 'owner' : asMember.status === 200 ? 'member' : asMember.status
}

describe('the kind of a claim', () => {
  test.each<[string, object, TenantClaims]>([
    ['an id', { org: acme.id }, { claim: 'org' }],
    ['a slug', { org: 'acme' }, { claim: 'org', yields: 'slug' }],
    ['an external id', { org: 'org_acme' }, { claim: 'org', yields: 'externalId' }],
    ['a domain', { org: 'acme.example' }, { claim: 'org', yields: 'domain' }],
    ['the second of several claims', { other: a, org: 'acme' }, [{ claim: 'other' }, { claim: 'org', yields: 'slug' }]],
    ['a function', { org: 'org_acme' }, ({ org }) => ({ externalId: String(org) })],
    ['a function that returns an id as a text', { org: acme.id }, ({ org }) => String(org)],
    ['a function that returns a list of ids', { orgs: [a, acme.id] }, ({ orgs }) => orgs as string[]],
    [
      'a function that leaves a name undefined',
      { org: acme.id },
      ({ org, alias }) => namesOf({ id: org, slug: alias }),
    ],
    ['a function that returns a list', { orgs: ['acme'] }, ({ orgs }) => (orgs as string[]).map((slug) => ({ slug }))],
  ])('finds a tenant by %s', async (_, claims, tenants) => {
    expect(await roleIn(acme.id, { ...claims }, tenants)).toBe('member')
    expect(await roleIn(globex.id, { ...claims }, tenants)).toBe(403)
  })

  test('keeps kinds apart: an external id that is the slug of another tenant does not open that tenant', async () => {
    const claims = { org: 'acme' } // the external id of globex, and the slug of acme
    expect(await roleIn(acme.id, claims, { claim: 'org', yields: 'externalId' })).toBe(403)
    expect(await roleIn(globex.id, claims, { claim: 'org', yields: 'externalId' })).toBe('member')
    expect(await roleIn(globex.id, claims, { claim: 'org', yields: 'slug' })).toBe(403)
    expect(await roleIn(acme.id, claims, { claim: 'org' })).toBe(403)
  })

  test('keeps kinds apart: an external id that is the id of another tenant does not open that tenant', async () => {
    const claims = { org: globex.id }
    expect(await roleIn(globex.id, claims, { claim: 'org', yields: 'externalId' })).toBe(403)
    expect(await roleIn(globex.id, claims, { claim: 'org' })).toBe('member')
  })

  test('that is no id needs a directory', () => {
    const auth = jwt({ ...options, tenants: { claim: 'org_id', yields: 'externalId' } })
    expect(() => tenant({ from: header('X-Tenant-Id'), auth, ...tenantIds })).toThrow(
      'tenant() needs a directory, because its auth names tenants by externalId',
    )
  })
})

describe('a number in a claim', () => {
  async function tenantOf(claims: Record<string, unknown>, tenants: TenantClaims, directory?: TenantDirectory) {
    const app = new Hono<TenantEnv>()
    app.onError(createErrorHandler())
    app.use(tenant({ from: claim(), auth: jwt({ ...options, tenants }), tenantId: 'bigint', directory }))
    app.get('/', (c) => c.text(c.var.tenantId))
    const response = await app.request('/', { headers: { Authorization: `Bearer ${await sign(claims)}` } })
    return response.status === 200 ? await response.text() : response.status
  }

  test.each<[unknown, string | number]>([
    [5, '5'],
    [[5], '5'],
    [['5', 5], '5'],
    [Number.MAX_SAFE_INTEGER, '9007199254740991'],
    ['9223372036854775807', '9223372036854775807'],
    [0, 400],
    [-5, 400],
    [5.5, 401],
    [2 ** 53, 401],
    [1e300, 401],
  ])('names the tenant with that id when it is whole and exact (%j)', async (org, expected) => {
    expect(await tenantOf({ org }, 'org')).toBe(expected)
  })

  test('names a tenant by an external id', async () => {
    const found = directoryOf({ ...acme, id: '7' as TenantId, externalId: '123' }) // an id of type bigint
    expect(await tenantOf({ org: 123 }, { claim: 'org', yields: 'externalId' }, found)).toBe('7')
  })
})

describe('a function of the claims', () => {
  test.each<[string, (claims: never) => unknown]>([
    ['throws', ({ missing }: { missing: { id: string } }) => ({ id: missing.id })],
    ['returns null', () => null],
    ['returns an empty text', () => ''],
    ['returns a list with an empty text', () => [acme.id, '']],
    ['returns a name that is null', () => ({ id: acme.id, slug: null })],
    ['returns names that are all undefined', () => ({ id: undefined })],
    ['returns a tenant without a name', () => ({ roles: ['owner'] })],
    ['returns a tenant with two names', () => ({ id: acme.id, slug: 'acme' })],
    ['returns an empty name', () => ({ slug: '' })],
    ['returns a number', () => ({ id: 1 })],
    ['returns roles that are no list', () => ({ id: acme.id, roles: 'owner' })],
    ['returns roles with a number', () => ({ id: acme.id, roles: [1] })],
    ['returns a promise', async () => ({ id: acme.id })],
  ])('that %s makes the token invalid, or names no tenant', async (title, tenants) => {
    const refused = title === 'returns null' ? 403 : 401
    expect(await roleIn(acme.id, {}, tenants as unknown as TenantClaims)).toBe(refused) // the type refuses these
  })

  test('that returns nothing names no tenant', async () => {
    expect(await roleIn(acme.id, {}, () => undefined)).toBe(403)
  })
})

describe('a claim with roles', () => {
  const flat: TenantClaims = { claim: 'org', roles: 'role' }
  test.each<[unknown, string | number]>([
    ['owner', 'owner'],
    ['member', 'member'],
    [['member', 'owner'], 'owner'],
    [['offline_access', 'member'], 'member'],
    ['viewer', 403],
    [[], 403],
    [undefined, 403],
    [null, 403],
    ['', 401],
    [1, 401],
    [{ owner: true }, 401],
    [['owner', 1], 401],
    [[['owner']], 401],
    [true, 401],
  ])('that is %j makes the caller %p', async (role, expected) => {
    expect(await roleIn(a, { org: a, role }, flat)).toBe(expected)
  })

  test('may have other words for owners and members', async () => {
    const tenants: TenantClaims = {
      claim: 'org',
      roles: { claim: '/r/x', owner: ['admin'], member: ['basic', 'guest'] },
    }
    const as = (x: unknown) => roleIn(a, { org: a, r: { x } }, tenants)
    expect([await as('admin'), await as('guest'), await as('owner'), await as('member')]).toEqual([
      ...['owner', 'member', 403, 403],
    ])
  })

  test('gives no role beside a list of several tenants: they would count in all of them', async () => {
    expect(await roleIn(a, { org: [a, b], role: 'owner' }, flat)).toBe(403)
    expect(await roleIn(a, { org: [a], role: 'owner' }, flat)).toBe('owner')
  })

  test('counts only for the tenant of its own claim', async () => {
    const tenants: TenantClaims = [{ claim: 'org', roles: 'role' }, { claim: 'others' }]
    const claims = { org: a, role: 'owner', others: [b, a] }
    expect([await roleIn(a, claims, tenants), await roleIn(b, claims, tenants)]).toEqual(['owner', 'member'])
    const byFunction: TenantClaims = () => [{ id: a, roles: ['owner'] }, { id: b }]
    expect([await roleIn(a, {}, byFunction), await roleIn(b, {}, byFunction)]).toEqual(['owner', 'member'])
  })
})

describe('a * in a claim', () => {
  const each: TenantClaims = { claim: '/orgs/*/id', roles: '/orgs/*/access/roles' }

  test('stands for each member, with the roles of that member', async () => {
    const orgs = { x: { id: a, access: { roles: ['owner'] } }, y: { id: b, access: { roles: ['member'] } }, z: {} }
    expect([await roleIn(a, { orgs }, each), await roleIn(b, { orgs }, each)]).toEqual(['owner', 'member'])
    const list = Object.values(orgs)
    expect([await roleIn(a, { orgs: list }, each), await roleIn(b, { orgs: list }, each)]).toEqual(['owner', 'member'])
  })

  test('gives no role to a member without one', async () => {
    const orgs = { x: { id: a, access: { roles: ['owner'] } }, y: { id: b } }
    expect(await roleIn(b, { orgs }, each)).toBe(403)
  })

  test('at the end stands for the names of the members', async () => {
    const byName: TenantClaims = { claim: '/organization/*', yields: 'slug' }
    expect(await roleIn(acme.id, { organization: { acme: {}, other: {} } }, byName)).toBe('member')
    expect(await roleIn(globex.id, { organization: { acme: {} } }, byName)).toBe(403)
  })

  test('gives no role of one claim to several members', async () => {
    const tenants: TenantClaims = { claim: '/orgs/*/id', roles: 'role' }
    expect(await roleIn(a, { orgs: [{ id: a }, { id: b }], role: 'owner' }, tenants)).toBe(403)
    expect(await roleIn(a, { orgs: [{ id: a }], role: 'owner' }, tenants)).toBe('owner')
  })

  test.each([['text'], [7], [true], [['acme']]])('makes a token invalid whose claim is %j', async (organization) => {
    expect(await roleIn(acme.id, { organization }, { claim: '/organization/*', yields: 'slug' })).toBe(401)
  })

  test('is an ordinary letter of a name that is no pointer', async () => {
    expect(await roleIn(a, { '*': a }, '*')).toBe('member')
  })

  test.each<TenantClaims | [TenantClaims]>([
    { claim: '/a/*/b/*' },
    { claim: '/a/id', roles: '/a/*/roles' },
    { claim: 'org', yields: 'name' as 'slug' },
    { claim: 'org', roles: '' },
    { claim: '' },
    [[]],
  ])('and other claims are refused at the start (%j)', (tenants) => {
    expect(() => jwt({ ...options, tenants: tenants as TenantClaims })) // each() takes a row apart
      .toThrow(TypeError)
  })
})
