import { testFaults } from './broken-databases.ts'

const tenantColumn = 'tenant_id uuid not null default tenancy.current_tenant_id()'

await testFaults('tables', [
  {
    name: 'FORCE dropped',
    broken: 'alter table tasks no force row level security',
    finds: { guarantee: 12, object: 'public.tasks', problem: 'row security is not forced on its owner' },
  },
  {
    name: 'row security disabled',
    broken: 'alter table tasks disable row level security',
    finds: { guarantee: 12, object: 'public.tasks', problem: 'row security is not enabled' },
  },
  {
    name: 'a policy USING (true)',
    broken: 'alter policy tenant_isolation on tasks using (true)',
    finds: {
      guarantee: 12,
      object: 'public.tasks',
      problem: 'its policy tenant_isolation does not read as a tenant policy',
    },
  },
  {
    name: 'a policy WITH CHECK (true)',
    broken: 'alter policy tenant_isolation on tasks with check (true)',
    finds: {
      guarantee: 12,
      object: 'public.tasks',
      problem: 'its policy tenant_isolation does not read as a tenant policy',
    },
  },
  {
    name: 'a second permissive policy',
    broken: 'create policy sloppy on tasks for select using (true)',
    mended: 'drop policy sloppy on tasks',
    finds: {
      guarantee: 12,
      object: 'public.tasks',
      problem: 'its policy sloppy does not read as a tenant policy must: using true',
    },
  },
  {
    name: 'a policy for one role alone',
    broken: 'alter policy tenant_isolation on tasks to pg_monitor',
    finds: { guarantee: 12, object: 'public.tasks', problem: 'it has no tenant policy' },
  },
  {
    name: 'the policy dropped',
    broken: 'drop policy tenant_isolation on users',
    finds: { guarantee: 12, object: 'public.users', problem: 'it has no tenant policy' },
  },
  {
    name: 'the fence dropped',
    broken: 'drop policy tenant_restrictive on users',
    finds: { guarantee: 12, object: 'public.users', problem: 'it has no restrictive policy' },
  },
  {
    name: 'a fence WITH CHECK (true)',
    broken: 'alter policy tenant_restrictive on users with check (true)',
    finds: { guarantee: 12, object: 'public.users', problem: 'it has no restrictive policy' },
  },
  {
    name: 'a tenant column that may be null',
    broken: `create table loose (tenant_id uuid, id uuid)`,
    mended: 'drop table loose',
    finds: { guarantee: 12, object: 'public.loose', problem: 'its tenant column may be null' },
  },
  {
    name: 'a table of tenants without protection that the role may read',
    broken: `create table bare (${tenantColumn}); grant select on bare to app_user`,
    mended: 'drop table bare',
    finds: { guarantee: 12, object: 'public.bare', problem: 'row security is not enabled' },
  },
  {
    name: 'a table without a tenant that the role may read',
    broken: 'create table secrets (id int); grant select (id) on secrets to app_user',
    mended: 'drop table secrets',
    finds: { guarantee: 12, object: 'public.secrets', problem: 'the serving role can reach it' },
  },
  {
    name: 'a partition without protection that the role may read',
    broken: `create table parted (${tenantColumn}) partition by hash (tenant_id);
      create table parted_0 partition of parted for values with (modulus 1, remainder 0);
      select tenancy.protect('parted'); grant select on parted_0 to app_user`,
    mended: 'drop table parted',
    finds: { guarantee: 12, object: 'public.parted_0', problem: 'row security is not enabled' },
  },
])
