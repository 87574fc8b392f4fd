import { testFaults } from './broken-databases.ts'

const tenantFunction = 'create or replace function tenancy.current_tenant_id() returns uuid language sql'
const body = `nullif(current_setting('app.current_tenant', true), '')::uuid`

await testFaults('keys, functions and views', [
  {
    name: 'a foreign key of one column',
    broken: `alter table users add constraint users_id_key unique (id);
      alter table tasks add constraint lax foreign key (user_id) references users (id)`,
    mended: 'alter table users drop constraint users_id_key cascade',
    finds: { guarantee: 13, object: 'public.tasks', problem: 'foreign key lax leaves the tenant out' },
  },
  {
    name: 'a foreign key that nulls the tenant',
    broken: `alter table tasks add constraint nulls foreign key (tenant_id, user_id) references users on delete set null`,
    mended: 'alter table tasks drop constraint nulls',
    finds: { guarantee: 13, object: 'public.tasks', problem: 'foreign key nulls could null or reset the tenant' },
  },
  {
    name: 'a rewrite rule',
    broken: `create rule r as on update to tasks do also delete from users where id <> new.user_id`,
    mended: 'drop rule r on tasks',
    finds: { guarantee: 15, object: 'public.tasks', problem: "its rule r runs with its owner's rights" },
  },
  {
    name: 'a sequence that is granted',
    broken: 'create sequence invoices; grant usage on sequence invoices to app_user',
    mended: 'drop sequence invoices',
    finds: { guarantee: 12, object: 'public.invoices', problem: 'a sequence that all tenants move' },
  },
  {
    name: 'a unique key without the tenant',
    broken: 'create unique index users_email_key on users (email)',
    mended: 'drop index users_email_key',
    finds: { guarantee: 13, object: 'public.users', problem: 'public.users_email_key does not begin with tenant_id' },
  },
  {
    name: 'a unique key that does not begin with the tenant',
    broken: 'create unique index users_email_key on users (lower(email), tenant_id)',
    mended: 'drop index users_email_key',
    finds: { guarantee: 13, object: 'public.users', problem: 'public.users_email_key does not begin with tenant_id' },
  },
  {
    name: 'an IMMUTABLE tenant function',
    broken: 'alter function tenancy.current_tenant_id() immutable',
    finds: { guarantee: 14, object: 'tenancy.current_tenant_id()', problem: 'it must be STABLE' },
  },
  {
    name: 'a bare cast in the tenant function',
    broken: `${tenantFunction} stable return current_setting('app.current_tenant', true)::uuid`,
    finds: { guarantee: 14, object: 'tenancy.current_tenant_id()', problem: 'it does not handle the empty setting' },
  },
  {
    name: 'a tenant function without a search_path',
    broken: `${tenantFunction} stable as $$ select ${body} $$`,
    finds: {
      guarantee: 14,
      object: 'tenancy.current_tenant_id()',
      problem: 'it does not read as the tenant function must',
    },
  },
  {
    name: 'a tenant function of another tenant',
    broken: `${tenantFunction} stable return coalesce(${body}, '11111111-1111-1111-1111-111111111111'::uuid)`,
    finds: {
      guarantee: 14,
      object: 'tenancy.current_tenant_id()',
      problem: 'it does not read as the tenant function must',
    },
  },
  {
    name: 'a tenant function with settings of its own',
    broken: 'alter function tenancy.current_tenant_id() set search_path = public',
    finds: { guarantee: 14, object: 'tenancy.current_tenant_id()', problem: 'it has settings or rights of its own' },
  },
  {
    name: 'a tenant function that is SECURITY DEFINER',
    broken: 'alter function tenancy.current_tenant_id() security definer',
    finds: {
      guarantee: 15,
      object: 'tenancy.current_tenant_id()',
      problem: "a SECURITY DEFINER function runs with its owner's rights",
    },
  },
  {
    name: 'a view with its owner’s rights',
    broken: 'create view open_tasks as select * from tasks; grant select on open_tasks to app_user',
    mended: 'drop view open_tasks',
    finds: { guarantee: 15, object: 'public.open_tasks', problem: "the view runs with its owner's rights" },
  },
  {
    name: 'a view that says security_invoker is off',
    broken: `create view open_tasks with (security_invoker = off) as select * from tasks;
      grant select on open_tasks to app_user`,
    mended: 'drop view open_tasks',
    finds: { guarantee: 15, object: 'public.open_tasks', problem: "the view runs with its owner's rights" },
  },
  {
    name: 'a materialized view that the role may read',
    broken: 'create materialized view totals as select * from tasks; grant select on totals to app_user',
    mended: 'drop materialized view totals',
    finds: { guarantee: 15, object: 'public.totals', problem: 'a materialized view has no row security' },
  },
  {
    name: 'a SECURITY DEFINER function',
    broken: 'create function peek() returns bigint language sql security definer return (select count(*) from tasks)',
    mended: 'drop function peek()',
    finds: {
      guarantee: 15,
      object: 'public.peek()',
      problem: "a SECURITY DEFINER function runs with its owner's rights",
    },
  },
])
