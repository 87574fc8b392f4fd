import { describe, expect, test } from 'bun:test'
import { Hono } from 'hono'
import { exportSPKI, type JWTPayload } from 'jose'
import { session } from '../../src/auth/index.ts'
import { authorize, type TenantEnv } from '../../src/context/index.ts'
import { createPool } from '../../src/database/index.ts'
import { createErrorHandler } from '../../src/errors/index.ts'
import {
  claim,
  createTenantDirectory,
  firstOf,
  header,
  type TenantOptions,
  tenant,
} from '../../src/resolution/index.ts'
import { createAuthentication } from '../../src/service/authentication.ts'
import { loadConfig } from '../../src/service/config/config.ts'
import { closeAfterwards, main } from '../database.ts'
import { newKeys, registerAll } from '../resolution/registered.ts'
import { build } from '../service/http/app.ts'
import { newKey, sign } from './issuer.ts'

// The table of providers in docs/authentication.md, row by row: a token of the shape that the provider documents reaches its tenant.

const page = await Bun.file(new URL('../../docs/authentication.md', import.meta.url)).text()
const table = page.slice(page.indexOf('| provider |')).split('\n\n')[0] ?? ''
const [columns = [], , ...rows] = table.split('\n').map((line) =>
  line
    .split('|')
    .slice(1, -1)
    .map((cell) => cell.trim()),
)
const textOf = (cell = '') => cell.replaceAll('`', '')

const acme = await registerAll({ ...newKeys(), externalId: 'org_9ybsU1dN2dKfDkBi' })
const globex = await registerAll({ ...newKeys(), externalId: 'org_vIK75NKFvaozQsFy' })
const directory = createTenantDirectory({ connections: createPool({ url: main.appUrl, size: 1 }) })
closeAfterwards(directory)
const time = { iat: 1616499255, exp: 1e10 }

interface Shape {
  /** A token of an owner of acme, without its issuer and audience. */
  owner: JWTPayload
  /** What a token of a member has instead. */
  member: JWTPayload
  /** What a token without an organization has instead. */
  none: JWTPayload
}

const clerk = {
  v: 2,
  azp: 'https://example.com',
  fva: [7, -1],
  jti: '1234567890',
  nbf: 1616499255,
  sid: 'sess_123',
  pla: 'u:free,o:pro',
}
const o = { id: acme.externalId, slg: 'testcorp', rol: 'admin', per: 'read,manage', fpm: '3,2' }
const supabase = {
  ...{ sub: '123e4567-e89b-12d3-a456-426614174000', role: 'authenticated', aal: 'aal1', email: 'user@example.com' },
  ...{ amr: [{ method: 'password', timestamp: 1640991600 }], phone: '', is_anonymous: false },
  ...{
    session_id: '123e4567-e89b-12d3-a456-426614174000',
    user_metadata: { tenant_id: globex.id, tenant_role: 'owner' },
  },
}
const ofMetadata = (tenant: object) => ({ app_metadata: { provider: 'email', providers: ['email'], ...tenant } })
const keycloak = {
  sub: 'd019f228-2469-4cdd-b086-4c3cd5fe3aef',
  typ: 'Bearer',
  azp: 'backend',
  scope: 'openid organization:*',
}
const testcorp = (roles: string[]) => ({
  organization: { testcorp: { id: acme.externalId, groups: ['/Engineering/Backend'], realm_access: { roles } } },
})

/** What the providers document, each on the page of its tokens. */
const shapes: Record<string, Shape> = {
  Auth0: {
    owner: {
      ...{
        sub: 'auth0|602c0dcab993d10073daf680',
        azp: 'ENDmmAJsbwI1hOG1KPJddQ8LHjV6kLkV',
        scope: 'openid profile email',
      },
      ...{
        org_id: acme.externalId,
        permissions: ['delete:stuff', 'read:stuff'],
        'https://example-api/roles': ['admin'],
      },
    },
    member: { 'https://example-api/roles': ['member'] },
    none: { org_id: undefined },
  },
  Clerk: {
    owner: { ...clerk, sub: 'user_123', o },
    member: { o: { ...o, rol: 'member' } },
    none: { o: undefined },
  },
  WorkOS: {
    owner: {
      ...{ sub: 'user_01HBEQKA6K4QJAS93VPE39W1JT', org_id: acme.externalId, role: 'admin', roles: ['admin'] },
      ...{ permissions: ['posts:read'], entitlements: ['audit-logs'], sid: 'session_01HQSXZGF8FHF7A9ZZFCW4387R' },
    },
    member: { role: 'member', roles: ['member'] },
    none: { org_id: undefined, role: undefined },
  },
  Supabase: {
    owner: { ...supabase, ...ofMetadata({ tenant_id: acme.id, tenant_role: 'owner' }) },
    member: ofMetadata({ tenant_id: acme.id, tenant_role: 'member' }),
    none: ofMetadata({}),
  },
  Keycloak: {
    owner: { ...keycloak, ...testcorp(['org-admin', 'viewer']) },
    member: testcorp(['member', 'offline_access']),
    none: { organization: undefined },
  },
  'better-auth': {
    owner: {
      ...{ sub: 'x2gPtUV7RGN5qqWaoLycxg1QzTRt5Ili', activeOrganizationId: acme.externalId },
      activeOrganizationRole: 'admin',
    },
    member: { activeOrganizationRole: 'member' },
    none: { activeOrganizationId: null, activeOrganizationRole: null },
  },
}

/** An app that answers with its tenant, and at /purge only to an owner. */
function createApp(options: Pick<TenantOptions, 'auth'>) {
  const app = new Hono<TenantEnv>()
  app.onError(createErrorHandler({ log: { error: () => {} } }))
  app.use(tenant({ from: firstOf(header('X-Tenant-Id'), claim()), directory, directoryRequired: true, ...options }))
  app.get('/', async (c) => {
    await authorize(c, 'tasks:read')
    return c.text(c.var.tenantId)
  })
  app.get('/purge', async (c) => {
    await authorize(c, 'tasks:purge')
    return c.text(c.var.tenantId)
  })
  return app
}

const key = await newKey('EdDSA')
const JWT_PUBLIC_KEY = await exportSPKI(key.publicKey)
const log = { info() {}, warn() {}, error() {} }
const others = { DATABASE_URL: 'postgres://app_user:secret@localhost/app', AUTH: 'jwt', TENANT_DIRECTORY: 'required' }

/** The settings of a row, but for the keys. */
function settingsOf(cells: readonly string[]) {
  const settings = Object.fromEntries(columns.slice(1).map((name, at) => [textOf(name), textOf(cells[at + 1])]))
  loadConfig({ ...others, ...settings }) // the URL of the keys too
  return settings
}

/** The authentication that the service makes of the settings. */
async function authOf({ JWT_JWKS_URL: _, ...verified }: Record<string, string>) {
  const { auth } = loadConfig({ ...others, ...verified, JWT_PUBLIC_KEY })
  return await createAuthentication(auth, log)
}

/** The header of a token with these claims, as the issuer of the settings signs it. */
async function bearer({ JWT_ISSUER: iss = '', JWT_AUDIENCE: aud = '' }: Record<string, string>, claims: JWTPayload) {
  // Where the audience is "any", the provider's tokens have none.
  const issued = { iss, ...(aud === 'any' ? {} : { aud: [aud, 'account'] }), ...time }
  return { Authorization: `Bearer ${await sign(key, { ...issued, ...claims })}` }
}

/** Opens an app with the settings of a row, and returns a function that sends it a token. */
async function openRow(cells: readonly string[]) {
  const settings = settingsOf(cells)
  const app = createApp({ auth: await authOf(settings) })
  return async (claims: JWTPayload, path = '/', headers = {}) => {
    const response = await app.request(path, { headers: { ...(await bearer(settings, claims)), ...headers } })
    return response.status === 200 ? await response.text() : response.status
  }
}

test('the table has a row for each provider whose tokens are known here', () => {
  expect(rows.map(([name = '']) => name).toSorted()).toEqual(Object.keys(shapes).toSorted())
})

describe.each(rows.map((cells) => [cells[0] ?? '', cells] as const))('a token of %s', (name, cells) => {
  const { owner, member, none } = shapes[name] as Shape // the test above compares the names

  test('reaches the tenant of its organization, with the role of its caller there', async () => {
    const send = await openRow(cells)
    expect([await send(owner), await send(owner, '/purge')]).toEqual([acme.id, acme.id])
    expect([await send({ ...owner, ...member }), await send({ ...owner, ...member }, '/purge')]).toEqual([acme.id, 403])
  })

  test('reaches no other tenant, and none without an organization', async () => {
    const send = await openRow(cells)
    expect(await send(owner, '/', { 'X-Tenant-Id': globex.id })).toBe(403)
    expect(await send({ ...owner, ...none })).toBe(403)
    expect(await send({ ...owner, ...none }, '/', { 'X-Tenant-Id': acme.id })).toBe(403)
  })
})

test('a token of one organization of Auth0 reads the rows of its tenant, and one of another organization does not', async () => {
  const settings = settingsOf(rows.find(([name]) => name === 'Auth0') ?? [])
  const from = firstOf(header('X-Tenant-Id'), claim())
  const { app } = build({ tenant: { from, auth: await authOf(settings), directory, directoryRequired: true } })
  const claims = shapes.Auth0?.owner ?? {}
  const ofAcme = await bearer(settings, claims)
  const ofGlobex = await bearer(settings, { ...claims, org_id: globex.externalId })
  const post = { method: 'POST', body: JSON.stringify({ email: 'ada@acme.example', name: 'Ada' }) }
  const created = await app.request('/users', { ...post, headers: { ...ofAcme, 'Content-Type': 'application/json' } })
  const { id } = (await created.json()).data
  const statuses = [ofAcme, ofGlobex].map(async (headers) => (await app.request(`/users/${id}`, { headers })).status)
  expect([created.status, await Promise.all(statuses)]).toEqual([201, [200, 404]])
  expect((await (await app.request('/users', { headers: ofGlobex })).json()).data).toEqual([])
})

test('a session of better-auth reaches the tenant of the member, not of the active organization', async () => {
  const user = { id: 'x2gPtUV7RGN5qqWaoLycxg1QzTRt5Ili', name: 'A', email: 'a@b.example', emailVerified: false }
  const found = { session: { id: 's', userId: user.id, token: 't', activeOrganizationId: acme.externalId }, user }
  const membership = { id: 'm', organizationId: acme.externalId, userId: user.id, role: 'admin' }
  let member: typeof membership | Error = membership
  const betterAuth = {
    api: {
      getSession: async (_: { headers: Headers; query: { disableCookieCache: boolean } }) => found,
      getActiveMember: async (_: { headers: Headers }) => {
        if (member instanceof Error) throw member
        return member
      },
    },
  }
  const [code = ''] = page.slice(page.indexOf('const auth = session(')).split('```')
  const create = new Function('session', 'betterAuth', `${code}\nreturn auth`)
  const app = createApp({ auth: create(session, betterAuth) })
  const headers = { Cookie: 'better-auth.session_token=t.signature' }
  const send = async (path = '/') => (await app.request(path, { headers })).status
  for (const [role, purges] of [
    ['owner', 200],
    ['admin', 200],
    ['member,owner', 200],
    ['member', 403],
  ] as const) {
    member = { ...membership, role }
    expect([role, await send(), await send('/purge')]).toEqual([role, 200, purges])
  }
  member = { ...membership, role: 'guest' }
  expect([await send(), (await app.request('/')).status]).toEqual([403, 401])
  // As better-auth does for a member that was removed, and without an active organization.
  member = Object.assign(new Error('Member not found'), { status: 'BAD_REQUEST', statusCode: 400 })
  expect(await send()).toBe(403)
  member = new Error('connect ECONNREFUSED')
  expect(await send()).toBe(500)
})
