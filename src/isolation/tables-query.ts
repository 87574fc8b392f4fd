/** Parameters of the checks. */
export const parameters = {
  role: '$1',
  tenantColumn: '$2',
  /** Relations, sequences and functions that all tenants share, as `schema.name`. */
  shared: '$3::text[]',
  /** Relations that the serving role must not reach, as `schema.name`. */
  unreachable: '$4::text[]',
  /** Settings that hold the tenant. */
  settings: '$5::text[]',
  /** The expression that policies compare the tenant column with, as PostgreSQL prints it. */
  tenant: '$6::text',
}

/**
 * The tables that the checks read, for a WITH clause: `role`, `bound` (the role unless it is a superuser, which has every
 * privilege anyway), `recorders` (roles that own what the database itself writes: sql/33-recorder.sql), `relations`, `tables` (tenant
 * tables), `tenant_ids` and `policy_functions`. Run them with `search_path = pg_catalog`:
 * PostgreSQL then prints every other name with its schema.
 */
export const tablesQuery = `
role as (
  select * from pg_roles where rolname = ${parameters.role}
), bound as (
  select * from role where not rolsuper
), here as (
  select oid from pg_database where datname = current_database()
), schemas as (
  select oid, nspname, nspacl, nspowner from pg_namespace where nspname !~ '^pg_' and nspname <> 'information_schema'
), recorders as (
  select r.oid, r.rolname, r.rolcanlogin, r.rolsuper, r.rolbypassrls,
    array(
      -- The owner of the schema may drop its tables anyway. From PostgreSQL 16 on, it keeps ADMIN OPTION for the role that it created.
      select m.member from pg_auth_members m join pg_roles one on one.oid = m.member
      where m.roleid = r.oid and not one.rolsuper
        and one.oid not in (select nspowner from schemas where nspname = 'tenancy')) as members
  from pg_roles r
  where rolname ~ '^tenancy_recorder' and exists (
    select from pg_class c join schemas on schemas.oid = c.relnamespace where c.relowner = r.oid and nspname = 'tenancy')
), relations as (
  select c.oid, c.relkind, c.relowner, c.reloptions, c.relacl, c.relrowsecurity, c.relforcerowsecurity,
    format('%I.%I', n.nspname, c.relname) as name, quote_ident(a.attname) as tenant_name,
    a.attnum as tenant, a.atttypid, a.attnotnull, c.relispartition,
    -- USAGE of the schema does not count: a view reads what it names without it.
    has_table_privilege(${parameters.role}, c.oid, 'SELECT, INSERT, UPDATE, DELETE')
      or has_any_column_privilege(${parameters.role}, c.oid, 'SELECT, INSERT, UPDATE') as reachable,
    format('%I.%I', n.nspname, c.relname) = any (${parameters.shared}) as shared,
    format('%I.%I', n.nspname, c.relname) = any (${parameters.unreachable}) as unreachable,
    -- Its functions write for every tenant, so row-level security is not forced on it. As long as nobody becomes it.
    n.nspname = 'tenancy' and c.relrowsecurity and c.relowner in (
      select oid from recorders where not (rolcanlogin or rolsuper or rolbypassrls) and members = '{}') as recorded,
    exists (
      select from pg_depend d where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'e') as extension
  from pg_class c
  join schemas n on n.oid = c.relnamespace
  left join pg_attribute a
    on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
      -- Our own tables have one name for it in every project.
      and a.attname = case when n.nspname = 'tenancy' and c.relowner in (select oid from recorders) then 'tenant_id' else ${parameters.tenantColumn} end
  where c.relkind in ('r', 'p', 'v', 'm', 'f')
), tables as (
  -- A partition without privileges of its own is read through its parent, by the parent's policies.
  -- What the serving role must not reach needs no policies.
  select * from relations
  where relkind in ('r', 'p') and tenant is not null and (reachable or not (relispartition or recorded)) and not unreachable
), tenant_ids as (
  -- The type of tenant ids. to_regprocedure() fails for a role without USAGE on the schema.
  select coalesce((select p.prorettype from pg_proc p join pg_namespace n on n.oid = p.pronamespace and n.nspname = 'tenancy'
    where p.proname = 'current_tenant_id' and p.pronargs = 0), 'uuid'::regtype)::regtype as type
), policy_functions as (
  select distinct p.oid, p.oid::regprocedure::text as name, p.provolatile, p.prosecdef, p.proconfig, p.prosqlbody, p.prosrc
  from tables t
  join pg_policy on polrelid = t.oid
  join pg_depend d on d.classid = 'pg_policy'::regclass and d.objid = pg_policy.oid and d.refclassid = 'pg_proc'::regclass
  join pg_proc p on p.oid = d.refobjid
)`

/** What views read, also through other views, for a WITH RECURSIVE clause: `reads`. */
export const readsQuery = `
named (view, relation) as (
  select w.ev_class, d.refobjid from pg_rewrite w
  join pg_depend d on d.classid = 'pg_rewrite'::regclass and d.objid = w.oid and d.refclassid = 'pg_class'::regclass
  where w.rulename = '_RETURN' and d.refobjid <> w.ev_class
), reads (view, relation) as (
  select * from named union select reads.view, named.relation from reads join named on named.view = reads.relation
)`

/** Whether a view, by the alias of its relation, runs with the rights of the role that queries it. */
export const isInvoker = (view: string): string =>
  `exists (select from pg_options_to_table(${view}.reloptions) where option_name = 'security_invoker' and option_value::boolean)`

/** The commands that the serving role has the privilege for, on a column at the least: some of r, a, w, d. */
export const privilegesOn = (relation: string): string =>
  `concat(case when has_any_column_privilege(${parameters.role}, ${relation}.oid, 'SELECT') then 'r' end,
    case when has_any_column_privilege(${parameters.role}, ${relation}.oid, 'INSERT') then 'a' end,
    case when has_any_column_privilege(${parameters.role}, ${relation}.oid, 'UPDATE') then 'w' end,
    case when has_table_privilege(${parameters.role}, ${relation}.oid, 'DELETE') then 'd' end)`

/** Whether a grantee of an ACL gives the serving role its privileges: PUBLIC, the role itself, or a role that it inherits from. */
export const granteeIsServing = (grantee: string): string =>
  `(${grantee} = 0 or pg_has_role(bound.oid, nullif(${grantee}, 0), 'USAGE'))`

/** The name of a grantee of an ACL in a REVOKE. */
export const granteeName = (grantee: string): string =>
  `case ${grantee} when 0 then 'public' else ${grantee}::regrole::text end`

/** The ACL of a relation, by its alias, with those of its columns. */
export const aclOf = (relation: string): string =>
  `coalesce(${relation}.relacl, acldefault('r', ${relation}.relowner)) || array(
    select unnest(attacl) from pg_attribute where attrelid = ${relation}.oid)`

/** The ACL of a function, by its alias. */
export const functionAcl = (p: string): string => `coalesce(${p}.proacl, acldefault('f', ${p}.proowner))`

/**
 * A REVOKE from each grantee whose privileges the serving role has.
 *
 * @param statement the SQL expression of the statement up to FROM
 * @param acl the SQL expression of the ACL
 * @param more follows the statement
 */
export const revoke = (statement: string, acl: string, more = ''): string => `coalesce(${statement} || ' from ' || (
  select string_agg(distinct ${granteeName('acl.grantee')}, ', ') from aclexplode(${acl}) as acl
  where ${granteeIsServing('acl.grantee')}) || ';${more}',
  'Revoke the memberships of the serving role: a predefined role gives it this privilege.')`
