import { type Connection, query } from '../database/index.ts'
import { MigrationError } from './read-migrations.ts'

/** The schemas that a migration creates and uses. */
export const ownSchemas = ['tenancy', 'drizzle']

/**
 * Refuses schemas in which somebody else can create objects, or has created some: a function that PostgreSQL prefers to one of its
 * own, such as `public.format(text, name)`, would run with the rights of the migration. The owner of the database is trusted,
 * because a migration fires the triggers of tables.
 *
 * @param schemas names; a schema that does not exist is ignored
 * @throws MigrationError with a statement for each schema and object
 */
export async function assertOnlyTrusted(connection: Connection, schemas: string[]): Promise<void> {
  const rows = await query(connection, untrusted, [JSON.stringify(schemas), JSON.stringify(ownSchemas)])
  if (rows.length === 0) return
  const lines = rows.map(({ problem, remedy }) => `  - ${problem}\n      ${remedy}`)
  throw new MigrationError(
    'Other roles can run code of their own with the rights of this migration, so it changed nothing. Look at each object, drop ' +
      `what you do not know, and run the other statements. Then migrate again:\n${lines.join('\n')}`,
  )
}

const untrusted = `
with trusted as (
  select r.oid from pg_roles r join pg_roles me on me.rolname = current_user
  where r.rolsuper or r.oid = me.oid or r.rolname = 'pg_database_owner'
    or r.oid = (select datdba from pg_database where datname = current_database())
    -- A superuser counts as a member of every role.
    or not me.rolsuper and pg_has_role(me.oid, r.oid, 'MEMBER')
    -- The recorder, which only the owner of the database or this role may become.
    or r.rolname ~ '^tenancy_recorder' and not r.rolcanlogin and not exists (
      select from pg_auth_members m join pg_roles one on one.oid = m.member
      where m.roleid = r.oid and not one.rolsuper and one.oid <> me.oid
        and one.oid <> (select datdba from pg_database where datname = current_database()))),
inspected as (
  select oid, nspname, nspowner, nspacl from pg_namespace
  where nspname in (select jsonb_array_elements_text($1::jsonb)) and nspname <> 'pg_catalog'),
objects as (
  select 'function' as kind, 'routine' as class, p.oid::regprocedure::text as name, p.proowner as owner
  from pg_proc p where p.pronamespace in (select oid from inspected)
  union all select 'operator', 'operator', o.oid::regoperator::text, o.oprowner
  from pg_operator o where o.oprnamespace in (select oid from inspected)
  union all select 'table', 'table', c.oid::regclass::text, c.relowner
  from pg_class c where c.relkind in ('r', 'p', 'v', 'm', 'f')
    and c.relnamespace in (select oid from inspected where nspname in (select jsonb_array_elements_text($2::jsonb))))
select format('the schema %I belongs to %I', nspname, pg_get_userbyid(nspowner)) as problem,
  format('alter schema %I owner to %I;', nspname, current_user) as remedy
from inspected where nspowner not in (select oid from trusted)
union all
select format('%s may create objects in the schema %I', coalesce(quote_ident(g.rolname), 'every role'), nspname),
  format('revoke create on schema %I from %s;', nspname, coalesce(quote_ident(g.rolname), 'public'))
from inspected, aclexplode(nspacl) as acl left join pg_roles g on g.oid = acl.grantee
where acl.privilege_type = 'CREATE' and acl.grantee not in (select oid from trusted) and acl.grantee <> nspowner
union all
select format('the %s %s belongs to %I', kind, name, pg_get_userbyid(owner)),
  format('alter %s %s owner to %I;', class, name, current_user)
from objects where owner not in (select oid from trusted)
order by 1`
