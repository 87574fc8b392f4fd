import { users } from '../../db/schema/users.ts'
import { resultsBefore } from '../../src/database/batch.ts'
import {
  type Connection,
  type ConnectionSource,
  createPool,
  createTenantDatabase,
  type PoolOptions,
  type StatementResult,
  type TenantDatabase,
  type TenantDatabaseOptions,
  type TenantTx,
} from '../../src/database/index.ts'
import { newTenant, tenantIds, withTenant } from '../tenants.ts'

// This module has no Bun API: the cases of the escaped handle also run on Node.

/**
 * What a test does to a connection: `before` runs before a statement is sent, `rewrite` can replace its text, and `answer` its
 * result.
 */
export interface Tampering {
  rewrite?: (text: string) => string
  before?: (text: string, connection: Connection) => unknown
  answer?: (text: string, answer: StatementResult) => StatementResult
}

/** The end of a transaction, which can clean the connection too, by its name. */
export const nameOf = (message: string): string =>
  message.startsWith('rollback;') ? 'rollback' : message.endsWith('; commit') ? 'commit' : message

/** Whether a statement is the one that sets the tenant. */
export const setsTenant = (text: string): boolean => text.startsWith('select pg_catalog.set_config')

/** A pool that records what is sent. It has one connection unless `options` has a size. */
export function watchedPool(
  options: Partial<PoolOptions> & { url: string },
  { before, rewrite = (text) => text, answer }: Tampering = {},
) {
  const pool = createPool({ size: 1, ...options })
  const originals = new Map<Connection, Connection>()
  const sent: string[] = []

  function watch(connection: Connection): Connection {
    const answered = (text: string, result: StatementResult) => answer?.(text, result) ?? result
    const record = async (text: string) => {
      sent.push(text)
      await before?.(text, connection)
    }
    const watched: Connection = {
      async send(statements, options) {
        for (const { text } of statements) await record(text)
        const rewritten = statements.map((statement) => ({ ...statement, text: rewrite(statement.text) }))
        const tampered = (results: readonly StatementResult[]) =>
          results.map((result, index) => answered(statements[index]?.text ?? '', result))
        try {
          return tampered(await connection.send(rewritten, options))
        } catch (error) {
          const results = resultsBefore(error) as StatementResult[] | undefined // an array of the batch
          results?.splice(0, results.length, ...tampered(results))
          throw error
        }
      },
      async command(message) {
        const text = nameOf(message)
        await record(text)
        return answered(text, await connection.command(message))
      },
      get status() {
        return connection.status
      },
      get fault() {
        return connection.fault
      },
      openedAt: connection.openedAt,
      loginSettings: connection.loginSettings ?? {},
      close: () => connection.close(),
    }
    originals.set(watched, connection)
    return watched
  }

  /** Whole transactions as the pool sends them, side by side. A `before` needs the connection, which they do not have. */
  const sendWhole: ConnectionSource['sendWhole'] = async (transaction) => {
    let texts: readonly string[] | undefined
    const reply = await pool.sendWhole?.({
      ...transaction,
      statements() {
        const statements = transaction.statements()
        if (!texts) sent.push(...statements.map(({ text }) => text))
        texts = statements.map(({ text }) => text)
        return statements.map((statement) => ({ ...statement, text: rewrite(statement.text) }))
      },
    })
    if (!reply) throw new Error('The pool cannot send whole transactions')
    return { ...reply, results: reply.results.map((result, index) => answer?.(texts?.[index] ?? '', result) ?? result) }
  }

  const source: ConnectionSource = {
    ...(before ? {} : { sendWhole }),
    acquire: async (holder) => watch(await pool.acquire(holder)),
    release(watched) {
      const connection = originals.get(watched)
      originals.delete(watched)
      if (connection) pool.release(connection)
    },
    close: () => pool.close(),
  }
  return Object.assign(source, { sent })
}

/** A tenant database on a {@link watchedPool}, closed at the end of the test: `await using db = openWatchedDatabase({ url })`. */
export const openWatchedDatabase = (options: Partial<PoolOptions> & { url: string }, tampering: Tampering = {}) =>
  openDatabaseWith({}, options, tampering)

/** As {@link openWatchedDatabase}, with options of the tenant database. */
export function openDatabaseWith<Schema extends Record<string, unknown> = Record<string, never>>(
  how: Partial<TenantDatabaseOptions<Schema>>,
  options: Partial<PoolOptions> & { url: string },
  tampering: Tampering = {},
) {
  const connections = watchedPool(options, tampering)
  const db = createTenantDatabase({ connections, ...how, ...tenantIds })
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
  const tenant = newTenant()
  return { tenant, userId: await withTenant(tenant, () => db.write((tx) => addUser(tx))) }
}

/** The reason that a promise rejects with. */
export const failureOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    (value) => {
      throw new Error(`The promise did not reject. It resolved with ${JSON.stringify(value)}`)
    },
    (error: unknown) => error,
  )

/** A function whose promises resolve after it has been called `count` times. */
export function gate(count: number): () => Promise<void> {
  let open = () => {}
  const opened = new Promise<void>((resolve) => (open = resolve))
  return async () => {
    count -= 1
    if (count === 0) open()
    await opened
  }
}
