import { describe, expect, test } from 'bun:test'
import { createHash } from 'node:crypto'
import { createIsolationCheck } from '../../src/isolation/index.ts'
import { ourHashes } from '../../src/isolation/our-hashes.ts'
import { asOwner, createDatabase, main } from '../database.ts'
import { newTenant } from '../tenants.ts'
import { connectAsAppUser, sqlstateOf } from './app-user.ts'

const sql = connectAsAppUser()
const owner = asOwner(main)
const newSlug = () => `t${crypto.randomUUID().slice(0, 13)}`

async function register(slug = newSlug()) {
  const [row] = await owner`insert into tenancy.tenants (slug, name) values (${slug}, 'Acme Inc.') returning id`
  return { id: String(row?.id), slug }
}

const kinds = ['id', 'slug', 'externalId', 'domain'] as const
const find = async (kind: string | null, value: string | null) => [
  ...(await sql`select * from tenancy.find_tenant(${kind}, ${value})`),
]

describe('the serving role', () => {
  test('finds a tenant by one value of one kind, without its name', async () => {
    const { id, slug } = await register()
    const [externalId, domains] = [`org_${slug}`, [`a.${slug}.example`, `b.${slug}.example`]]
    await owner`update tenancy.tenants set external_id = ${externalId} where id = ${id}`
    for (const domain of domains) await owner`insert into tenancy.tenant_domains values (${domain}, ${id})`
    const found = [{ id, slug, external_id: externalId, domains, status: 'active' }]
    const keys = [
      ['id', id],
      ['slug', slug],
      ['externalId', externalId],
      ['domain', domains[1]],
    ] as const
    for (const [kind, value] of keys) expect([kind, await find(kind, value ?? '')]).toEqual([kind, found])
    for (const [kind, value] of keys)
      for (const other of kinds.filter((one) => one !== kind))
        expect([kind, other, await find(other, value ?? '')]).toEqual([kind, other, []])
  })

  test('finds no tenant for an unknown kind', async () => {
    const { slug } = await register()
    for (const kind of ['', 'name', 'Slug', 'external_id', null]) expect(await find(kind, slug)).toEqual([])
  })

  test('finds another tenant for the slug of one that is the external id of the other', async () => {
    const [one, two] = [await register(), await register()]
    await owner`update tenancy.tenants set external_id = ${two.slug} where id = ${one.id}`
    expect(await find('slug', two.slug)).toMatchObject([{ id: two.id }])
    expect(await find('externalId', two.slug)).toMatchObject([{ id: one.id }])
  })

  test.each([
    ['an unknown id', newTenant()],
    ['an unknown slug', newSlug()],
    ['a wildcard', '%'],
    ['a wildcard of one character', '_'],
    ['a regular expression', '.*'],
    ['an empty text', ''],
    ['null', null],
    ['SQL', `' or true --`],
    ['an id in braces', `{${newTenant()}}`],
    ['an id without hyphens', newTenant().replaceAll('-', '')],
    ['two lines', `${newTenant()}\n${newTenant()}`],
    ['a long text', 'a'.repeat(100_000)],
  ])('finds no tenant, without an error, for %s', async (_, value) => {
    await register()
    for (const kind of kinds) expect(await find(kind, value)).toEqual([])
  })

  test('does not find a slug in upper case', async () => {
    const { slug } = await register()
    expect(await find('slug', slug.toUpperCase())).toEqual([])
  })

  test.each([
    'select * from tenancy.tenants',
    'select count(*) from tenancy.tenants',
    'select id from tenancy.tenants',
    `insert into tenancy.tenants (slug, name) values ('mine', 'mine')`,
    `update tenancy.tenants set status = 'active'`,
    'delete from tenancy.tenants',
    'select * from tenancy.tenant_domains',
    `insert into tenancy.tenant_domains values ('a.example', '${newTenant()}')`,
  ])('may not: %s', async (text) => {
    expect(await sqlstateOf(sql.unsafe(text))).toBe('42501')
  })
})

test('PUBLIC may not execute find_tenant', async () => {
  const [row] = await owner`
    select coalesce(bool_or(grantee = 0), false) as everyone from pg_proc, aclexplode(proacl)
    where oid = 'tenancy.find_tenant(text,text)'::regprocedure`
  expect(row?.everyone).toBe(false)
})

describe('the table of tenants', () => {
  const add = (values: { slug?: string; name?: string; status?: string }) =>
    sqlstateOf(owner`insert into tenancy.tenants ${owner({ slug: newSlug(), name: 'Acme', ...values })}`)

  test.each(['a', '0', 'a-b', '1-2', 'x'.repeat(63)])('accepts the slug %s', async (slug) => {
    // A former slug stays its tenant's, so an earlier run on this server may have used it.
    const [former] = await owner`select from tenancy.tenants where slug = ${slug}`
    expect(former ? 'accepted' : await add({ slug })).toBe('accepted')
  })

  test.each([
    '',
    'Acme',
    'acmé',
    'a_b',
    'a.b',
    '-a',
    'a-',
    'a\n',
    'x'.repeat(64),
    crypto.randomUUID(),
    '11111111-1111-1111-1111-111111111111',
  ])('rejects the slug %p', async (slug) => {
    expect(await add({ slug })).toBe('23514')
  })

  test.each(['', 'x'.repeat(201)])('rejects a name that is too short or too long', async (name) => {
    expect(await add({ name })).toBe('23514')
  })

  test('accepts a name of 200 characters', async () => {
    expect(await add({ name: '🏠'.repeat(200) })).toBe('accepted')
  })

  test('accepts the statuses active and suspended only', async () => {
    expect([await add({ status: 'suspended' }), await add({ status: 'gone' })]).toEqual(['accepted', '23514'])
  })

  test('rejects a duplicate slug', async () => {
    const { slug } = await register()
    expect(await add({ slug })).toBe('23505')
  })

  test('records the last change of a tenant', async () => {
    const { id } = await register()
    const [row] = await owner`
      update tenancy.tenants set status = 'suspended' where id = ${id} returning updated_at > created_at as later`
    expect(row?.later).toBe(true)
  })
})

test('each SECURITY DEFINER function has the body that the isolation check expects', async () => {
  const installed = await owner`
    select oid::regprocedure::text as name, prosrc as body from pg_proc
    where prosecdef and pronamespace = 'tenancy'::regnamespace`
  expect(installed.map(({ name }) => name)).toContain('tenancy.find_tenant(text,text)')
  for (const { name, body } of installed)
    expect([name, createHash('sha256').update(body).digest('hex')]).toEqual([name, ourHashes[name]?.[0] ?? 'unknown'])
})

test('the isolation check accepts a body with CRLF line ends', async () => {
  const database = await createDatabase()
  await asOwner(database).unsafe(`do $do$ begin
    execute replace(pg_get_functiondef('tenancy.find_tenant(text,text)'::regprocedure), chr(10), chr(13) || chr(10)); end $do$`)
  const isolation = createIsolationCheck({ url: database.appUrl })
  const errors = (await isolation.inspect()).filter(({ level }) => level === 'error')
  await isolation.close()
  expect(errors).toEqual([])
})
