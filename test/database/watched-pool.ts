import { users } from '../../db/schema/users.ts'
import { withTenant } from '../../src/context/index.ts'
import {
  type Connection,
  type ConnectionSource,
  createPool,
  createTenantDatabase,
  type PoolOptions,
  type StatementResult,
  type TenantDatabase,
  type TenantTx,
} from '../../src/database/index.ts'

// Nothing here is of one runtime: the cases of the escaped handle run on Node too.

/** What a test may do to a connection: hear what is sent, do something before it, or change what comes back. */
export interface Tampering {
  before?: (text: string, connection: Connection) => unknown
  answer?: (text: string, answer: StatementResult) => StatementResult
}

/** A pool, of one connection unless told otherwise, that writes down what is sent. */
export function watchedPool(options: Partial<PoolOptions> & { url: string }, { before, answer }: Tampering = {}) {
  const pool = createPool({ size: 1, ...options })
  const originals = new Map<Connection, Connection>()
  const sent: string[] = []

  function watch(connection: Connection): Connection {
    const answered = (text: string, given: StatementResult) => answer?.(text, given) ?? given
    const look = async (text: string) => {
      sent.push(text)
      await before?.(text, connection)
    }
    const watched: Connection = {
      async send(statements, options) {
        for (const { text } of statements) await look(text)
        const answers = await connection.send(statements, options)
        return answers.map((given, index) => answered(statements[index]?.text ?? '', given))
      },
      async command(text) {
        await look(text)
        return answered(text, await connection.command(text))
      },
      get status() {
        return connection.status
      },
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

/** A door on a {@link watchedPool}, which is closed when the test ends: `await using door = openWatchedDatabase({ url })`. */
export function openWatchedDatabase(options: Partial<PoolOptions> & { url: string }, tampering: Tampering = {}) {
  const connections = watchedPool(options, tampering)
  const db = createTenantDatabase({ connections })
  return Object.assign(db, { sent: connections.sent, [Symbol.asyncDispose]: () => db.close() })
}

export async function addUser(tx: TenantTx, name = 'Ada'): Promise<string> {
  const email = `${crypto.randomUUID()}@rowhouse.example`
  const [row] = await tx.insert(users).values({ email, name }).returning({ id: users.id })
  if (!row) throw new Error('An insert returned no row')
  return row.id
}

/** A tenant with one user. */
export async function tenantWithUser(db: Pick<TenantDatabase, 'write'>) {
  const tenant = crypto.randomUUID()
  return { tenant, userId: await withTenant(tenant, () => db.write((tx) => addUser(tx))) }
}

/** What a promise was rejected with. */
export const failureOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    (value) => {
      throw new Error(`It did not fail, it gave ${JSON.stringify(value)}`)
    },
    (error: unknown) => error,
  )

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
