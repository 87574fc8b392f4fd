import { describe, expect, test } from 'bun:test'
import { createHash } from 'node:crypto'
import { createIsolationCheck } from '../../src/isolation/index.ts'
import { ourHashes } from '../../src/isolation/our-hashes.ts'
import { asOwner, createDatabase, main, newTenant } from '../database.ts'
import { testFaults } from '../isolation/broken-databases.ts'
import { connectAsAppUser, sqlstateOf } from './app-user.ts'

const sql = connectAsAppUser()
const owner = asOwner(main)
const newSlug = () => `t${crypto.randomUUID().slice(0, 13)}`

async function register(slug = newSlug()) {
  const [row] = await owner`insert into tenancy.tenants (slug, name) values (${slug}, 'Acme Inc.') returning id`
  return { id: String(row?.id), slug }
}

const find = async (selector: string | null) => [...(await sql`select * from tenancy.find_tenant(${selector})`)]

describe('the serving role', () => {
  test('finds a tenant by its id, in either case, or by its slug, without its name', async () => {
    const { id, slug } = await register()
    const found = [{ id, slug, status: 'active' }]
    expect([await find(id), await find(id.toUpperCase()), await find(slug)]).toEqual([found, found, found])
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
  ])('finds no tenant, without an error, for %s', async (_, selector) => {
    await register()
    expect(await find(selector)).toEqual([])
  })

  test('does not find a slug in upper case', async () => {
    const { slug } = await register()
    expect(await find(slug.toUpperCase())).toEqual([])
  })

  test.each([
    'select * from tenancy.tenants',
    'select count(*) from tenancy.tenants',
    'select id from tenancy.tenants',
    `insert into tenancy.tenants (slug, name) values ('mine', 'mine')`,
    `update tenancy.tenants set status = 'active'`,
    'delete from tenancy.tenants',
  ])('may not: %s', async (text) => {
    expect(await sqlstateOf(sql.unsafe(text))).toBe('42501')
  })
})

test('PUBLIC may not execute find_tenant', async () => {
  const [row] = await owner`
    select coalesce(bool_or(grantee = 0), false) as everyone from pg_proc, aclexplode(proacl)
    where oid = 'tenancy.find_tenant(text)'::regprocedure`
  expect(row?.everyone).toBe(false)
})

describe('the table of tenants', () => {
  const add = (values: { slug?: string; name?: string; status?: string }) =>
    sqlstateOf(owner`insert into tenancy.tenants ${owner({ slug: newSlug(), name: 'Acme', ...values })}`)

  test.each(['a', '0', 'a-b', '1-2', 'x'.repeat(63)])('accepts the slug %s', async (slug) => {
    await owner`delete from tenancy.tenants where slug = ${slug}`
    expect(await add({ slug })).toBe('accepted')
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
    newTenant(),
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
  expect(installed.map(({ name }) => name)).toContain('tenancy.find_tenant(text)')
  for (const { name, body } of installed)
    expect([name, createHash('sha256').update(body).digest('hex')]).toEqual([name, ourHashes[name]?.[0] ?? 'unknown'])
})

test('the isolation check accepts a body with CRLF line ends', async () => {
  const database = await createDatabase()
  await asOwner(database).unsafe(`do $do$ begin
    execute replace(pg_get_functiondef('tenancy.find_tenant(text)'::regprocedure), chr(10), chr(13) || chr(10)); end $do$`)
  const isolation = createIsolationCheck({ url: database.appUrl })
  const errors = (await isolation.inspect()).filter(({ level }) => level === 'error')
  await isolation.close()
  expect(errors).toEqual([])
})

const head = `create or replace function tenancy.find_tenant(selector text)
  returns table (id uuid, slug text, status text) language`
const leak = 'select t.id, t.name, t.status from tenancy.tenants t'
const finds = {
  guarantee: 15,
  object: 'tenancy.find_tenant(text)',
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
    sql: 'alter function tenancy.find_tenant(text) reset search_path',
    finds,
  },
  {
    name: 'an overload of the function',
    sql: `create function tenancy.find_tenant(one text, two text, three text) returns table (id uuid, slug text, status text)
      language sql security definer set search_path = pg_catalog as $$ ${leak} $$`,
    undo: 'drop function tenancy.find_tenant(text, text, text)',
    finds: { ...finds, object: 'tenancy.find_tenant(text,text,text)' },
  },
  {
    name: 'a granted column of the table',
    sql: 'grant select (slug) on tenancy.tenants to app_user',
    finds: { guarantee: 12, object: 'tenancy.tenants', problem: 'the serving role can reach it' },
  },
])
