import { type Connection, query } from '../database/index.ts'
import { MigrationError } from './read-migrations.ts'

/** The names of a database's roles. A role without a name is not used in the database. */
export interface RoleNames {
  serving: string
  admin: string | undefined
  backup: string | undefined
  directory: string | undefined
  worker: string | undefined
}
type GivenNames = { [purpose in keyof RoleNames]?: string | undefined }

const defaults = {
  serving: 'app_user',
  admin: 'app_admin',
  backup: 'app_backup',
  directory: 'app_directory',
  worker: 'app_worker',
}
const variables = {
  serving: 'DATABASE_URL',
  admin: 'DATABASE_ADMIN_URL',
  backup: 'DATABASE_BACKUP_URL',
  directory: 'DATABASE_DIRECTORY_URL',
  worker: 'DATABASE_WORKER_URL',
}
const purposes = ['serving', 'admin', 'backup', 'directory', 'worker'] as const

/**
 * The names that a migration uses: those that the database has, then the given ones.
 *
 * @param given a given role must be new, or one that the migration may prepare
 * @throws MigrationError for a name that differs from the present one, and for a role that has another purpose
 */
export async function roleNames(connection: Connection, given: GivenNames): Promise<RoleNames> {
  const present = await presentNames(connection)
  const names: RoleNames = {
    serving: present.serving ?? given.serving ?? defaults.serving,
    admin: present.admin ?? given.admin,
    backup: present.backup ?? given.backup,
    directory: present.directory ?? given.directory,
    worker: present.worker ?? given.worker,
  }
  for (const purpose of purposes) {
    const [name, before] = [given[purpose], present[purpose]]
    if (name === undefined) continue
    if (before !== undefined && name !== before) throw await otherName(connection, purpose, before, name)
    const other = purposes.find((one) => one !== purpose && names[one] === name)
    if (other !== undefined) throw notItsOwn(purpose, name, `the ${other} role of this database too`)
    await assertMayBePrepared(connection, purpose, name)
  }
  return names
}

/** @param password given to a role that a migration may have to create */
export const nameOrDefault = (
  purpose: 'admin' | 'backup' | 'directory' | 'worker',
  name: string | undefined,
  password: string | undefined,
): string | undefined => name ?? (password ? defaults[purpose] : undefined)

/** A release without the table `tenancy.roles` gave each role its default name. */
async function presentNames(connection: Connection): Promise<GivenNames> {
  const [table] = await query(connection, tableOfRoles)
  if (table?.readable === false) return {} // not the owner: the SQL files fail with their statement
  const rows = await query(connection, table ? 'select purpose, name from tenancy.roles' : namesBefore)
  return Object.fromEntries(rows.map(({ purpose, name }) => [purpose, name]))
}

// to_regclass() fails for a role without USAGE on the schema.
const tableOfRoles = `
select has_schema_privilege(n.oid, 'USAGE') and has_table_privilege(c.oid, 'SELECT') as readable
from pg_class c join pg_namespace n on n.oid = c.relnamespace where nspname = 'tenancy' and relname = 'roles'`

const namesBefore = `
with tenants as (
  select c.oid from pg_class c join pg_namespace n on n.oid = c.relnamespace where nspname = 'tenancy' and relname = 'tenants')
select purpose, name from tenants, (values
  ('serving', 'app_user'), ('admin', 'app_admin'), ('backup', 'app_backup')) as roles (purpose, name) join pg_roles r on rolname = name
where purpose <> 'admin' or has_table_privilege(r.oid, tenants.oid, 'SELECT')`

async function otherName(
  connection: Connection,
  purpose: keyof RoleNames,
  before: string,
  name: string,
): Promise<MigrationError> {
  const [row] = await query(connection, statementsOfOtherName, [name, purpose, before])
  const variable = variables[purpose]
  return new MigrationError(
    `The ${purpose} role of this database is ${before}, and ${variable} logs in as ${name}. Nothing was changed. Correct ` +
      `${variable}. To give the database the other role instead, ${
        typeof row?.statements === 'string'
          ? `run this as its owner, and migrate again:\n${row.statements}`
          : `migrate once without ${variable}, and again with it: the message then has the statements for that.`
      }`,
  )
}

const statementsOfOtherName = `
select format('update tenancy.roles set name = %L where purpose = %L; revoke connect on database %I from %I;',
  $1::text, $2::text, current_database(), $3::text) as statements
from (${tableOfRoles}) as present`

const notItsOwn = (purpose: keyof RoleNames, name: string, what: string): MigrationError =>
  new MigrationError(
    `${variables[purpose]} needs a role of its own, which a migration creates: ${name} is ${what}. Nothing was changed.`,
  )

/** PostgreSQL truncates longer names. */
const bytesMax = 63

/** A migration gives BYPASSRLS to no role that others may use already. */
async function assertMayBePrepared(connection: Connection, purpose: keyof RoleNames, name: string): Promise<void> {
  const bytes = Buffer.byteLength(name)
  if (bytes < 1 || bytes > bytesMax)
    throw new MigrationError(
      `${variables[purpose]}: the name of its role must have 1 to ${bytesMax} bytes (got ${bytes}).`,
    )
  const [role] = await query(connection, roleQuery, [name])
  if (role === undefined) return
  if (role.super === true) throw notItsOwn(purpose, name, 'a superuser')
  if (role.owner === true) throw notItsOwn(purpose, name, 'the login of the owner')
  if (purpose === 'directory' || purpose === 'worker') {
    // It may edit the directory, or run the tasks of the worker, and nothing else.
    if (role.attribute !== null) throw notItsOwn(purpose, name, `a role with ${String(role.attribute)}`)
    if (role.group !== null) throw notItsOwn(purpose, name, `a member of ${String(role.group)}`)
  } else if (purpose !== 'serving' && name !== defaults[purpose] && role.bypasses !== true)
    throw new MigrationError(
      `${variables[purpose]}: the role ${name} exists, and row-level security applies to it. Nothing was changed. Name another role. ` +
        `If it is the ${purpose} role, run this as a superuser, and migrate again:\nalter role ${String(role.quoted)} bypassrls;`,
    )
}

const roleQuery = `
select rolsuper as super, rolbypassrls as bypasses, quote_ident(rolname) as quoted,
  case when rolbypassrls then 'BYPASSRLS' when rolcreaterole then 'CREATEROLE' when rolcreatedb then 'CREATEDB'
    when rolreplication then 'REPLICATION' end as attribute,
  (select min(quote_ident(g.rolname)) from pg_auth_members m join pg_roles g on g.oid = m.roleid where m.member = r.oid) as group,
  rolname in (current_user, session_user) or oid = (select datdba from pg_database where datname = current_database()) as owner
from pg_roles r where rolname = $1`
