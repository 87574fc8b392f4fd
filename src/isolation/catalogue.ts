/** What the checks look at. A superuser is told so, and nothing else: every privilege is its own. */
export const parameters = {
  role: '$1',
  tenantColumn: '$2',
  /** Relations, sequences and functions that tenants may share, as `schema.name`. */
  shared: '$3::text[]',
  /** Settings that name the tenant. */
  settings: '$4::text[]',
  /** What policies compare the tenant column with, as PostgreSQL prints it. */
  tenant: '$5::text',
}

/**
 * The tables that the checks read: `role`, `bound` (the role, unless it is a superuser), `relations`, `tables` (of tenants)
 * and `policy_functions`. They want `search_path = pg_catalog`, so that everything prints its name in full.
 */
export const catalogue = `
role as (
  select * from pg_roles where rolname = ${parameters.role}
), bound as (
  select * from role where not rolsuper
), here as (
  select oid from pg_database where datname = current_database()
), schemas as (
  select oid, nspname from pg_namespace where nspname !~ '^pg_' and nspname <> 'information_schema'
), relations as (
  select c.oid, c.relkind, c.relowner, c.reloptions, c.relacl, c.relrowsecurity, c.relforcerowsecurity,
    format('%I.%I', n.nspname, c.relname) as name, quote_ident(a.attname) as tenant_name,
    a.attnum as tenant, a.atttypid, a.attnotnull, c.relispartition,
    -- Without asking for USAGE of the schema: a view reaches what it names all the same.
    has_table_privilege(${parameters.role}, c.oid, 'SELECT, INSERT, UPDATE, DELETE')
      or has_any_column_privilege(${parameters.role}, c.oid, 'SELECT, INSERT, UPDATE') as reachable,
    format('%I.%I', n.nspname, c.relname) = any (${parameters.shared}) as shared,
    exists (
      select from pg_depend d where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'e') as extension
  from pg_class c
  join schemas n on n.oid = c.relnamespace
  left join pg_attribute a
    on a.attrelid = c.oid and a.attname = ${parameters.tenantColumn} and a.attnum > 0 and not a.attisdropped
  where c.relkind in ('r', 'p', 'v', 'm', 'f')
), tables as (
  -- A partition that the role has no privilege on is reached through its parent alone, by the parent's policies.
  select * from relations where relkind in ('r', 'p') and tenant is not null and (reachable or not relispartition)
), policy_functions as (
  select distinct p.oid, p.oid::regprocedure::text as name, p.provolatile, p.prosecdef, p.proconfig, p.prosqlbody, p.prosrc
  from tables t
  join pg_policy on polrelid = t.oid
  join pg_depend d on d.classid = 'pg_policy'::regclass and d.objid = pg_policy.oid and d.refclassid = 'pg_proc'::regclass
  join pg_proc p on p.oid = d.refobjid
)`

/** Whether a grantee of an ACL stands for the serving role: PUBLIC, itself, or a role whose privileges it has. */
export const granteeIsServing = (grantee: string): string =>
  `(${grantee} = 0 or pg_has_role(bound.oid, nullif(${grantee}, 0), 'USAGE'))`

/** What a grantee of an ACL is called in a REVOKE. */
export const granteeName = (grantee: string): string =>
  `case ${grantee} when 0 then 'public' else ${grantee}::regrole::text end`
