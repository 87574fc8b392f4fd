import type { CatalogueCheck } from '../finding.ts'

/** Whether the role can inherit or set its membership in `g`; from PostgreSQL 16 on, GRANT can forbid both. */
const isUsable = `not exists (
  select from pg_auth_members m where m.member = bound.oid and m.roleid = g.oid
    and to_jsonb(m) ->> 'inherit_option' = 'false' and to_jsonb(m) ->> 'set_option' = 'false')`

/** Guarantee G11: the serving role has no attribute, membership or ownership that bypasses row-level security. */
export const roleChecks: CatalogueCheck[] = [
  {
    check: 'role-attributes',
    guarantee: 11,
    level: 'error',
    should: 'The serving role is not a superuser and has no attribute that bypasses row-level security.',
    find: `
      select rolname, 'the serving role ' || attribute, case
        when rolsuper then 'Log in as a role that row-level security applies to, such as app_user, which "rowhouse migrate" creates.'
        else format('alter role %I no%s;', rolname, lower(split_part(attribute, ' ', 2))) end
      from role, lateral (values
        (rolsuper, 'is a superuser'), (rolbypassrls and not rolsuper, 'has BYPASSRLS'), (rolcreaterole and not rolsuper, 'has CREATEROLE'),
        (rolcreatedb and not rolsuper, 'has CREATEDB'), (rolreplication and not rolsuper, 'has REPLICATION')) as has (it, attribute)
      where it`,
  },
  {
    check: 'role-membership',
    guarantee: 11,
    level: 'error',
    should: 'The serving role is not a member of a role with more privileges.',
    find: `
      select bound.rolname, 'the serving role is a member of ' || g.oid::regrole,
        format('revoke %s from %I;', g.oid::regrole, bound.rolname)
      from bound, lateral (
        select g.*, exists (select from pg_shdepend d where d.refobjid = g.oid and d.deptype = 'o') as owner
        from pg_roles g where pg_has_role(bound.oid, g.oid, 'MEMBER') and g.oid <> bound.oid) as g
      where ${isUsable} and (g.rolsuper or g.rolbypassrls or g.rolcreaterole or g.rolcreatedb or g.rolreplication or g.owner
        or g.rolname ~ '^pg_'
        -- SET ROLE would give privileges that the other checks do not see.
        or not pg_has_role(bound.oid, g.oid, 'USAGE'))`,
  },
  {
    check: 'role-group',
    guarantee: 11,
    level: 'warning',
    should: 'Privileges of the serving role are granted to that role itself, not to a group.',
    find: `
      select bound.rolname, format('the serving role is a member of %s, whose privileges it inherits', g.oid::regrole),
        format('revoke %s from %I;', g.oid::regrole, bound.rolname)
      from bound join lateral (
        select * from pg_roles where pg_has_role(bound.oid, oid, 'MEMBER') and oid <> bound.oid) as g on true
      where ${isUsable} and pg_has_role(bound.oid, g.oid, 'USAGE') and not (g.rolsuper or g.rolbypassrls or g.rolcreaterole or g.rolcreatedb or g.rolreplication or g.rolname ~ '^pg_')
        and not exists (select from pg_shdepend d where d.refobjid = g.oid and d.deptype = 'o')`,
  },
  {
    check: 'role-owns',
    guarantee: 11,
    level: 'error',
    should: 'The serving role owns nothing.',
    find: `
      select rolname, 'the serving role owns ' || pg_describe_object(d.classid, d.objid, d.objsubid),
        format('reassign owned by %I to …;', rolname)
      from bound join pg_shdepend d on d.refobjid = bound.oid and d.refclassid = 'pg_authid'::regclass and d.deptype = 'o'
        and d.dbid in (0, (select oid from here))`,
  },
]
