import { type Connection, query } from '../database/index.ts'
import { MigrationError } from './read-migrations.ts'

/** PostgreSQL 14 has no views with the rights of who reads them (security_invoker). */
const oldest = 15

/**
 * Refuses a server that is too old for the SQL of Rowhouse.
 *
 * @throws MigrationError that names both versions
 */
export async function assertServerVersion(connection: Connection): Promise<void> {
  const [row] = await query(connection, "select pg_catalog.current_setting('server_version') as version")
  const version = String(row?.version)
  if (isTooOld(version))
    throw new MigrationError(
      `Rowhouse needs PostgreSQL ${oldest} or later, and this server is ${version}. Nothing was changed. Upgrade the server: its own ` +
        'documentation is "Upgrading a PostgreSQL Cluster" (PostgreSQL, chapter 19.6).',
    )
}

/**
 * Whether a version, as `server_version` has it, is too old.
 *
 * @example
 * isTooOld('14.23 (Debian 14.23-1)') // true
 */
export const isTooOld = (version: string): boolean => Number.parseInt(version, 10) < oldest
