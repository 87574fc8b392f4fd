import type { Connection, ConnectionSource } from './connection.ts'

/**
 * Runs work of no tenant in a transaction on a connection of its own login. An error of the work rolls it back.
 *
 * @throws ApiError SERVICE_UNAVAILABLE when the connection is lost; what the work throws
 */
export async function inTransaction<T>(
  connections: ConnectionSource,
  work: (connection: Connection) => Promise<T>,
): Promise<T> {
  const connection = await connections.acquire()
  try {
    await connection.command('begin')
    const result = await work(connection)
    const { command } = await connection.command('commit')
    if (command !== 'COMMIT') throw new Error(`COMMIT was answered with ${command}: a statement of the work failed`)
    return result
  } catch (error) {
    if (connection.status !== 'idle') await connection.command('rollback').catch(() => connection.close())
    throw error
  } finally {
    connections.release(connection)
  }
}
