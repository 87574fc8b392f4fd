import { describe, expect, test } from 'bun:test'
import { asOwner, main } from '../database.ts'
import { newTenant } from '../tenants.ts'
import { asTenant, connectAsAppUser, sqlstateOf } from './app-user.ts'

const sql = connectAsAppUser()
const owner = asOwner(main)
const refused = (text: string) => sqlstateOf(asTenant(sql, newTenant(), (tx) => tx.unsafe(text)))

describe('the serving role may not', () => {
  test.each([
    'truncate tasks',
    'truncate users cascade',
    'create table mine (id int)',
    'create temporary table mine (id int)',
    'create schema mine',
    'create view tenancy.mine as select * from users',
    'create function mine() returns int language sql return 1',
    'create table tenancy.mine (id int references users)',
    `select lo_create(0)`,
    `select lo_from_bytea(0, 'x')`,
    'select tenancy.protect($$public.tasks$$)',
    'select * from drizzle.__drizzle_migrations',
    'select * from pg_authid',
    'set role postgres',
    'set session_replication_role = replica',
    `select pg_read_file('/etc/passwd')`,
    'update users set id = tenancy.uuid_v7()',
    'update users set created_at = now()',
    'update tasks set tenant_id = tenant_id',
  ])('%s', async (text) => {
    expect(await refused(text)).toBe('42501')
  })

  test.each([
    'alter table tasks disable row level security',
    'alter table tasks no force row level security',
    'drop policy tenant_isolation on tasks',
    'create policy mine on tasks using (true)',
    'drop table tasks',
    'alter function tenancy.current_tenant_id() immutable',
    'drop trigger touch_updated_at on tasks',
    'create index mine on tasks (title)',
  ])('%s', async (text) => {
    expect(await refused(text)).toBe('42501')
  })

  test('read rows with row_security = off', async () => {
    await owner`insert into users (tenant_id, email, name) values (${newTenant()}, 'x', 'x')`
    expect(await refused('set local row_security = off; select * from users')).toBe('42501')
  })
})

describe('the serving role', () => {
  test('has no attribute but LOGIN', async () => {
    const [role] = await owner`
      select rolcanlogin, rolsuper, rolbypassrls, rolcreaterole, rolcreatedb, rolreplication, rolinherit
      from pg_roles where rolname = 'app_user'`
    expect(role).toEqual({
      rolcanlogin: true,
      rolsuper: false,
      rolbypassrls: false,
      rolcreaterole: false,
      rolcreatedb: false,
      rolreplication: false,
      rolinherit: false,
    })
  })

  test('is a member of nothing and owns nothing', async () => {
    expect([...(await owner`select roleid::regrole from pg_auth_members where member = 'app_user'::regrole`)]).toEqual(
      [],
    )
    expect([...(await owner`select from pg_shdepend where refobjid = 'app_user'::regrole and deptype = 'o'`)]).toEqual(
      [],
    )
  })

  test('has its limits by default', async () => {
    const fresh = connectAsAppUser()
    const [limits] = await fresh`
      select current_setting('statement_timeout') as statement, current_setting('lock_timeout') as lock,
        current_setting('idle_in_transaction_session_timeout') as idle,
        current_setting('transaction_timeout', true) as transaction, current_setting('server_version_num')::int as version`
    expect(limits).toMatchObject({ statement: '10s', lock: '5s', idle: '15s' })
    expect(limits?.transaction).toBe(limits?.version >= 170_000 ? '30s' : null)
  })
})
