import { describe, expect, test } from 'bun:test'
import { startAdminServer } from '../database/admin-server.ts'
import { asOwner, createDatabase } from '../database.ts'
import { newTenant } from '../tenants.ts'
import { connectAsAppUser, sqlstateOf } from './app-user.ts'

const server = await startAdminServer()
const editor = connectAsAppUser(server.directoryUrl)
const newSlug = () => `t${crypto.randomUUID().slice(0, 13)}`
const create = async () => {
  const [row] = await server.owner`insert into tenancy.tenants (slug, name) values (${newSlug()}, 'Acme') returning id`
  return String(row?.id)
}

describe('the role of the directory may not', () => {
  test.each([
    'select * from users',
    'select count(*) from tasks',
    'insert into users (email, name) values (1, 1)',
    'delete from tenancy.tenants',
    'truncate tenancy.tenants',
    `update tenancy.tenants set id = '${newTenant()}'`,
    'update tenancy.tenants set created_at = now()',
    `insert into tenancy.tenants (slug, name, created_at) values ('x', 'x', now())`,
    'update tenancy.tenant_domains set belongs_to = belongs_to',
    'select * from tenancy.tenant_history',
    `insert into tenancy.tenant_history (tenant_id, action, login) values ('${newTenant()}', 'create', 'eve')`,
    'delete from tenancy.tenant_history',
    'select * from tenancy.tenant_names',
    'delete from tenancy.tenant_names',
    'select * from tenancy.signing_keys',
    'select * from tenancy.roles',
    `select tenancy.protect('tenancy.tenants')`,
    `select tenancy.become_recorder('tenancy.tenants')`,
    'alter table tenancy.tenants disable trigger all',
    'drop trigger record_tenant_change on tenancy.tenants',
    'create table mine (id int)',
    'create temporary table mine (id int)',
    'set role tenancy_recorder',
    'set role app_user',
    'set role app_admin',
    `set session_replication_role = replica`,
    'create role mine',
  ])('%s', async (text) => {
    expect(await sqlstateOf(editor.unsafe(text))).toBe('42501')
  })
})

test('the role of the directory has no attribute and is in no role', async () => {
  const [row] = await server.owner`
    select rolsuper or rolbypassrls or rolcreaterole or rolcreatedb or rolreplication or rolinherit as special,
      exists (select from pg_auth_members where member = r.oid) as "isMember"
    from pg_roles r where rolname = 'app_directory'`
  expect(row).toMatchObject({ special: false, isMember: false })
})

test('a change by SQL of the role is kept with its login, whatever actor it sets', async () => {
  const id = await create()
  await editor.begin(async (tx) => {
    await tx`select set_config('app.actor', 'mallory', true), set_config('role', 'app_directory', true)`
    await tx`update tenancy.tenants set name = 'Mine' where id = ${id}`
  })
  const [row] =
    await server.owner`select actor, login from tenancy.tenant_history where tenant_id = ${id} order by id desc`
  expect(row).toMatchObject({ actor: 'mallory', login: 'app_directory' })
})

describe('nobody but the recorder writes the history:', () => {
  const admin = connectAsAppUser(server.adminUrl)
  const serving = connectAsAppUser(server.appUrl)

  test.each([
    `insert into tenancy.tenant_history (action, login) values ('create', 'x')`,
    `update tenancy.tenant_history set actor = 'eve'`,
    'delete from tenancy.tenant_history',
    'truncate tenancy.tenant_history',
    'delete from tenancy.tenant_names',
    `select * from tenancy.read_tenant_history('${newTenant()}', null, 1)`,
  ])('%s', async (text) => {
    expect(await sqlstateOf(serving.unsafe(text))).toBe('42501')
    if (!text.startsWith('select')) expect(await sqlstateOf(admin.unsafe(text))).toBe('42501')
  })

  test('the serving role reads no row of it, with or without a tenant, even when it was granted', async () => {
    const database = await createDatabase()
    const [owner, app] = [asOwner(database), connectAsAppUser(database.appUrl)]
    await owner`insert into tenancy.tenants (slug, name) values ('one', 'One'), ('two', 'Two')`
    await owner`grant select on tenancy.tenant_history to app_user`
    const read = (tenant: string) =>
      app.begin(async (tx) => {
        await tx`select set_config('app.current_tenant', ${tenant}, true)`
        return await tx`select after ->> 'slug' as slug from tenancy.tenant_history`
      })
    const [two] = await owner`select id from tenancy.tenants where slug = 'two'`
    expect([[...(await read(''))], [...(await read(newTenant()))]]).toEqual([[], []])
    expect([...(await read(String(two?.id)))]).toEqual([{ slug: 'two' }])
  })
})

test('the recorder logs in nowhere, has no attribute and no member, and owns the history', async () => {
  const [row] = await server.owner`
    select rolcanlogin or rolsuper or rolbypassrls or rolcreaterole or rolcreatedb or rolreplication as special,
      exists (select from pg_auth_members where roleid = r.oid or member = r.oid) as "hasMembers",
      array(select relname::text from pg_class c where c.relowner = r.oid and relkind in ('r', 'p') and not relispartition order by 1) as tables,
      has_schema_privilege(r.oid, 'tenancy', 'create') as "mayCreate"
    from pg_roles r where rolname = 'tenancy_recorder'`
  expect(row).toMatchObject({
    special: false,
    hasMembers: false,
    tables: [
      'audit_checkpoints',
      'audit_entries',
      'audit_logs',
      'audit_pruned',
      'audit_queue',
      'idempotency_keys',
      'tenant_history',
      'tenant_names',
      'trash',
    ],
    mayCreate: true, // for the months of the audit trail
  })
})

test('row-level security is enabled on every table of the recorder, and forced on every other tenant table', async () => {
  const rows = await server.owner`
    select c.relname, c.relrowsecurity as enabled, c.relforcerowsecurity as forced, pg_get_userbyid(c.relowner) as owner
    from pg_class c where c.relkind in ('r', 'p') and (
      pg_get_userbyid(c.relowner) = 'tenancy_recorder'
      or exists (select from pg_attribute where attrelid = c.oid and attname = 'tenant_id' and not attisdropped))`
  expect(rows.length).toBeGreaterThan(3)
  for (const { relname, enabled, forced, owner } of rows)
    expect([relname, enabled, forced]).toEqual([relname, true, owner !== 'tenancy_recorder'])
})
