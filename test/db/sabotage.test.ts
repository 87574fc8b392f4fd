import { afterAll, describe, expect, test } from 'bun:test'
import { migrate } from '../../db/migrate.ts'
import { assertRowSecurity, createWallCheck, type Finding, RowSecurityError } from '../../src/tenancy/index.ts'
import { asOwner, createDatabase } from '../database.ts'

const database = await createDatabase()
const owner = asOwner(database)
const walls = createWallCheck({ url: database.appUrl })
afterAll(() => walls.close())

const errorsOf = (findings: Finding[]) => findings.filter(({ level }) => level === 'error')

/** `broken` makes a hole; `mended` undoes what the next migration would not. */
interface Sabotage {
  name: string
  broken: string
  mended?: string
  finds: { promise: number; object: string; problem: string }
}

const tenantColumn = 'tenant_id uuid not null default tenancy.current_tenant_id()'
const tenantFunction = 'create or replace function tenancy.current_tenant_id() returns uuid language sql'
const body = `nullif(current_setting('app.current_tenant', true), '')::uuid`

const table: Sabotage[] = [
  {
    name: 'FORCE dropped',
    broken: 'alter table tasks no force row level security',
    finds: { promise: 12, object: 'public.tasks', problem: 'row security is not forced on its owner' },
  },
  {
    name: 'row security disabled',
    broken: 'alter table tasks disable row level security',
    finds: { promise: 12, object: 'public.tasks', problem: 'row security is not enabled' },
  },
  {
    name: 'a policy USING (true)',
    broken: 'alter policy tenant_isolation on tasks using (true)',
    finds: {
      promise: 12,
      object: 'public.tasks',
      problem: 'its policy tenant_isolation does not read as a tenant policy',
    },
  },
  {
    name: 'a policy WITH CHECK (true)',
    broken: 'alter policy tenant_isolation on tasks with check (true)',
    finds: {
      promise: 12,
      object: 'public.tasks',
      problem: 'its policy tenant_isolation does not read as a tenant policy',
    },
  },
  {
    name: 'a second permissive policy',
    broken: 'create policy sloppy on tasks for select using (true)',
    mended: 'drop policy sloppy on tasks',
    finds: { promise: 12, object: 'public.tasks', problem: 'it has more than one permissive policy' },
  },
  {
    name: 'a policy for one role alone',
    broken: 'alter policy tenant_isolation on tasks to pg_monitor',
    finds: { promise: 12, object: 'public.tasks', problem: 'it has no tenant policy' },
  },
  {
    name: 'the policy dropped',
    broken: 'drop policy tenant_isolation on users',
    finds: { promise: 12, object: 'public.users', problem: 'it has no tenant policy' },
  },
  {
    name: 'the fence dropped',
    broken: 'drop policy tenant_fence on users',
    finds: { promise: 12, object: 'public.users', problem: 'it has no restrictive fence' },
  },
  {
    name: 'a fence WITH CHECK (true)',
    broken: 'alter policy tenant_fence on users with check (true)',
    finds: { promise: 12, object: 'public.users', problem: 'it has no restrictive fence' },
  },
  {
    name: 'a tenant column that may be null',
    broken: `create table loose (tenant_id uuid, id uuid)`,
    mended: 'drop table loose',
    finds: { promise: 12, object: 'public.loose', problem: 'its tenant column is not uuid NOT NULL' },
  },
  {
    name: 'a table of tenants without protection that the role may read',
    broken: `create table bare (${tenantColumn}); grant select on bare to app_user`,
    mended: 'drop table bare',
    finds: { promise: 12, object: 'public.bare', problem: 'row security is not enabled' },
  },
  {
    name: 'a table without a tenant that the role may read',
    broken: 'create table secrets (id int); grant select (id) on secrets to app_user',
    mended: 'drop table secrets',
    finds: { promise: 12, object: 'public.secrets', problem: 'the serving role can reach it' },
  },
  {
    name: 'a partition without protection',
    broken: `create table parted (${tenantColumn}) partition by hash (tenant_id);
      create table parted_0 partition of parted for values with (modulus 1, remainder 0);
      select tenancy.protect('parted')`,
    mended: 'drop table parted',
    finds: { promise: 12, object: 'public.parted_0', problem: 'row security is not enabled' },
  },
  {
    name: 'a foreign key of one column',
    broken: `alter table users add constraint users_id_key unique (id);
      alter table tasks add constraint lax foreign key (user_id) references users (id)`,
    mended: 'alter table users drop constraint users_id_key cascade',
    finds: { promise: 13, object: 'public.tasks', problem: 'foreign key lax leaves the tenant out' },
  },
  {
    name: 'a foreign key that nulls the tenant',
    broken: `alter table tasks add constraint nulls foreign key (tenant_id, user_id) references users on delete set null`,
    mended: 'alter table tasks drop constraint nulls',
    finds: { promise: 13, object: 'public.tasks', problem: 'foreign key nulls could null or reset the tenant' },
  },
  {
    name: 'a unique key without the tenant',
    broken: 'create unique index users_email_key on users (email)',
    mended: 'drop index users_email_key',
    finds: { promise: 13, object: 'public.users', problem: 'public.users_email_key does not begin with tenant_id' },
  },
  {
    name: 'a unique key that does not begin with the tenant',
    broken: 'create unique index users_email_key on users (lower(email), tenant_id)',
    mended: 'drop index users_email_key',
    finds: { promise: 13, object: 'public.users', problem: 'public.users_email_key does not begin with tenant_id' },
  },
  {
    name: 'an IMMUTABLE tenant function',
    broken: 'alter function tenancy.current_tenant_id() immutable',
    finds: { promise: 14, object: 'tenancy.current_tenant_id()', problem: 'it must be STABLE' },
  },
  {
    name: 'a bare cast in the tenant function',
    broken: `${tenantFunction} stable return current_setting('app.current_tenant', true)::uuid`,
    finds: { promise: 14, object: 'tenancy.current_tenant_id()', problem: 'it does not handle the empty setting' },
  },
  {
    name: 'a tenant function without a search_path',
    broken: `${tenantFunction} stable as $$ select ${body} $$`,
    finds: {
      promise: 14,
      object: 'tenancy.current_tenant_id()',
      problem: 'it does not read as the tenant function must',
    },
  },
  {
    name: 'a tenant function of another tenant',
    broken: `${tenantFunction} stable return coalesce(${body}, '11111111-1111-1111-1111-111111111111'::uuid)`,
    finds: {
      promise: 14,
      object: 'tenancy.current_tenant_id()',
      problem: 'it does not read as the tenant function must',
    },
  },
  {
    name: 'a tenant function that is SECURITY DEFINER',
    broken: 'alter function tenancy.current_tenant_id() security definer',
    finds: { promise: 14, object: 'tenancy.current_tenant_id()', problem: 'it must not be SECURITY DEFINER' },
  },
  {
    name: 'a view with its owner’s rights',
    broken: 'create view open_tasks as select * from tasks; grant select on open_tasks to app_user',
    mended: 'drop view open_tasks',
    finds: { promise: 15, object: 'public.open_tasks', problem: "the view runs with its owner's rights" },
  },
  {
    name: 'a view that says security_invoker is off',
    broken: `create view open_tasks with (security_invoker = off) as select * from tasks;
      grant select on open_tasks to app_user`,
    mended: 'drop view open_tasks',
    finds: { promise: 15, object: 'public.open_tasks', problem: "the view runs with its owner's rights" },
  },
  {
    name: 'a materialized view that the role may read',
    broken: 'create materialized view totals as select * from tasks; grant select on totals to app_user',
    mended: 'drop materialized view totals',
    finds: { promise: 15, object: 'public.totals', problem: 'a materialized view has no row security' },
  },
  {
    name: 'a SECURITY DEFINER function',
    broken: 'create function peek() returns bigint language sql security definer return (select count(*) from tasks)',
    mended: 'drop function peek()',
    finds: {
      promise: 15,
      object: 'public.peek()',
      problem: "a SECURITY DEFINER function runs with its owner's rights",
    },
  },
  ...['TRUNCATE', 'REFERENCES', 'TRIGGER'].map((privilege) => ({
    name: `${privilege} granted`,
    broken: `grant ${privilege} on tasks to app_user`,
    finds: { promise: 11, object: 'public.tasks', problem: `the serving role has ${privilege}` },
  })),
  {
    name: 'TRUNCATE granted to everybody',
    broken: 'grant truncate on tasks to public',
    finds: { promise: 11, object: 'public.tasks', problem: 'the serving role has TRUNCATE' },
  },
  {
    name: 'REFERENCES granted on a column',
    broken: 'grant references (id) on users to app_user',
    finds: { promise: 11, object: 'public.users', problem: 'the serving role has REFERENCES' },
  },
  ...['tenant_id', 'id', 'created_at'].map((column) => ({
    name: `UPDATE of ${column} granted`,
    broken: `grant update (${column}) on tasks to app_user`,
    finds: { promise: 11, object: 'public.tasks', problem: `the serving role may update ${column}` },
  })),
  {
    name: 'UPDATE of all columns granted',
    broken: 'grant update on tasks to app_user',
    finds: { promise: 11, object: 'public.tasks', problem: 'the serving role may update tenant_id' },
  },
  {
    name: 'TEMPORARY granted',
    broken: `do $$ begin execute format('grant temporary on database %I to app_user', current_database()); end $$`,
    mended: `do $$ begin execute format('revoke temporary on database %I from app_user', current_database()); end $$`,
    finds: { promise: 11, object: 'database', problem: 'the serving role has TEMPORARY' },
  },
  {
    name: 'CREATE on a schema granted',
    broken: 'grant create on schema public to app_user',
    mended: 'revoke create on schema public from app_user',
    finds: { promise: 11, object: 'public', problem: 'the serving role may create objects in this schema' },
  },
  ...['app.current_tenant', 'row_security'].map((setting) => ({
    name: `${setting} preset in the database`,
    broken: `do $$ begin execute format('alter database %I set ${setting} = ''on''', current_database()); end $$`,
    mended: `do $$ begin execute format('alter database %I reset ${setting}', current_database()); end $$`,
    finds: { promise: 16, object: 'database', problem: `it presets ${setting}=on` },
  })),
]

test('a whole database has no error', async () => {
  expect(errorsOf(await walls.inspect())).toEqual([])
})

describe('the wall check names', () => {
  test.each(table)('$name', async ({ broken, mended, finds }) => {
    await owner.unsafe(broken)
    const { problem, ...rest } = finds
    try {
      expect(errorsOf(await walls.inspect())).toContainEqual(
        expect.objectContaining({ ...rest, problem: expect.stringContaining(problem) }),
      )
    } finally {
      if (mended) await owner.unsafe(mended)
      await migrate({ url: database.ownerUrl })
    }
    expect(errorsOf(await walls.inspect())).toEqual([])
  })
})

describe('the message of the check', () => {
  test('names each hole with its remedy', () => {
    const finding = { promise: 12, object: 'public.tasks', problem: 'it leaks', remedy: 'Mend it.' }
    const check = () => assertRowSecurity([{ ...finding, level: 'error' }])
    expect(check).toThrow(RowSecurityError)
    expect(check).toThrow(/public\.tasks: it leaks\n\s+Mend it\./)
  })

  test('is not raised for warnings', () => {
    assertRowSecurity([{ level: 'warning', promise: 19, object: 'server', problem: 'old', remedy: 'Update.' }])
  })
})
