import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { sql } from 'drizzle-orm'
import { users } from '../../db/schema/users.ts'
import {
  type Connection,
  type ConnectionSource,
  createPool,
  createTenantDatabase,
  type PoolOptions,
  type QueryResult,
  type TenantTx,
  withTenant,
} from '../../src/tenancy/index.ts'
import { asOwner, main, newTenant } from '../database.ts'

/** Sees every row of the shared database. */
export const owner = asOwner(main)

/** What a test may do to a connection: hear what is sent, do something before it, or change what comes back. */
interface Tampering {
  before?: (text: string, connection: Connection) => unknown
  answer?: (text: string, rows: QueryResult) => QueryResult
}

/** A pool, of one connection unless told otherwise, that writes down what is sent. */
export function watchedPool(options: Partial<PoolOptions> = {}, { before, answer }: Tampering = {}) {
  const pool = createPool({ url: main.appUrl, size: 1, ...options })
  const originals = new Map<Connection, Connection>()
  const sent: string[] = []

  function watch(connection: Connection): Connection {
    // In order, since a tenant transaction sends its first two statements without waiting between them.
    let ready: Promise<unknown> = Promise.resolve()
    async function pass(text: string, send: () => Promise<QueryResult>): Promise<QueryResult> {
      sent.push(text)
      ready = ready.then(() => before?.(text, connection))
      await ready
      const rows = await send()
      return answer?.(text, rows) ?? rows
    }
    const watched: Connection = {
      send: (text, parameters, shape) => pass(text, () => connection.send(text, parameters, shape)),
      command: (text) => pass(text, () => connection.command(text)),
      get fault() {
        return connection.fault
      },
      openedAt: connection.openedAt,
      close: () => connection.close(),
    }
    originals.set(watched, connection)
    return watched
  }

  const source: ConnectionSource = {
    acquire: async () => watch(await pool.acquire()),
    release(watched) {
      const connection = originals.get(watched)
      originals.delete(watched)
      if (connection) pool.release(connection)
    },
    close: () => pool.close(),
  }
  return Object.assign(source, { sent })
}

/** A door on a {@link watchedPool}, which is closed when the test ends: `await using door = openDoor()`. */
export function openDoor(options: Partial<PoolOptions> = {}, tampering: Tampering = {}) {
  const connections = watchedPool(options, tampering)
  const db = createTenantDatabase({ connections })
  return Object.assign(db, { sent: connections.sent, [Symbol.asyncDispose]: () => db.close() })
}

/** The serving role's URL with session settings: `withSettings({ lock_timeout: '100ms' })`. */
export function withSettings(settings: Record<string, string>, url = main.appUrl): string {
  const changed = new URL(url)
  for (const [name, value] of Object.entries(settings)) changed.searchParams.set(name, value)
  return changed.href
}

export async function addUser(tx: TenantTx, name = 'Ada'): Promise<string> {
  const email = `${crypto.randomUUID()}@rowhouse.example`
  const [row] = await tx.insert(users).values({ email, name }).returning({ id: users.id })
  if (!row) throw new Error('An insert returned no row')
  return row.id
}

/** A tenant with one user. */
export async function tenantWithUser(db: { write: <T>(work: (tx: TenantTx) => Promise<T>) => Promise<T> }) {
  const tenant = newTenant()
  return { tenant, userId: await withTenant(tenant, () => db.write((tx) => addUser(tx))) }
}

/** How many users a tenant has, seen from behind the wall. */
export async function countUsers(tenant: string): Promise<number> {
  const [row] = await owner`select count(*)::int as count from users where tenant_id = ${tenant}`
  return row?.count
}

export async function backendOf(tx: TenantTx): Promise<number> {
  const [row] = await tx.execute<{ pid: number }>(sql`select pg_backend_pid() as pid`)
  return row?.pid ?? 0
}

/** Ends a server process; resolves when it is gone. */
export async function terminate(pid: number): Promise<void> {
  await owner`select pg_terminate_backend(${pid})`
  await until(async () => (await owner`select from pg_stat_activity where pid = ${pid}`).length === 0)
}

/** A way to the shared database that can be cut: then PostgreSQL says no word of farewell. */
export async function openCable() {
  const { hostname, port } = new URL(main.appUrl)
  const sockets: Socket[] = []
  const frozen: Socket[] = []
  const server = createServer((near) => {
    const far = connect(Number(port), hostname)
    for (const socket of [near, far]) sockets.push(socket.on('error', () => {}))
    near.pipe(far).pipe(near)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = Object.assign(new URL(main.appUrl), { host: `127.0.0.1:${(server.address() as AddressInfo).port}` })
  return {
    url: url.href,
    /** Lets nothing through any more on what is connected, without closing it. New connections work. */
    freeze(): void {
      for (const socket of sockets.splice(0)) frozen.push(socket.unpipe().pause())
    },
    /** Cuts what is connected; resolves when the server process of it is gone. New connections work. */
    async cut(pid: number): Promise<void> {
      for (const socket of sockets.splice(0)) socket.destroy()
      await terminate(pid)
    },
    async [Symbol.asyncDispose]() {
      for (const socket of [...sockets, ...frozen]) socket.destroy()
      server.close()
    },
  }
}

/** Resolves as soon as a condition holds; the test's own time limit is the only one. */
export async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 5))
}

/** What a promise was rejected with, without Drizzle's wrapper. */
export async function failureOf(promise: Promise<unknown>): Promise<unknown> {
  const error = await promise.then(
    (value) => {
      throw new Error(`It did not fail, it gave ${JSON.stringify(value)}`)
    },
    (error: unknown) => error,
  )
  return error instanceof Error && error.message.startsWith('Failed query') ? error.cause : error
}

/** A gate that opens when it has been reached by so many. */
export function gate(count: number): () => Promise<void> {
  let open = () => {}
  const opened = new Promise<void>((resolve) => (open = resolve))
  return async () => {
    count -= 1
    if (count === 0) open()
    await opened
  }
}
