import { describe, expect, test } from 'bun:test'
import { sql } from 'drizzle-orm'
import type { Authentication, ClaimedTenant, TenantIdType } from '../../../src/context/index.ts'
import { tenantIdsOf } from '../../../src/context/internal.ts'
import { createPool } from '../../../src/database/index.ts'
import { createDirectoryEditor, TenantNotFound } from '../../../src/directory/index.ts'
import { claim, createTenantDirectory, header } from '../../../src/resolution/index.ts'
import { rowhouse } from '../../cli/run.ts'
import { asOwner, closeAfterwards, type TestDatabase } from '../../database.ts'
import { newApp } from '../../resolution/app.ts'
import { openDatabaseOf } from '../../tenant-ids/open-database.ts'

const log = { info: () => {}, error: () => {} }
const by = { actor: 'ada', reason: 'a test' }

function openDirectory(database: TestDatabase) {
  const tenants = createDirectoryEditor({ connections: createPool({ url: database.ownerUrl, size: 1 }), log })
  const directory = createTenantDirectory({ connections: createPool({ url: database.appUrl, size: 1 }), cacheMs: 0 })
  closeAfterwards(tenants)
  closeAfterwards(directory)
  return { tenants, directory }
}

const failureOf = (promise: Promise<unknown>) =>
  promise.then(
    () => undefined,
    (error: unknown) => error,
  )

describe.each<[TenantIdType, string, string]>([
  ['uuid', '550e8400-e29b-41d4-a716-446655440000', 'acme'],
  ['text', '550E8400-E29B-41D4-A716-446655440000', 'ac me'],
  ['bigint', '4711', '04711'],
])('the directory of a database with ids of type %s', (type, id, malformed) => {
  test('is edited by ids of this type, whether given or made by the database', async () => {
    const { database } = await openDatabaseOf(type)
    const { tenants, directory } = openDirectory(database)
    const given = await tenants.create({ id, slug: 'acme', name: 'Acme', domains: ['acme.example'] }, by)
    const made = await tenants.create({ slug: 'globex', name: 'Globex', externalId: 'org_1' }, by)
    expect(given.id).toBe(id)
    expect(String(tenantIdsOf(type).parse(made.id))).toBe(made.id)
    for (const tenant of [given, made]) {
      await tenants.suspend({ id: tenant.id }, by)
      expect(await tenants.get({ id: tenant.id })).toMatchObject({ id: tenant.id, status: 'suspended' })
      expect(await directory.find({ id: tenant.id })).toMatchObject({ id: tenant.id, status: 'suspended' })
      expect((await tenants.history({ id: tenant.id })).at(0)).toMatchObject({ action: 'suspend', actor: 'ada' })
    }
    expect(await directory.find({ domain: 'acme.example' })).toMatchObject({ id })
    expect(await directory.find({ externalId: 'org_1' })).toMatchObject({ id: made.id })
  })

  test('has the function of the release before where that release had this type', async () => {
    const { database } = await openDatabaseOf(type)
    const [row] = await asOwner(database)`select to_regprocedure('tenancy.find_tenant(text)') is not null as exists`
    expect(row?.exists).toBe(type === 'uuid')
  })

  test('refuses an id of another form, and finds none', async () => {
    const { database } = await openDatabaseOf(type)
    const { tenants, directory } = openDirectory(database)
    expect(await failureOf(tenants.create({ id: malformed, slug: 'acme', name: 'Acme' }, by))).toMatchObject({
      code: 'VALIDATION_FAILED',
      details: [{ path: 'id', message: `Must be ${tenantIdsOf(type).must}` }],
    })
    expect(await failureOf(tenants.get({ id: malformed }))).toBeInstanceOf(TenantNotFound)
    expect(await directory.find({ id: malformed })).toBeUndefined()
  })

  test('is edited by rowhouse tenant, which asks the database for the type', async () => {
    const { database } = await openDatabaseOf(type)
    const run = (...parameters: string[]) =>
      rowhouse(['tenant', ...parameters], { env: { DATABASE_OWNER_URL: database.ownerUrl } })
    expect(await run('create', 'acme', '--name', 'Acme', '--id', id)).toMatchObject({ code: 0, stdout: `${id}\n` })
    expect(await run('suspend', id, '--by', 'id', '--reason', 'Unpaid')).toMatchObject({
      code: 0,
      stdout: `Tenant acme (${id}) is suspended.\n`,
    })
    const refused = await run('create', 'globex', '--name', 'Globex', '--id', malformed)
    expect([refused.code, refused.stderr]).toEqual([
      2,
      expect.stringContaining(`id: Must be ${tenantIdsOf(type).must}`),
    ])
  })
})

test('a generated bigint is the next number of a sequence, which its owner moves behind ids in use', async () => {
  const { database } = await openDatabaseOf('bigint')
  const { tenants } = openDirectory(database)
  expect(await tenants.create({ slug: 'acme', name: 'Acme' }, by)).toMatchObject({ id: '1' })
  await asOwner(database).unsafe('alter table tenancy.tenants alter column id restart with 1000')
  expect(await tenants.create({ slug: 'globex', name: 'Globex' }, by)).toMatchObject({ id: '1000' })
})

test('a bigint id that the database makes is none that a tenant was given', async () => {
  const { database } = await openDatabaseOf('bigint')
  const { tenants } = openDirectory(database)
  for (const id of ['1', '2', '4']) await tenants.create({ id, slug: `given-${id}`, name: 'Given' }, by)
  const made = []
  for (const slug of ['a', 'b']) made.push((await tenants.create({ slug, name: 'Made' }, by)).id)
  expect(made).toEqual(['3', '5'])
})

test('a bigint id that can be guessed shows injected SQL the slug, external id and domains of its tenant', async () => {
  const { database, db, as } = await openDatabaseOf('bigint')
  const { tenants } = openDirectory(database)
  const own = await tenants.create({ slug: 'own', name: 'Own' }, by)
  await tenants.create({ slug: 'other', name: 'Other', externalId: 'org_1', domains: ['other.example'] }, by)
  const guess = sql`select f.* from generate_series(1, 10) as i, tenancy.find_tenant('id', i::text) as f`
  const found = await as(own.id, () => db.read((tx) => tx.execute(guess)))
  expect([...found]).toMatchObject([
    { slug: 'own' },
    { slug: 'other', external_id: 'org_1', domains: ['other.example'] },
  ])
  expect(JSON.stringify(found)).not.toContain('Other')
})

test('a text id that is the slug of another tenant opens its own tenant only, by a claim and by a header', async () => {
  const { database } = await openDatabaseOf('text')
  const { tenants, directory } = openDirectory(database)
  await tenants.create({ id: 'acme', slug: 'globex', name: 'Globex', externalId: 'initech' }, by)
  await tenants.create({ id: 'initech', slug: 'acme', name: 'Acme' }, by)
  const authOf = (...own: (string | ClaimedTenant)[]): Authentication => ({
    vary: [],
    verify: () => ({ actor: 'ada', tenants: own }),
  })
  const options = { directory, directoryRequired: true, tenantId: 'text' } as const
  const openedBy = async (own: string | ClaimedTenant, to?: string) => {
    const from = to === undefined ? claim() : header('X-Tenant-Id')
    const response = await newApp({ from, ...options, auth: authOf(own) }).request('/', {
      headers: { 'X-Tenant-Id': to ?? '' },
    })
    return response.status === 200 ? (await response.json()).tenantId : response.status
  }
  expect([
    [await openedBy('acme'), await openedBy({ slug: 'acme' })],
    [await openedBy('initech'), await openedBy({ externalId: 'initech' })],
    [await openedBy('acme', 'acme'), await openedBy('acme', 'initech')],
    [await openedBy({ slug: 'acme' }, 'acme'), await openedBy({ slug: 'acme' }, 'initech')],
    [await openedBy({ externalId: 'initech' }, 'acme'), await openedBy({ externalId: 'initech' }, 'initech')],
  ]).toEqual([
    ['acme', 'initech'],
    ['initech', 'acme'],
    ['acme', 403],
    [403, 'initech'],
    ['acme', 403],
  ])
})
