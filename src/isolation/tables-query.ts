import { quotedNameOf } from '../text/index.ts'

/** Parameters of the checks. */
export const parameters = {
  role: '$1',
  tenantColumn: '$2',
  /** Relations, sequences and functions that all tenants share, as {@link quotedName} writes them. */
  shared: '$3::text[]',
  /** Relations that the serving role must not reach, as {@link quotedName} writes them. */
  unreachable: '$4::text[]',
  /** Settings that hold the tenant. */
  settings: '$5::text[]',
  /** The expression that policies compare the tenant column with, as PostgreSQL prints it. */
  tenant: '$6::text',
}

/**
 * The tables that the checks read, for a WITH clause: `role`, `bound` (the role unless it is a superuser, which has every
 * privilege anyway), `relations`, `tables` (tenant tables) and `policy_functions`. Run them with `search_path = pg_catalog`:
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
), relations as (
  select c.oid, c.relkind, c.relowner, c.reloptions, c.relacl, c.relrowsecurity, c.relforcerowsecurity,
    format('%I.%I', n.nspname, c.relname) as name, quote_ident(a.attname) as tenant_name,
    a.attnum as tenant, a.atttypid, a.attnotnull, c.relispartition,
    -- USAGE of the schema does not count: a view reads what it names without it.
    has_table_privilege(${parameters.role}, c.oid, 'SELECT, INSERT, UPDATE, DELETE')
      or has_any_column_privilege(${parameters.role}, c.oid, 'SELECT, INSERT, UPDATE') as reachable,
    ${quotedNameOf('n.nspname', 'c.relname')} = any (${parameters.shared}) as shared,
    ${quotedNameOf('n.nspname', 'c.relname')} = any (${parameters.unreachable}) as unreachable,
    exists (
      select from pg_depend d where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'e') as extension
  from pg_class c
  join schemas n on n.oid = c.relnamespace
  left join pg_attribute a
    on a.attrelid = c.oid and a.attname = ${parameters.tenantColumn} and a.attnum > 0 and not a.attisdropped
  where c.relkind in ('r', 'p', 'v', 'm', 'f')
), tables as (
  -- A partition without privileges of its own is read through its parent, by the parent's policies.
  -- What the serving role must not reach needs no policies.
  select * from relations
  where relkind in ('r', 'p') and tenant is not null and (reachable or not relispartition) and not unreachable
), policy_functions as (
  select distinct p.oid, p.oid::regprocedure::text as name, p.provolatile, p.prosecdef, p.proconfig, p.prosqlbody, p.prosrc
  from tables t
  join pg_policy on polrelid = t.oid
  join pg_depend d on d.classid = 'pg_policy'::regclass and d.objid = pg_policy.oid and d.refclassid = 'pg_proc'::regclass
  join pg_proc p on p.oid = d.refobjid
)`

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
