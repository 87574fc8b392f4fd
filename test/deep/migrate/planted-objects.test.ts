import { describe, expect, test } from 'bun:test'
import { migrate } from '../../../src/migrate/index.ts'
import { createOwnedDatabases, failureOf, kindsOfOwners } from '../../migrate/owners.ts'
import { copyProject } from '../../migrate/project.ts'
import { startRoleServer } from '../../migrate/role-server.ts'
import { project as ofType, tenantColumnType } from '../../tenants.ts'

const owned = createOwnedDatabases()
const server = await startRoleServer()

/** An empty database in which the role `landlord`, who is not its owner, may do what `grants` says. */
async function createShared(grants: string) {
  await server.owner.unsafe(`create role landlord login password 'x'`)
  const url = await server.createDatabase()
  const [superuser, landlord] = [server.connect(url), server.connect(server.asLandlord(url))]
  await superuser.unsafe(grants)
  return { url, superuser, landlord }
}

/** PostgreSQL prefers it to its own format(text, variadic "any") when the second argument is a name. */
const planted = `create function public.format(text, name) returns text language plpgsql as $$ begin
  alter role landlord superuser; return pg_catalog.format($1, $2); end $$`
const isSuperuser = async () =>
  (await server.owner`select rolsuper from pg_roles where rolname = 'landlord'`)[0]?.rolsuper

describe('a function that another role planted in the schema public', () => {
  test('does not run with the rights of a superuser that migrates', async () => {
    const { url, superuser, landlord } = await createShared('grant create on schema public to landlord')
    await landlord.unsafe(planted)
    await superuser.unsafe('revoke create on schema public from landlord')
    const error = await failureOf(migrate({ ...ofType, url }))
    expect(await isSuperuser()).toBe(false)
    expect(error.message).toMatch(
      /^Other roles can run code of their own with the rights of this migration, so it changed nothing\./,
    )
    expect(error.message).toContain(
      '- the function public.format(text,name) belongs to landlord\n      alter routine public.format(text,name) owner to postgres;',
    )
  })

  test('does not run in the files of rowhouse init, when the project has no others', async () => {
    const { url, landlord } = await createShared('grant create on schema public to landlord')
    await landlord.unsafe(planted)
    await using project = await copyProject()
    const houses = `create table if not exists public.houses (tenant_id ${tenantColumnType} not null, id uuid)`
    const protect = `select tenancy.protect('public.houses')`
    await project.write(
      'sql/40-protected-tables.sql',
      `${houses};revoke create on schema public from landlord;${protect}`,
    )
    expect(await project.migrate({ url, migrations: 'nowhere' })).toEqual([])
    expect(await isSuperuser()).toBe(false)
  })
})

describe('a migration refuses', () => {
  test.each([
    [
      'a role that may create objects in a schema of the search_path',
      'grant create on schema public to landlord',
      'landlord may create objects in the schema public\n      revoke create on schema public from landlord;',
    ],
    [
      'a schema of another role in the search_path',
      'alter schema public owner to landlord',
      'the schema public belongs to landlord\n      alter schema public owner to postgres;',
    ],
    [
      'a schema tenancy of another role',
      'create schema tenancy authorization landlord',
      'the schema tenancy belongs to landlord\n      alter schema tenancy owner to postgres;',
    ],
    [
      'a table of another role for the applied migrations',
      'create schema drizzle; create table drizzle.__drizzle_migrations (id int); alter table drizzle.__drizzle_migrations owner to landlord',
      'the table drizzle.__drizzle_migrations belongs to landlord\n      alter table drizzle.__drizzle_migrations owner to postgres;',
    ],
    [
      'an operator of another role in the search_path',
      'create operator public.=== (leftarg = text, rightarg = name, function = starts_with_name); alter operator public.=== (text, name) owner to landlord',
      'the operator public.===(text,name) belongs to landlord\n      alter operator public.===(text,name) owner to postgres;',
    ],
  ])('%s, and prints the statement that ends it', async (_, grants, problem) => {
    const before = 'create function public.starts_with_name(text, name) returns boolean return starts_with($1, $2);'
    const { url, superuser } = await createShared(before + grants)
    const error = await failureOf(migrate({ ...ofType, url }))
    expect(error.message).toContain(problem)
    for (const [statement] of error.message.matchAll(/(?<=\n {6}).*;$/gm)) await superuser.unsafe(statement)
    await migrate({ ...ofType, url }).catch((error: Error) => expect(error.message).not.toContain('Other roles'))
  })
})

test('the first migration ends the privilege of every role to create objects in the schema public', async () => {
  const { url } = await createShared('grant create on schema public to public')
  expect(await migrate({ ...ofType, url })).not.toEqual([])
})

describe.each(kindsOfOwners)('for an owner that is %s', (owner) => {
  test('functions of the owner and of a superuser in the search_path are no obstacle', async () => {
    const { url, sql } = await owned.createEmpty(owner)
    await sql.unsafe('create function public.mine() returns int return 1')
    expect(await migrate({ ...ofType, url })).not.toEqual([])
    expect(await migrate({ ...ofType, url })).toEqual([])
  })

  test('files of the project run with the search_path of the login', async () => {
    const { url, sql } = await owned.createEmpty(owner)
    await using project = await copyProject()
    await project.write('sql/15-own.sql', 'create table early (id int)')
    await project.addMigration('0001_own', 'set local search_path = nowhere; create table public.mine (id int)')
    await project.addMigration('0002_own', 'create table later (id int)')
    await project.write('sql/50-own.sql', 'create table last (id int)')
    await project.migrate({ url })
    const tables = await sql`select tablename as name from pg_tables where schemaname = 'public' order by 1`
    expect(tables.map(({ name }) => name)).toEqual(['early', 'last', 'later', 'mine', 'tasks', 'users'])
  })
})

test('a superuser can migrate a database that another role owns and has migrated', async () => {
  const { url, sql } = await owned.createMigrated('no superuser')
  await sql.unsafe('create function public.mine() returns int return 1')
  expect(await migrate({ ...ofType, url: owned.asSuperuser(url) })).toEqual([])
})

test('every function of sql/ has a search_path of its own, or a body that PostgreSQL resolved when it was created', async () => {
  const { sql } = await owned.createMigrated('a superuser')
  const open = await sql`
    select oid::regprocedure::text as name from pg_proc where pronamespace = 'tenancy'::regnamespace and prosqlbody is null
      and not exists (select from unnest(proconfig) as setting where setting like 'search_path=pg_catalog%')`
  expect([...open]).toEqual([])
})
