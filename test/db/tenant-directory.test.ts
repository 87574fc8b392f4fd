import { describe, expect, test } from 'bun:test'
import { createHash } from 'node:crypto'
import { createIsolationCheck } from '../../src/isolation/index.ts'
import { ourFunctions } from '../../src/isolation/our-functions.ts'
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
  test('finds a tenant by its id, in either case, or by its slug, and hears nothing of its name', async () => {
    const { id, slug } = await register()
    const found = [{ id, slug, status: 'active' }]
    expect([await find(id), await find(id.toUpperCase()), await find(slug)]).toEqual([found, found, found])
  })

  test.each([
    ['an id that nobody has', newTenant()],
    ['a slug that nobody has', newSlug()],
    ['a wildcard', '%'],
    ['one of a single character', '_'],
    ['a regular expression', '.*'],
    ['nothing', ''],
    ['null', null],
    ['SQL', `' or true --`],
    ['an id in braces', `{${newTenant()}}`],
    ['an id without hyphens', newTenant().replaceAll('-', '')],
    ['two lines', `${newTenant()}\n${newTenant()}`],
    ['a long text', 'a'.repeat(100_000)],
  ])('finds none, and gets no error, for %s', async (_, selector) => {
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

test('no other role may ask for a tenant', async () => {
  const [row] = await owner`
    select coalesce(bool_or(grantee = 0), false) as everyone from pg_proc, aclexplode(proacl)
    where oid = 'tenancy.find_tenant(text)'::regprocedure`
  expect(row?.everyone).toBe(false)
})

describe('the list of tenants', () => {
  const add = (values: { slug?: string; name?: string; status?: string }) =>
    sqlstateOf(owner`insert into tenancy.tenants ${owner({ slug: newSlug(), name: 'Acme', ...values })}`)

  test.each(['a', '0', 'a-b', '1-2', 'x'.repeat(63)])('takes the slug %s', async (slug) => {
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
  ])('refuses the slug %p', async (slug) => {
    expect(await add({ slug })).toBe('23514')
  })

  test.each(['', 'x'.repeat(201)])('refuses a name that is too short or too long', async (name) => {
    expect(await add({ name })).toBe('23514')
  })

  test('takes a name of 200 characters, whatever they are', async () => {
    expect(await add({ name: '🏠'.repeat(200) })).toBe('accepted')
  })

  test('knows no status but active and suspended', async () => {
    expect([await add({ status: 'suspended' }), await add({ status: 'gone' })]).toEqual(['accepted', '23514'])
  })

  test('has each slug once', async () => {
    const { slug } = await register()
    expect(await add({ slug })).toBe('23505')
  })

  test('says when a tenant was changed last', async () => {
    const { id } = await register()
    const [row] = await owner`
      update tenancy.tenants set status = 'suspended' where id = ${id} returning updated_at > created_at as later`
    expect(row?.later).toBe(true)
  })
})

test('each function that the wall check lets pass is installed as it was written', async () => {
  const installed = await owner`
    select oid::regprocedure::text as name, prosrc as body from pg_proc
    where prosecdef and pronamespace = 'tenancy'::regnamespace`
  expect(installed.map(({ name }) => name)).toContain('tenancy.find_tenant(text)')
  for (const { name, body } of installed)
    expect([name, createHash('sha256').update(body).digest('hex')]).toEqual([name, ourFunctions[name] ?? 'unknown'])
})

test('a body whose lines end as on Windows is the same', async () => {
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

await testFaults('the registry', [
  {
    name: 'a function that lists all tenants',
    broken: `${head} plpgsql stable security definer set search_path = pg_catalog
      as $$ begin return query ${leak}; end $$`,
    finds,
  },
  {
    name: 'a function whose body is no text',
    broken: `${head} sql stable security definer set search_path = pg_catalog begin atomic; ${leak}; end`,
    finds,
  },
  {
    name: 'a function with the search_path of the session',
    broken: 'alter function tenancy.find_tenant(text) reset search_path',
    finds,
  },
  {
    name: 'another function beside it',
    broken: `create function tenancy.find_tenant(one text, two text) returns table (id uuid, slug text, status text)
      language sql security definer set search_path = pg_catalog as $$ ${leak} $$`,
    mended: 'drop function tenancy.find_tenant(text, text)',
    finds: { ...finds, object: 'tenancy.find_tenant(text,text)' },
  },
  {
    name: 'a list of tenants that the role may read',
    broken: 'grant select (slug) on tenancy.tenants to app_user',
    finds: { guarantee: 12, object: 'tenancy.tenants', problem: 'the serving role can reach it' },
  },
])
