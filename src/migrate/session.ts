import { setTimeout as delay } from 'node:timers/promises'
import { type Connection, openConnection, query } from '../database/index.ts'
import { setRowSecurity } from './run-statements.ts'
import { assertOnlyTrusted } from './trusted-schemas.ts'

/** Every migration of a database takes the same lock. The number is arbitrary. */
const advisoryLock = 1_658_793_127
const retryMs = 100

/** The connection of one migration. Its search_path has no schema in which others could plant a function. */
export interface Session {
  connection: Connection
  url: string
  /** Runs `work` with the search_path of the login, once nobody else can plant objects in its schemas. */
  withOwnPath(work: () => Promise<void>): Promise<void>
  /** Waits for other migrations of the database, and begins a transaction. */
  begin(): Promise<void>
  /** Commits, runs `work` outside of a transaction, and begins the next one. Other migrations keep waiting. */
  outside(work: () => Promise<void>): Promise<void>
}

/** Opens the connection of one migration, which its user closes. */
export function openSession(url: string): Session {
  const connection = openConnection({ url, answerTimeoutMs: 0 })
  let path: { text: string; schemas: string[] } | undefined
  let isTrusted = false

  async function begin(): Promise<void> {
    await connection.command('begin')
    // A session that waits in a statement has a snapshot, and CREATE INDEX CONCURRENTLY of another migration would wait for it.
    while (!(await takeLock())) {
      await connection.command('rollback')
      await delay(retryMs)
      await connection.command('begin')
    }
    path ??= await readPath(connection)
    await setPath('pg_catalog, pg_temp')
    // A migration that waits for a table lock blocks every later request for that table.
    await query(connection, "select set_config('lock_timeout', '10s', true)")
    await setRowSecurity(connection, 'off')
  }

  const takeLock = async () => {
    const lock = 'select pg_catalog.pg_try_advisory_xact_lock($1::pg_catalog.int8) as taken'
    return (await query(connection, lock, [advisoryLock]))[0]?.taken === true
  }
  const setPath = (text: string) => query(connection, "select pg_catalog.set_config('search_path', $1, true)", [text])

  return {
    connection,
    url,
    begin,
    async withOwnPath(work) {
      if (!isTrusted) await assertOnlyTrusted(connection, path?.schemas ?? [])
      isTrusted = true
      await setPath(path?.text ?? '')
      await work()
      await setPath('pg_catalog, pg_temp')
    },
    async outside(work) {
      // A lock of the session: that of the transaction ends with it.
      await query(connection, 'select pg_advisory_lock($1::int8)', [advisoryLock])
      await connection.command('commit')
      await work()
      await begin()
      await query(connection, 'select pg_advisory_unlock($1::int8)', [advisoryLock])
    },
  }
}

/** The search_path of the login, and those of its schemas that exist. */
async function readPath(connection: Connection): Promise<{ text: string; schemas: string[] }> {
  const [row] = await query(
    connection,
    `select pg_catalog.current_setting('search_path') as path,
      pg_catalog.array_to_json(pg_catalog.current_schemas(false)) as schemas`,
  )
  return { text: String(row?.path), schemas: row?.schemas as string[] } // a JSON array of names
}
