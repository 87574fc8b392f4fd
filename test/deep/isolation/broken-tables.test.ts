import { testFaults } from '../../isolation/broken-databases.ts'
import { tenantColumnType } from '../../tenants.ts'

const tenantColumn = `tenant_id ${tenantColumnType} not null default tenancy.current_tenant_id()`

await testFaults('tables', [
  {
    name: 'FORCE dropped',
    sql: 'alter table tasks no force row level security',
    finds: { guarantee: 12, object: 'public.tasks', problem: 'row-level security is not forced on its owner' },
  },
  {
    name: 'a tenant column without a default',
    sql: 'alter table tasks alter column tenant_id drop default',
    finds: { guarantee: 12, object: 'public.tasks', problem: 'its tenant column has no default that sets the tenant' },
  },
  {
    name: 'row-level security disabled',
    sql: 'alter table tasks disable row level security',
    finds: { guarantee: 12, object: 'public.tasks', problem: 'row-level security is not enabled' },
  },
  {
    name: 'a policy USING (true)',
    sql: 'alter policy tenant_isolation on tasks using (true)',
    finds: {
      guarantee: 12,
      object: 'public.tasks',
      problem: 'its policy tenant_isolation does not limit rows to the tenant',
    },
  },
  {
    name: 'a policy WITH CHECK (true)',
    sql: 'alter policy tenant_isolation on tasks with check (true)',
    finds: {
      guarantee: 12,
      object: 'public.tasks',
      problem: 'its policy tenant_isolation does not limit rows to the tenant',
    },
  },
  {
    name: 'a second permissive policy',
    sql: 'create policy unsound on tasks for select using (true)',
    undo: 'drop policy unsound on tasks',
    finds: {
      guarantee: 12,
      object: 'public.tasks',
      problem: 'its policy unsound does not limit rows to the tenant: using true',
    },
  },
  {
    name: 'a policy for another role',
    sql: 'alter policy tenant_isolation on tasks to pg_monitor',
    finds: { guarantee: 12, object: 'public.tasks', problem: 'it has no permissive policy for the serving role' },
  },
  {
    name: 'the policy dropped',
    sql: 'drop policy tenant_isolation on users',
    finds: { guarantee: 12, object: 'public.users', problem: 'it has no permissive policy for the serving role' },
  },
  {
    name: 'the restrictive policy dropped',
    sql: 'drop policy tenant_restrictive on users',
    finds: {
      guarantee: 12,
      object: 'public.users',
      problem: 'it has no restrictive policy that limits every command to the tenant',
    },
  },
  {
    name: 'a restrictive policy WITH CHECK (true)',
    sql: 'alter policy tenant_restrictive on users with check (true)',
    finds: {
      guarantee: 12,
      object: 'public.users',
      problem: 'it has no restrictive policy that limits every command to the tenant',
    },
  },
  {
    name: 'a tenant column that may be null',
    sql: `create table loose (tenant_id ${tenantColumnType}, id uuid)`,
    undo: 'drop table loose',
    finds: { guarantee: 12, object: 'public.loose', problem: 'its tenant column may be null' },
  },
  {
    name: 'an unprotected tenant table that the role may read',
    sql: `create table bare (${tenantColumn}); grant select on bare to app_user`,
    undo: 'drop table bare',
    finds: { guarantee: 12, object: 'public.bare', problem: 'row-level security is not enabled' },
  },
  {
    name: 'a table without a tenant column that the role may read',
    sql: 'create table secrets (id int); grant select (id) on secrets to app_user',
    undo: 'drop table secrets',
    finds: { guarantee: 12, object: 'public.secrets', problem: 'the serving role can reach it' },
  },
  {
    name: 'an unprotected partition that the role may read',
    sql: `create table parted (${tenantColumn}) partition by hash (tenant_id);
      create table parted_0 partition of parted for values with (modulus 1, remainder 0);
      select tenancy.protect('parted'); grant select on parted_0 to app_user`,
    undo: 'drop table parted',
    finds: { guarantee: 12, object: 'public.parted_0', problem: 'row-level security is not enabled' },
  },
])
