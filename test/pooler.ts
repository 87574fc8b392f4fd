import { spawn } from 'node:child_process'
import { mkdtempSync } from 'node:fs'
import { chown, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import postgres from 'postgres'
import { freePort, postgresUser } from './postgres.ts'

/** The path of PgBouncer, or null when it is not installed. */
export const pgbouncer = Bun.which('pgbouncer') ?? Bun.which('/usr/sbin/pgbouncer')

const version = pgbouncer ? Bun.spawnSync([pgbouncer, '--version']).stdout.toString() : ''
/** PgBouncer supports named prepared statements from version 1.21 on. */
export const carriesNames = Bun.semver.satisfies(/PgBouncer (\S+)/.exec(version)?.[1] ?? '0.0.0', '>=1.21.0')

const START_MS = 10_000
// Runs in another process, whose input ends when this process does, so that it cleans up after a kill -9 too.
const RUN = `"$0" -q pgbouncer.ini & cat; kill -KILL $!; rm -rf "$PWD"`

/** PgBouncer in transaction mode. It stops when this process ends. */
export interface Pooler {
  /** Returns the URL that reaches the same database through the pooler. */
  through(url: string): string
  stop(): Promise<void>
}

/**
 * Starts PgBouncer in transaction mode, with one server connection for all clients of a database.
 *
 * @param url a database of the server, with the only login that the pooler accepts
 * @throws Error when PgBouncer is not installed, or accepts no connection within 10 seconds
 * @example
 * const { through, stop } = await startPooler(main.appUrl)
 */
export async function startPooler(url: string): Promise<Pooler> {
  if (!pgbouncer) throw new Error('PgBouncer is not installed')
  const folder = mkdtempSync(join(tmpdir(), 'rowhouse-pgbouncer-'))
  const user = process.getuid?.() === 0 ? await postgresUser() : undefined // PgBouncer refuses to run as root
  const server = new URL(url)
  const port = await freePort()
  const settings = [
    '[databases]',
    `* = host=${server.hostname} port=${server.port || 5432}`,
    '[pgbouncer]',
    'listen_addr = 127.0.0.1',
    `listen_port = ${port}`,
    'auth_type = plain',
    'auth_file = users',
    'pool_mode = transaction',
    'default_pool_size = 1',
    'max_client_conn = 1000',
    'unix_socket_dir =',
    ...(carriesNames ? ['max_prepared_statements = 200'] : []),
  ]
  await writeFile(join(folder, 'pgbouncer.ini'), settings.join('\n'))
  await writeFile(join(folder, 'users'), `"${server.username}" "${server.password}"`)
  if (user) for (const path of ['', 'users', 'pgbouncer.ini']) await chown(join(folder, path), user.uid, user.gid)
  const child = spawn('sh', ['-c', RUN, pgbouncer], {
    ...user,
    cwd: folder,
    detached: true, // Ctrl-C in a terminal would end it before its clients
    stdio: ['pipe', 'ignore', 'ignore'],
  })
  const closed = new Promise((resolve) => child.once('close', resolve))
  const stop = async () => {
    child.stdin.end()
    await closed
  }
  const through = (direct: string) => {
    const pooled = Object.assign(new URL(direct), { host: `127.0.0.1:${port}` })
    if (!carriesNames) pooled.searchParams.set('prepare', 'false')
    return pooled.href
  }
  for (const end = Date.now() + START_MS; Date.now() < end; await delay(20))
    if (await answers(through(url))) return { through, stop }
  await stop()
  throw new Error(
    `PgBouncer accepts no connection of ${server.username} on port ${port} within ${START_MS / 1000} seconds`,
  )
}

async function answers(url: string): Promise<boolean> {
  const sql = postgres(url, { max: 1, connect_timeout: 2, fetch_types: false, prepare: false, onnotice: () => {} })
  const query = sql`select 1`.then(
    () => true,
    () => false,
  )
  return query.finally(() => sql.end({ timeout: 0 }))
}
