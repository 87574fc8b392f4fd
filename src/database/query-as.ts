import { type Connection, type ConnectionSource, query } from './connection.ts'
import type { Rows } from './statement.ts'

/**
 * Sends one query that belongs to no tenant, on a connection of its own.
 *
 * @param role the role to switch to, where the login is a superuser (PGlite); undefined: the login runs the query
 * @throws ApiError SERVICE_UNAVAILABLE when the database does not answer
 * @example
 * const [row] = await queryAs(undefined, connections, 'select id from tenancy.find_tenant($1)', ['acme'])
 */
export async function queryAs(
  role: string | undefined,
  connections: ConnectionSource,
  text: string,
  parameters: readonly unknown[],
): Promise<Rows<Record<string, unknown>>> {
  const connection = await connections.acquire()
  try {
    if (role === undefined) return await query(connection, text, parameters)
    return await inTransactionAs(role, connection, () => query(connection, text, parameters))
  } finally {
    if (connection.status !== 'idle') await connection.close()
    connections.release(connection)
  }
}

/** All clients of PGlite share one session, and only a transaction keeps their messages from coming between ours. */
async function inTransactionAs<T>(role: string, connection: Connection, work: () => Promise<T>): Promise<T> {
  await connection.command('begin read only')
  await query(connection, "select pg_catalog.set_config('role', $1, true)", [role])
  const rows = await work()
  await connection.command('commit')
  return rows
}
