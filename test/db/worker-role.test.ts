import { describe, expect, test } from 'bun:test'
import { rowhouse } from '../cli/run.ts'
import { startAdminServer } from '../database/admin-server.ts'
import { newTenant } from '../tenants.ts'
import { addKeys, countKeys } from '../worker/expired-keys.ts'
import { connectAsAppUser, sqlstateOf } from './app-user.ts'

const server = await startAdminServer()
const worker = connectAsAppUser(server.workerUrl)

describe('the role of the worker may not', () => {
  test.each([
    'select * from users',
    'select count(*) from tasks',
    'delete from tasks',
    'insert into users (email, name) values (1, 1)',
    'select * from tenancy.idempotency_keys',
    'delete from tenancy.idempotency_keys',
    'select * from tenancy.tenants',
    'select * from tenancy.tenant_history',
    'select * from tenancy.signing_keys',
    'select * from tenancy.roles',
    'select * from tenancy.worker_tasks',
    `select * from tenancy.find_tenant('slug', 'acme')`,
    `select * from tenancy.read_tenant_history('${newTenant()}', null, 1)`,
    `select tenancy.protect('tenancy.tenants')`,
    `select tenancy.become_recorder('tenancy.tenants')`,
    'create table mine (id int)',
    'create table tenancy.mine (id int)',
    'create temporary table mine (id int)',
    'set role tenancy_recorder',
    'set role app_user',
    'set role app_admin',
    'set role app_directory',
    'set session_replication_role = replica',
    'create role mine',
  ])('%s', async (text) => {
    expect(await sqlstateOf(worker.unsafe(text))).toBe('42501')
  })
})

test('the role of the worker has no attribute and is in no role, and it may have five connections', async () => {
  const [row] = await server.owner`
    select rolsuper or rolbypassrls or rolcreaterole or rolcreatedb or rolreplication or rolinherit as special, rolconnlimit as limit,
      exists (select from pg_auth_members where member = r.oid) as "isMember"
    from pg_roles r where rolname = 'app_worker'`
  expect(row).toEqual({ special: false, limit: 5, isMember: false })
})

test('the role of the worker has a privilege on no table, and on no function of tenancy but those of its tasks and of everybody', async () => {
  const [row] = await server.owner`
    select
      array(
        select c.oid::regclass::text from pg_class c join pg_namespace n on n.oid = c.relnamespace
        where relkind in ('r', 'p', 'v', 'm', 'f') and nspname !~ '^pg_|^information_schema$'
          and (has_table_privilege('app_worker', c.oid, 'select, insert, update, delete, truncate, references, trigger')
            or has_any_column_privilege('app_worker', c.oid, 'select, insert, update, references'))) as tables,
      array(
        select proname::text from pg_proc where pronamespace = 'tenancy'::regnamespace
          and has_function_privilege('app_worker', oid, 'execute') and not exists (
            select from aclexplode(coalesce(proacl, acldefault('f', proowner))) as acl where acl.grantee = 0)
        order by 1) as functions`
  expect(row).toEqual({
    tables: [],
    functions: [
      'append_audit_logs',
      'make_audit_partitions',
      'purge_idempotency_keys',
      'purge_trash',
      'store_audit_checkpoint',
      'take_task',
      'unsigned_audit_logs',
    ],
  })
})

test('rowhouse worker --once runs with the login of the worker', async () => {
  await addKeys(server.owner, { expired: 2, fresh: 1 })
  const { code, stderr } = await rowhouse(['worker', '--once'], { env: { DATABASE_WORKER_URL: server.workerUrl } })
  expect([code, stderr]).toEqual([0, ''])
  expect(await countKeys(server.owner)).toEqual({ all: 1, expired: 0 })
})
