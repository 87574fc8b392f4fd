import { describe, expect, test } from 'bun:test'
import { Hono } from 'hono'
import {
  type Authentication,
  carryTenant,
  parseTenantId,
  resumeFromMessage,
  resumeTenant,
  type TenantEnv,
  type TenantId,
  type TenantIdType,
  tenantContext,
  tenantHeaders,
  tenantMessageHeaders,
  unverified,
  withTenant,
} from '../../src/context/index.ts'
import { createBookmarks } from '../../src/database/bookmarks.ts'
import { createPool } from '../../src/database/index.ts'
import { createErrorHandler } from '../../src/errors/index.ts'
import { tenantLimits } from '../../src/limits/index.ts'
import {
  claim,
  createTenantDirectory,
  header,
  path,
  subdomain,
  type TenantOptions,
  tenant,
} from '../../src/resolution/index.ts'
import { asOwner, closeAfterwards } from '../database.ts'
import { newApp } from '../resolution/app.ts'
import { openDatabaseOf } from './open-database.ts'

const own: Record<TenantIdType, string> = {
  uuid: '550e8400-e29b-41d4-a716-446655440000',
  text: 'org_2NxVKb',
  bigint: '9223372036854775807',
}
/** Texts that are no id of a type, though PostgreSQL may read some of them as one. */
const malformed: Record<TenantIdType, string[]> = {
  uuid: ['acme', '1', `{${own.uuid}}`, own.uuid.replaceAll('-', '')],
  text: ['_acme', '.acme', '-acme', 'ac me', 'ac:me', 'äcme', 'a'.repeat(129), "a'--", 'a\n'],
  bigint: [
    '0',
    '01',
    '-1',
    '+1',
    '1.0',
    '1e3',
    ' 1',
    '1_000',
    '0x1',
    '9223372036854775808',
    '10000000000000000000',
    '١',
  ],
}
const authOf = (...tenants: string[]): Authentication => ({ vary: [], verify: () => ({ actor: 'ada', tenants }) })
const types: TenantIdType[] = ['uuid', 'text', 'bigint']

describe.each(types)('with ids of type %s', (type) => {
  const id = own[type]
  const options = { tenantId: type }
  const tenantIdOf = async (response: Response) => (await response.json()).tenantId

  test('parseTenantId accepts ids of this type only', () => {
    expect(String(parseTenantId(id, type))).toBe(id)
    expect(['', ...malformed[type]].map((text) => parseTenantId(text, type))).toEqual(
      ['', ...malformed[type]].map(() => undefined),
    )
  })

  test('a header, a path and a claim name a tenant', async () => {
    const from: [Omit<TenantOptions, 'auth'>, string, RequestInit][] = [
      [{ from: header('X-Tenant-Id') }, '*', { headers: { 'X-Tenant-Id': id } }],
      [{ from: path({ parameter: 'tenant' }) }, '/:tenant', {}],
      [{ from: claim() }, '*', {}],
    ]
    for (const [extractor, at, init] of from) {
      const app = newApp({ ...extractor, ...options, auth: authOf(id) }, at)
      expect(await tenantIdOf(await app.request(`/${at === '*' ? '' : id}`, init))).toBe(id)
    }
  })

  test.each(malformed[type])('the id %j is malformed, and the answer says what an id is', async (text) => {
    const app = newApp({ from: { label: 'session', missing: 'Sign in', extract: () => text }, ...options })
    const response = await app.request('/')
    expect(response.status).toBe(400)
    expect((await response.json()).error.message).toStartWith('session must be one tenant id: ')
  })

  test('a job and a message carry the tenant', () => {
    const as = <T>(work: () => T) => withTenant(id, work, options)
    const seen = () => String(tenantContext()?.tenantId)
    expect(resumeTenant(JSON.parse(JSON.stringify(as(() => carryTenant({})))), seen, options)).toBe(id)
    expect(
      resumeFromMessage(
        as(() => tenantMessageHeaders()),
        seen,
        options,
      ),
    ).toBe(id)
    expect(as(() => tenantHeaders()).get('X-Tenant-Id')).toBe(id)
    for (const text of malformed[type])
      expect(() => resumeTenant({ tenant: { id: text }, payload: 1 }, seen, options)).toThrow('must be one tenant id')
  })

  test('the directory finds a tenant by its id and by its slug, and an id that is a slug opens no other tenant', async () => {
    const { database } = await openDatabaseOf(type)
    const sql = asOwner(database)
    await sql`insert into tenancy.tenants (id, slug, name) values (${id}, 'acme', 'Acme')`
    // Where it can be: a tenant whose slug is the id of another one.
    if (type !== 'uuid')
      await sql`insert into tenancy.tenants (id, slug, name) values (${type === 'text' ? 'acme' : '2'}, ${type === 'text' ? 'globex' : '1'}, 'Globex')`
    const directory = createTenantDirectory({ connections: createPool({ url: database.appUrl, size: 1 }) })
    closeAfterwards(directory)
    const parsed = (text: string) => ({ id: parseTenantId(text, type) as TenantId }) // each is an id
    expect(await directory.find(parsed(id))).toMatchObject({ id, slug: 'acme' })
    expect(await directory.find({ slug: 'acme' })).toMatchObject({ id, slug: 'acme' })
    if (type === 'text') expect(await directory.find(parsed('acme'))).toMatchObject({ id: 'acme', slug: 'globex' })
    if (type === 'bigint') expect(await directory.find(parsed('1'))).toBeUndefined()
    const app = newApp({ from: subdomain({ domain: 'example.com' }), directory, ...options, auth: authOf(id) })
    expect(await tenantIdOf(await app.request('http://acme.example.com/'))).toBe(id)
    const other = newApp({ from: subdomain({ domain: 'example.com' }), directory, ...options, auth: authOf(id) })
    expect((await other.request('http://globex.example.com/')).status).toBe(403)
  })
})

describe('text ids that differ in case', () => {
  const app = (auth: Authentication) => newApp({ from: header('X-Tenant-Id'), tenantId: 'text', auth })
  const send = (to: Hono<TenantEnv>, id: string) => to.request('/', { headers: { 'X-Tenant-Id': id } })

  test('are two tenants to the claims of a caller', async () => {
    const statuses = async (id: string) => (await send(app(authOf('acme')), id)).status
    expect([await statuses('acme'), await statuses('ACME'), await statuses('Acme')]).toEqual([200, 403, 403])
  })

  test('of the form of a uuid are two tenants too', async () => {
    const response = await send(app(authOf(own.uuid, own.uuid.toUpperCase())), own.uuid.toUpperCase())
    expect((await response.json()).tenantId).toBe(own.uuid.toUpperCase())
    expect((await send(app(authOf(own.uuid)), own.uuid.toUpperCase())).status).toBe(403)
  })

  test('share no rate, and names of JavaScript objects are plain ids', async () => {
    const ids = ['acme', 'ACME', 'constructor', 'hasOwnProperty', 'toString']
    const limits = new Hono<TenantEnv>()
    limits.onError(createErrorHandler())
    limits.use(tenant({ from: header('X-Tenant-Id'), tenantId: 'text', auth: unverified() }))
    limits.use(tenantLimits({ rate: { limit: 1, windowSeconds: 60 } }))
    limits.get('/', (c) => c.text('ok'))
    const statuses = await Promise.all(ids.map(async (id) => (await send(limits, id)).status))
    expect(statuses).toEqual(ids.map(() => 200))
    expect(await Promise.all(ids.map(async (id) => (await send(limits, id)).status))).toEqual(ids.map(() => 429))
  })

  test('do not read the bookmark of each other', () => {
    const bookmarks = createBookmarks('the secret of this test, which has 40 ch')
    const bookmark = bookmarks.encrypt('123', 'acme')
    expect([bookmarks.decrypt(bookmark, 'acme'), bookmarks.decrypt(bookmark, 'ACME')]).toEqual(['123', undefined])
  })
})

test('an unknown type of ids is refused where it is passed', () => {
  const type = 'int' as TenantIdType // JavaScript could pass it
  expect(() => newApp({ from: claim(), tenantId: type })).toThrow('tenantId must be uuid, text, bigint (got "int")')
  expect(() => withTenant('1', () => {}, { tenantId: type })).toThrow('tenantId must be')
  expect(() => parseTenantId('1', 'constructor' as TenantIdType)).toThrow('tenantId must be') // likewise
})
