import { describe, expect, test } from 'bun:test'
import { createIsolationCheck } from '../../src/isolation/index.ts'
import { asOwner, closeAfterwards, createDatabase, open } from '../database.ts'
import { probe, protectedTable } from '../testing/isolation.ts'

// PostgreSQL prints quotes around a keyword such as user.
const unreachable = ['auth.sessions', 'auth.members', 'auth.user']
const database = await createDatabase()
const owner = asOwner(database)
await owner.unsafe(`create schema auth; grant usage on schema auth to app_user;
  create table auth.sessions (id text primary key, token text); create table auth.members (tenant_id uuid, name text);
  create table auth.user (tenant_id uuid, name text)`)
const isolation = createIsolationCheck({ url: database.appUrl, unreachable })
closeAfterwards(isolation)

const errors = async (check = isolation) =>
  (await check.inspect())
    .filter(({ level }) => level === 'error')
    .map(({ check, object, remedy }) => [check, object, remedy])

test('a table that the serving role must not reach needs neither a tenant column nor policies', async () => {
  expect(await errors()).toEqual([])
  const others = createIsolationCheck({ url: database.appUrl })
  closeAfterwards(others)
  expect((await errors(others)).map(([, object]) => object)).toContain('auth.members')
})

test('a privilege of the serving role on such a table is an error, also on one column', async () => {
  await owner`grant select (id) on auth.sessions to app_user`
  expect(await errors()).toEqual([['unreachable', 'auth.sessions', 'revoke all on auth.sessions from app_user;']])
  await owner.unsafe('revoke all on auth.sessions from app_user')
  expect(await errors()).toEqual([])
})

test('tenancy.withhold() takes every privilege on a table from the serving role and from PUBLIC', async () => {
  await owner`grant all on auth.members to app_user, public`
  await owner`select tenancy.withhold('auth.members')`
  expect(await errors()).toEqual([])
})

test('the matrix has a row for each such table, and a privilege on it is a violation', async () => {
  const db = open(database)
  const except = ['public.users', 'public.tasks']
  const rows = async () =>
    (await probe(db, { unreachable, except })).rows.filter(({ operation }) => operation === 'any privilege')
  const denied = { result: 'denied', isViolation: false }
  expect(await rows()).toEqual(
    unreachable.map((relation) => ({ relation, operation: 'any privilege', foreign: denied })),
  )
  await owner`grant delete on auth.members to app_user`
  expect((await probe(db, { unreachable, except })).violations).toContain('auth.members any privilege: foreign granted')
  await owner`revoke delete on auth.members from app_user`
}, 30_000)

test('the matrix rejects the name of a table that does not exist', async () => {
  await expect(probe(open(database), { unreachable: ['auth.nothing'] })).rejects.toThrow(
    'No relation is named auth.nothing. Write names as schema.name',
  )
})

test('the role of administrative work writes shared tables and reads shared views', async () => {
  await owner.unsafe(`create table kinds (name text); create view kinds_view with (security_invoker = true) as table kinds;
    do $$ begin if not exists (select from pg_roles where rolname = 'app_admin') then create role app_admin; end if; end $$;
    insert into tenancy.roles values ('admin', 'app_admin') on conflict do nothing;
    select tenancy.share('kinds'); select tenancy.share('kinds_view')`)
  const [row] = await owner`select has_table_privilege('app_admin', 'kinds', 'INSERT') as writes,
    has_table_privilege('app_admin', 'kinds_view', 'SELECT') as reads,
    has_table_privilege('app_user', 'kinds', 'INSERT') as serving`
  expect(row).toEqual({ writes: true, reads: true, serving: false })
})

describe('a name that is a keyword, which PostgreSQL quotes, needs no quotes', async () => {
  const database = await createDatabase()
  await asOwner(
    database,
  ).unsafe(`create table public."user" (id text primary key); create table public."group" (id text);
    grant select on public."group" to app_user; create sequence public."table"; grant select on sequence public."table" to app_user;
    create function public."all"() returns int security definer language sql as 'select 1';
    ${protectedTable('public."order"', "code text check (code = 'KB' || length(code))")}`)

  test('as unreachable', async () => {
    for (const name of ['public.user', 'public."user"', '"public".user', '"public"."user"']) {
      const { rows } = await probe(open(database), { unreachable: [name], values })
      expect(rows.find(({ operation }) => operation === 'any privilege')?.relation).toBe(name)
    }
    expect(await objects({ unreachable: ['public.group'] })).toContain('unreachable public."group"')
    expect(await objects({ unreachable: ['public.Group'] })).not.toContain('unreachable public."group"')
  }, 30_000)

  test('as shared', async () => {
    const open = [
      'reachable-without-tenant public."group"',
      'sequence public."table"',
      'security-definer public."all"()',
    ]
    expect(await objects({})).toEqual(expect.arrayContaining(open))
    const shared = ['public.group', 'public.table', 'public.all']
    expect((await objects({ shared })).filter((object) => open.includes(object))).toEqual([])
  })

  const values = { 'public.order': { code: 'KB3' } }
  test('in the values and exceptions of the isolation test', async () => {
    const { rows } = await probe(open(database), { values, except: ['public.order truncate'] })
    const operations = rows.filter(({ relation }) => relation === 'public."order"').map(({ operation }) => operation)
    expect(operations).toContain('select')
    expect(operations).not.toContain('truncate')
  })

  async function objects(options: { shared?: string[]; unreachable?: string[] }) {
    const check = createIsolationCheck({ url: database.appUrl, ...options })
    closeAfterwards(check)
    return (await check.inspect()).map(({ check, object }) => `${check} ${object}`)
  }
})
