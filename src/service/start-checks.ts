import { type Connection, query } from '../database/index.ts'
import { ConfigError } from '../errors/index.ts'
import type { Finding } from '../isolation/index.ts'
import type { Config } from './config/config.ts'

/**
 * Creates what the isolation check runs besides its own checks: whether the database has the tenant directory, and enough
 * connections.
 *
 * @param hasPool false where the connections are no logins of the role, as with an embedded database: their number is not checked
 */
export function createStartChecks({ tenant, database }: Config, hasPool: boolean) {
  const hasDirectory = tenant.directory !== 'off'
  // The isolation check has one more connection, and the directory another one.
  const needed = database.poolSize + (hasDirectory ? 2 : 1)
  return async (connection: Connection): Promise<Finding[]> => {
    if (hasDirectory) await assertDirectory(connection)
    return hasPool ? await findConnectionLimit(connection, needed) : []
  }
}

// The privilege functions with a name fail for a role without USAGE on the schema.
const directoryQuery = `
select has_schema_privilege(n.oid, 'usage') and has_function_privilege(p.oid, 'execute') as usable
from pg_catalog.pg_proc p join pg_catalog.pg_namespace n on n.oid = p.pronamespace
where n.nspname = 'tenancy' and p.proname = 'find_tenant' and p.pronargs = 2`

/** Without the directory every request would be answered with 503. */
async function assertDirectory(connection: Connection): Promise<void> {
  const [found] = await query(connection, directoryQuery)
  if (found?.usable === true) return
  const problem = found === undefined ? 'is not in this database' : 'the login of DATABASE_URL may not call'
  throw new ConfigError(
    `TENANT_DIRECTORY needs the function tenancy.find_tenant, which ${problem}: run "rowhouse migrate" with ` +
      'sql/35-tenant-directory.sql, or set TENANT_DIRECTORY=off.',
  )
}

const limitQuery = `
select quote_ident(rolname) as role, rolconnlimit as limit from pg_catalog.pg_roles
where rolname = current_user and rolconnlimit <> -1 and rolconnlimit < $1 and not rolsuper`

async function findConnectionLimit(connection: Connection, needed: number): Promise<Finding[]> {
  const rows = await query(connection, limitQuery, [needed])
  return rows.map(({ role, limit }) => ({
    check: 'connection-limit',
    level: 'warning',
    guarantee: 18,
    object: String(role),
    problem: `DATABASE_POOL_SIZE and the checks need up to ${needed} connections, and the role may have ${limit}`,
    remedy: `Lower DATABASE_POOL_SIZE, or run "alter role ${role} connection limit ${needed};". Behind a pooler its own pool size counts.`,
  }))
}
