import type { DatabaseMutation } from './mutation.ts'
import { recordedMutations } from './recorded-mutations.ts'

const onBothPolicies = (clause: string) =>
  `alter policy tenant_isolation on users ${clause}; alter policy tenant_restrictive on users ${clause}`
const tenantFunction = 'create or replace function tenancy.current_tenant_id() returns uuid language sql'

const rowSecurity = 'test/db/row-security.test.ts'
const powerless = 'test/db/powerless.test.ts'
const noTenant = 'test/db/no-tenant.test.ts'
const foreignRow = { file: rowSecurity, title: 'is not returned by id, by tenant or without a condition' }
const isolation = { file: 'test/testing/isolation.test.ts', title: 'no tenant reaches another tenant' }
const doctor = { file: 'test/cli/commands/doctor.test.ts', title: 'on our own schema finds nothing' }

export const databaseMutations: DatabaseMutation[] = [
  {
    fault: 'row-level security is not forced',
    guarantee: 12,
    sql: 'alter table tasks no force row level security',
    test: { file: rowSecurity, title: 'row-level security applies to the owner of the tables' },
    check: 'row-security-forced',
  },
  {
    fault: 'policy with USING (true); the restrictive policy is intact',
    guarantee: 12,
    sql: 'alter policy tenant_isolation on users using (true)',
    test: doctor,
    check: 'policy-text',
  },
  {
    fault: 'policy and restrictive policy with USING (true)',
    guarantee: 12,
    sql: onBothPolicies('using (true)'),
    test: foreignRow,
    check: 'policy-text',
  },
  {
    fault: 'second permissive policy with USING (true); the restrictive policy is intact',
    guarantee: 12,
    sql: 'create policy sloppy on tasks for select using (true)',
    test: doctor,
    check: 'policy-text',
  },
  {
    fault: 'second permissive policy with USING (true), without a restrictive policy',
    guarantee: 12,
    sql: 'drop policy tenant_restrictive on tasks; create policy sloppy on tasks for select using (true)',
    test: foreignRow,
    check: 'restrictive-policy-missing',
  },
  {
    fault: 'policy and restrictive policy with WITH CHECK (true), and UPDATE of tenant_id granted',
    guarantee: 2,
    sql: `${onBothPolicies('with check (true)')}; grant update (tenant_id) on users to app_user`,
    test: { file: rowSecurity, title: 'cannot result from an update of the tenant column' },
    check: 'policy-text',
  },
  {
    fault: 'both policies dropped, and row-level security disabled',
    guarantee: 12,
    sql: `drop policy tenant_isolation on users; drop policy tenant_restrictive on users;
      alter table users disable row level security`,
    test: foreignRow,
    check: 'policy-missing',
  },
  {
    fault: 'permissive policy dropped',
    guarantee: 12,
    sql: 'drop policy tenant_isolation on users',
    test: { file: 'test/service/http/users.test.ts', title: 'returns a created user and its Location' },
    check: 'policy-missing',
  },
  {
    fault: 'row-level security disabled',
    guarantee: 12,
    sql: 'alter table users disable row level security',
    test: { file: noTenant, title: 'no row is seen' },
    check: 'row-security-enabled',
  },
  {
    fault: 'tenant function that is IMMUTABLE',
    guarantee: 14,
    sql: 'alter function tenancy.current_tenant_id() immutable',
    test: { file: rowSecurity, title: 'shows each tenant its own rows on one connection' },
    check: 'policy-function-immutable',
  },
  {
    fault: 'tenant function that casts without nullif',
    guarantee: 14,
    sql: `${tenantFunction} stable return current_setting('app.current_tenant', true)::uuid`,
    test: { file: noTenant, title: 'no row is seen' },
    check: 'tenant-function',
  },
  {
    fault: 'foreign key without the tenant column',
    guarantee: 13,
    sql: `alter table tasks drop constraint tasks_tenant_id_user_id_fkey; create unique index users_ids on users (id);
      alter table tasks add constraint lax foreign key (user_id) references users (id)`,
    test: { file: rowSecurity, title: 'cannot be referenced' },
    check: 'foreign-key-without-tenant',
  },
  {
    fault: 'unique key without the tenant column',
    guarantee: 13,
    sql: 'create unique index users_email on users (email)',
    test: { file: rowSecurity, title: 'works in two tenants' },
    check: 'key-without-tenant',
  },
  {
    fault: 'view without security_invoker',
    guarantee: 15,
    sql: `create view everybody with (security_invoker = true) as select * from users;
      create or replace view everybody as select * from users; grant select on everybody to app_user`,
    test: isolation,
    check: 'view',
  },
  {
    fault: 'TRUNCATE granted',
    guarantee: 11,
    sql: 'grant truncate on tasks to app_user',
    test: { file: powerless, title: 'truncate tasks' },
    check: 'table-privileges',
  },
  {
    fault: 'UPDATE of tenant_id granted',
    guarantee: 11,
    sql: 'grant update (tenant_id) on tasks to app_user',
    test: { file: powerless, title: 'update tasks set tenant_id = tenant_id' },
    check: 'tenant-update',
  },
  {
    fault: 'serving role with BYPASSRLS',
    guarantee: 11,
    sql: 'alter role app_user bypassrls',
    undo: 'alter role app_user nobypassrls',
    test: foreignRow,
    check: 'role-attributes',
  },
  {
    fault: 'serving role that owns the tables',
    guarantee: 11,
    sql: 'alter table users owner to app_user; alter table tasks owner to app_user',
    test: { file: powerless, title: 'alter table tasks disable row level security' },
    check: 'role-owns',
  },
  {
    fault: 'ALTER ROLE … SET app.current_tenant',
    guarantee: 16,
    sql: `alter role app_user set app.current_tenant = 'd1d3dbb0-5fb3-4bb6-b5e0-3a8c6b5d7a10'`,
    undo: 'alter role app_user reset app.current_tenant',
    test: { file: noTenant, title: 'no row is inserted, whatever tenant it names' },
    check: 'preset',
  },
  {
    fault: 'new table without row-level security',
    guarantee: 12,
    sql: `create table notes (tenant_id uuid not null default tenancy.current_tenant_id(),
        id uuid not null default tenancy.uuid_v7(), note text, primary key (tenant_id, id));
      grant select, insert, update, delete on notes to app_user`,
    test: isolation,
    check: 'row-security-enabled',
  },
  {
    fault: 'stored answers that the serving role may read',
    guarantee: 37,
    sql: 'grant select on tenancy.idempotency_keys to app_user',
    test: { file: 'test/idempotency/isolation.test.ts', title: 'has no privilege to select the stored answers' },
    check: 'recorder-table',
  },
  {
    fault: 'answer of every actor of the tenant',
    guarantee: 37,
    sql: replaced(
      'tenancy.idempotency_id(text,text)',
      'jsonb_build_array(tenancy.current_actor(), route, key)',
      'jsonb_build_array(route, key)',
    ),
    test: { file: 'test/idempotency/replay.test.ts', title: 'two actors' },
    check: 'recorder-function',
  },
  {
    fault: 'answer of every tenant',
    guarantee: 37,
    sql: replaced('tenancy.read_idempotent_answer(text,text,bytea)', 'k.tenant_id = tenant and', ''),
    test: {
      file: 'test/idempotency/isolation.test.ts',
      title: 'reads the answer of its own tenant and actor, and of nobody else',
    },
    check: 'recorder-function',
  },
  {
    fault: 'claim without a lock',
    guarantee: 37,
    sql: replaced(
      'tenancy.claim_idempotency_key(text,text,bytea)',
      'if not pg_try_advisory_xact_lock',
      'if not pg_try_advisory_xact_lock_shared',
    ),
    test: {
      file: 'test/idempotency/isolation.test.ts',
      title: 'cannot claim a key that another transaction of its tenant and actor',
    },
    check: 'recorder-function',
  },
  {
    fault: 'purge of other tenants’ answers by the serving role',
    guarantee: 37,
    sql: 'grant execute on function tenancy.purge_idempotency_keys(integer) to public',
    test: { file: 'test/idempotency/isolation.test.ts', title: 'cannot delete what has expired of other tenants' },
    check: 'security-definer',
  },
  ...recordedMutations,
]

/** Replaces a part of a function. */
function replaced(name: string, part: string, by: string): string {
  const quoted = (text: string) => `'${text.replaceAll("'", "''")}'`
  return `do $mutation$ begin execute replace(pg_get_functiondef(${quoted(name)}::regprocedure), ${quoted(part)}, ${quoted(by)}); end $mutation$`
}
