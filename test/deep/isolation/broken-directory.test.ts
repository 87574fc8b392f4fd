import { testFaults } from '../../isolation/broken-databases.ts'

const head = `create or replace function tenancy.find_tenant(kind text, value text)
  returns table (id text, slug text, external_id text, domains text[], status text) language`
const leak = 'select t.id::text, t.name, t.external_id, array[t.slug], t.status from tenancy.tenants t'
const finds = {
  guarantee: 15,
  object: 'tenancy.find_tenant(text,text)',
  problem: "a SECURITY DEFINER function runs with its owner's rights",
}

await testFaults('the tenant directory', [
  {
    name: 'a function that lists all tenants',
    sql: `${head} plpgsql stable security definer set search_path = pg_catalog
      as $$ begin return query ${leak}; end $$`,
    finds,
  },
  {
    name: 'a function with a BEGIN ATOMIC body',
    sql: `${head} sql stable security definer set search_path = pg_catalog begin atomic; ${leak}; end`,
    finds,
  },
  {
    name: 'a function with the search_path of the session',
    sql: 'alter function tenancy.find_tenant(text, text) reset search_path',
    finds,
  },
  {
    name: 'an overload of the function',
    sql: `create function tenancy.find_tenant(one text, two text, three text) returns table (id text, slug text, external_id text, domains text[], status text)
      language sql security definer set search_path = pg_catalog as $$ ${leak} $$`,
    undo: 'drop function tenancy.find_tenant(text, text, text)',
    finds: { ...finds, object: 'tenancy.find_tenant(text,text,text)' },
  },
  {
    name: 'a granted column of the table',
    sql: 'grant select (slug) on tenancy.tenants to app_user',
    finds: { guarantee: 12, object: 'tenancy.tenants', problem: 'the serving role can reach it' },
  },
  {
    name: 'a granted column of the domains',
    sql: 'grant select (domain) on tenancy.tenant_domains to app_user',
    finds: { guarantee: 12, object: 'tenancy.tenant_domains', problem: 'the serving role can reach it' },
  },
  {
    name: 'a granted table of names',
    sql: 'grant select on tenancy.tenant_names to app_user',
    finds: { guarantee: 12, object: 'tenancy.tenant_names', problem: 'the serving role can reach it' },
  },
  {
    name: 'a history without row-level security',
    sql: 'alter table tenancy.tenant_history disable row level security',
    finds: { guarantee: 12, object: 'tenancy.tenant_history', problem: 'row-level security is not enabled' },
  },
  {
    name: 'a history that belongs to the owner',
    sql: 'alter table tenancy.tenant_history owner to current_user',
    finds: {
      guarantee: 12,
      object: 'tenancy.tenant_history',
      problem: 'row-level security is not forced on its owner',
    },
  },
  {
    name: 'a serving role that may read the history',
    sql: 'grant execute on function tenancy.read_tenant_history(text, uuid, int) to app_user',
    finds: {
      guarantee: 15,
      object: 'tenancy.read_tenant_history(text,uuid,integer)',
      problem: "a SECURITY DEFINER function runs with its owner's rights",
    },
  },
  {
    name: 'a recorder that may log in',
    sql: 'alter role tenancy_recorder login',
    undo: 'alter role tenancy_recorder nologin',
    finds: { guarantee: 12, object: 'tenancy_recorder', problem: 'may log in' },
  },
  {
    name: 'a recorder with a member',
    sql: 'create role recorder_member nologin; grant tenancy_recorder to recorder_member',
    undo: 'drop role recorder_member',
    finds: { guarantee: 12, object: 'tenancy_recorder', problem: 'recorder_member may become it' },
  },
  {
    name: 'a history that is not forced, while somebody may become its owner',
    sql: 'create role recorder_member nologin; grant tenancy_recorder to recorder_member',
    undo: 'drop role recorder_member',
    finds: {
      guarantee: 12,
      object: 'tenancy.tenant_history',
      problem: 'row-level security is not forced on its owner',
    },
  },
  {
    name: 'a function of the recorder with another body',
    sql: `create function tenancy.leak() returns setof tenancy.tenant_history language sql security definer
      as 'select * from tenancy.tenant_history'; alter function tenancy.leak() owner to tenancy_recorder`,
    undo: 'drop function tenancy.leak()',
    finds: { guarantee: 12, object: 'tenancy.leak()', problem: 'it runs as the recorder' },
  },
])
