import { testFaults } from '../../isolation/broken-databases.ts'
import { newTenant, tenantIdType } from '../../tenants.ts'

const tenantFunction = `create or replace function tenancy.current_tenant_id() returns ${tenantIdType} language sql`
const body = `nullif(current_setting('app.current_tenant', true), '')::${tenantIdType}`

await testFaults('keys, functions and views', [
  {
    name: 'a foreign key of one column',
    sql: `alter table users add constraint users_id_key unique (id);
      alter table tasks add constraint without_tenant foreign key (user_id) references users (id)`,
    undo: 'alter table users drop constraint users_id_key cascade',
    finds: { guarantee: 13, object: 'public.tasks', problem: 'foreign key without_tenant leaves the tenant out' },
  },
  {
    name: 'a foreign key that sets the tenant to null',
    sql: `alter table tasks add constraint nulls foreign key (tenant_id, user_id) references users on delete set null`,
    undo: 'alter table tasks drop constraint nulls',
    finds: {
      guarantee: 13,
      object: 'public.tasks',
      problem: 'foreign key nulls can set the tenant column to null or to its default',
    },
  },
  {
    name: 'a rewrite rule',
    sql: `create rule r as on update to tasks do also delete from users where id <> new.user_id`,
    undo: 'drop rule r on tasks',
    finds: { guarantee: 15, object: 'public.tasks', problem: "its rule r runs with its owner's rights" },
  },
  {
    name: 'a granted sequence',
    sql: 'create sequence invoices; grant usage on sequence invoices to app_user',
    undo: 'drop sequence invoices',
    finds: { guarantee: 12, object: 'public.invoices', problem: 'a sequence that all tenants share' },
  },
  {
    name: 'a unique key without the tenant',
    sql: 'create unique index users_email_key on users (email)',
    undo: 'drop index users_email_key',
    finds: { guarantee: 13, object: 'public.users', problem: 'public.users_email_key does not begin with tenant_id' },
  },
  {
    name: 'a unique key that does not begin with the tenant',
    sql: 'create unique index users_email_key on users (lower(email), tenant_id)',
    undo: 'drop index users_email_key',
    finds: { guarantee: 13, object: 'public.users', problem: 'public.users_email_key does not begin with tenant_id' },
  },
  {
    name: 'an IMMUTABLE tenant function',
    sql: 'alter function tenancy.current_tenant_id() immutable',
    finds: { guarantee: 14, object: 'tenancy.current_tenant_id()', problem: 'it is IMMUTABLE' },
  },
  {
    name: 'a bare cast in the tenant function',
    sql: `${tenantFunction} stable return current_setting('app.current_tenant', true)::${tenantIdType}`,
    finds: { guarantee: 14, object: 'tenancy.current_tenant_id()', problem: 'it does not handle the empty setting' },
  },
  {
    name: 'a tenant function without a search_path',
    sql: `${tenantFunction} stable as $$ select ${body} $$`,
    finds: {
      guarantee: 14,
      object: 'tenancy.current_tenant_id()',
      problem: 'its body is not the one that Rowhouse installs',
    },
  },
  {
    name: 'a tenant function with a fallback',
    sql: `${tenantFunction} stable return coalesce(${body}, '${newTenant()}'::${tenantIdType})`,
    finds: {
      guarantee: 14,
      object: 'tenancy.current_tenant_id()',
      problem: 'its body is not the one that Rowhouse installs',
    },
  },
  {
    name: 'a tenant function with settings of its own',
    sql: 'alter function tenancy.current_tenant_id() set search_path = public',
    finds: {
      guarantee: 14,
      object: 'tenancy.current_tenant_id()',
      problem: 'it has a SET clause or is SECURITY DEFINER',
    },
  },
  {
    name: 'a tenant function that is SECURITY DEFINER',
    sql: 'alter function tenancy.current_tenant_id() security definer',
    finds: {
      guarantee: 15,
      object: 'tenancy.current_tenant_id()',
      problem: "a SECURITY DEFINER function runs with its owner's rights",
    },
  },
  {
    name: 'a view with its owner’s rights',
    sql: 'create view open_tasks as select * from tasks; grant select on open_tasks to app_user',
    undo: 'drop view open_tasks',
    finds: { guarantee: 15, object: 'public.open_tasks', problem: "the view runs with its owner's rights" },
  },
  {
    name: 'a view with security_invoker = off',
    sql: `create view open_tasks with (security_invoker = off) as select * from tasks;
      grant select on open_tasks to app_user`,
    undo: 'drop view open_tasks',
    finds: { guarantee: 15, object: 'public.open_tasks', problem: "the view runs with its owner's rights" },
  },
  {
    name: 'a materialized view that the role may read',
    sql: 'create materialized view totals as select * from tasks; grant select on totals to app_user',
    undo: 'drop materialized view totals',
    finds: { guarantee: 15, object: 'public.totals', problem: 'a materialized view has no row-level security' },
  },
  {
    name: 'a SECURITY DEFINER function',
    sql: 'create function peek() returns bigint language sql security definer return (select count(*) from tasks)',
    undo: 'drop function peek()',
    finds: {
      guarantee: 15,
      object: 'public.peek()',
      problem: "a SECURITY DEFINER function runs with its owner's rights",
    },
  },
])
