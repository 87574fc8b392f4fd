import { describe, expect, test } from 'bun:test'
import { createHash } from 'node:crypto'
import { createIsolationCheck } from '../../src/isolation/index.ts'
import { ourHashes } from '../../src/isolation/our-hashes.ts'
import { asOwner, createDatabase, main } from '../database.ts'
import { testFaults } from '../isolation/broken-databases.ts'
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

const head = `create or replace function tenancy.find_tenant(kind text, value text)
  returns table (id text, slug text, external_id text, domains text[], status text) language`
const leak = 'select t.id::text, t.name, t.external_id, array[t.slug], t.status from tenancy.tenants t'
const finds = {
  guarantee: 15,
  object: 'tenancy.find_tenant(text,text)',
  problem: "a SECURITY DEFINER function runs with its owner's rights",
}

await testFaults('the tenant directory', [
  {
    name: 'a function that lists all tenants',
    sql: `${head} plpgsql stable security definer set search_path = pg_catalog
      as $$ begin return query ${leak}; end $$`,
    finds,
  },
  {
    name: 'a function with a BEGIN ATOMIC body',
    sql: `${head} sql stable security definer set search_path = pg_catalog begin atomic; ${leak}; end`,
    finds,
  },
  {
    name: 'a function with the search_path of the session',
    sql: 'alter function tenancy.find_tenant(text, text) reset search_path',
    finds,
  },
  {
    name: 'an overload of the function',
    sql: `create function tenancy.find_tenant(one text, two text, three text) returns table (id text, slug text, external_id text, domains text[], status text)
      language sql security definer set search_path = pg_catalog as $$ ${leak} $$`,
    undo: 'drop function tenancy.find_tenant(text, text, text)',
    finds: { ...finds, object: 'tenancy.find_tenant(text,text,text)' },
  },
  {
    name: 'a granted column of the table',
    sql: 'grant select (slug) on tenancy.tenants to app_user',
    finds: { guarantee: 12, object: 'tenancy.tenants', problem: 'the serving role can reach it' },
  },
  {
    name: 'a granted column of the domains',
    sql: 'grant select (domain) on tenancy.tenant_domains to app_user',
    finds: { guarantee: 12, object: 'tenancy.tenant_domains', problem: 'the serving role can reach it' },
  },
  {
    name: 'a granted table of names',
    sql: 'grant select on tenancy.tenant_names to app_user',
    finds: { guarantee: 12, object: 'tenancy.tenant_names', problem: 'the serving role can reach it' },
  },
  {
    name: 'a history without row-level security',
    sql: 'alter table tenancy.tenant_history disable row level security',
    finds: { guarantee: 12, object: 'tenancy.tenant_history', problem: 'row-level security is not enabled' },
  },
  {
    name: 'a history that belongs to the owner',
    sql: 'alter table tenancy.tenant_history owner to current_user',
    finds: {
      guarantee: 12,
      object: 'tenancy.tenant_history',
      problem: 'row-level security is not forced on its owner',
    },
  },
  {
    name: 'a serving role that may read the history',
    sql: 'grant execute on function tenancy.read_tenant_history(text, uuid, int) to app_user',
    finds: {
      guarantee: 15,
      object: 'tenancy.read_tenant_history(text,uuid,integer)',
      problem: "a SECURITY DEFINER function runs with its owner's rights",
    },
  },
  {
    name: 'a recorder that may log in',
    sql: 'alter role tenancy_recorder login',
    undo: 'alter role tenancy_recorder nologin',
    finds: { guarantee: 12, object: 'tenancy_recorder', problem: 'may log in' },
  },
  {
    name: 'a recorder with a member',
    sql: 'create role recorder_member nologin; grant tenancy_recorder to recorder_member',
    undo: 'drop role recorder_member',
    finds: { guarantee: 12, object: 'tenancy_recorder', problem: 'recorder_member may become it' },
  },
  {
    name: 'a history that is not forced, while somebody may become its owner',
    sql: 'create role recorder_member nologin; grant tenancy_recorder to recorder_member',
    undo: 'drop role recorder_member',
    finds: {
      guarantee: 12,
      object: 'tenancy.tenant_history',
      problem: 'row-level security is not forced on its owner',
    },
  },
  {
    name: 'a function of the recorder with another body',
    sql: `create function tenancy.leak() returns setof tenancy.tenant_history language sql security definer
      as 'select * from tenancy.tenant_history'; alter function tenancy.leak() owner to tenancy_recorder`,
    undo: 'drop function tenancy.leak()',
    finds: { guarantee: 12, object: 'tenancy.leak()', problem: 'it runs as the recorder' },
  },
])
