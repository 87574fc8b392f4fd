import type { CatalogueCheck } from '../finding.ts'

/**
 * The roles that the serving role is a member of, directly or through others, with the statements that end the membership. From
 * PostgreSQL 16 on, GRANT can forbid INHERIT and SET; a membership with ADMIN OPTION still allows the member to grant itself both.
 */
const memberships = `
  with recursive granted as (
    select m.*, coalesce((to_jsonb(m) ->> 'inherit_option')::boolean, true)
      or coalesce((to_jsonb(m) ->> 'set_option')::boolean, true) as usable
    from pg_auth_members m
  ), reached (oid, first, usable) as (
    select roleid, roleid, granted.usable from bound join granted on member = bound.oid
      where granted.usable or admin_option
    union select roleid, first, reached.usable and granted.usable from reached join granted on member = reached.oid
      where granted.usable or admin_option
  ), memberships as (
    select oid, bool_or(usable) as usable, (
      select string_agg(format('revoke %s from %I%s%s;', m.roleid::regrole, bound.rolname,
        -- From PostgreSQL 16 on, each grantor's grant is one of its own. 10 is the first superuser.
        case when current_setting('server_version_num')::int >= 160000 and m.grantor <> 10
          then ' granted by ' || m.grantor::regrole end,
        case when exists (select from pg_auth_members passed where passed.roleid = m.roleid and passed.grantor = bound.oid)
          then ' cascade' end), ' ')
      from bound, pg_auth_members m
      where m.member = bound.oid and m.roleid in (select first from reached as path where path.oid = reached.oid)) as revoke
    from reached group by oid
  ), roles as (
    select g.*, usable, revoke, pg_has_role(bound.oid, g.oid, 'USAGE') as inherited,
      g.rolsuper or g.rolbypassrls or g.rolcreaterole or g.rolcreatedb or g.rolreplication or g.rolname ~ '^pg_'
      or exists (select from pg_shdepend d where d.refobjid = g.oid and d.deptype = 'o') as privileged
    from bound, memberships join pg_roles g using (oid)
  )`

/** Guarantee G11: the serving role has no attribute, membership or ownership that bypasses row-level security. */
export const roleChecks: CatalogueCheck[] = [
  {
    check: 'role-attributes',
    guarantee: 11,
    level: 'error',
    elsewhere: 'warning',
    elsewhereOnly: / CREATEDB$/,
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
    elsewhere: 'warning',
    elsewhereOnly:
      / a member of pg_(?:monitor|read_all_(?:settings|stats)|stat_scan_tables|checkpoint|use_reserved_connections|signal_backend)$/,
    should: 'The serving role is not a member of a role with more privileges.',
    find: `${memberships}
      select bound.rolname, case when usable then 'the serving role is a member of ' || roles.oid::regrole
        else format('the serving role may grant itself the role %s, by ADMIN OPTION', roles.oid::regrole) end, revoke
      from bound, roles
      -- SET ROLE would give privileges that the other checks do not see.
      where privileged or not inherited`,
  },
  {
    check: 'role-group',
    guarantee: 11,
    level: 'warning',
    should: 'Privileges of the serving role are granted to that role itself, not to a group.',
    find: `${memberships}
      select bound.rolname, format('the serving role is a member of %s, whose privileges it inherits', roles.oid::regrole), revoke
      from bound, roles where inherited and not privileged`,
  },
  {
    check: 'role-owns',
    guarantee: 11,
    level: 'error',
    should: 'The serving role owns nothing.',
    find: `
      select rolname, 'the serving role owns ' || pg_describe_object(d.classid, d.objid, d.objsubid),
        format('reassign owned by %I to current_user;', rolname)
      from bound join pg_shdepend d on d.refobjid = bound.oid and d.refclassid = 'pg_authid'::regclass and d.deptype = 'o'
        and d.dbid in (0, (select oid from here))`,
  },
]
