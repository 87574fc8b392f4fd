import pg from 'pg'
import { unavailable } from '../errors/index.ts'
import { type Answer, Batch, Command, PreparedStatements, type Rows, type Statement, toRows } from './batch.ts'
import { TransactionMisuse } from './transaction-misuse.ts'

/** Where a connection is between its answers, as PostgreSQL says with each: nothing begun, in a transaction, in a failed one. */
export type Status = 'idle' | 'transaction' | 'failed'

/** One connection to PostgreSQL, for one transaction at a time. */
export interface Connection {
  /**
   * Sends statements together, in one round trip. When one fails the rest is not run, and the failure is all that comes
   * back.
   *
   * @param options `named`: whether PostgreSQL keeps them parsed, when the connection does; true when left out
   */
  send(statements: readonly Statement[], options?: { named?: boolean }): Promise<Answer[]>
  /** Sends a statement of ours that has neither parameters nor rows: BEGIN, COMMIT, ROLLBACK. */
  command(text: string): Promise<Answer>
  readonly status: Status
  /** Why this connection must not be used again: it was lost, or PostgreSQL gave a notice that it should not. */
  readonly fault: string | undefined
  /** When it was opened, in milliseconds since the epoch. */
  readonly openedAt: number
  close(): Promise<void>
}

/** Where the tenant database takes its connections from, and where it brings them back. */
export interface ConnectionSource {
  acquire(): Promise<Connection>
  release(connection: Connection): void
  /** Hears what goes on after a read has answered, its COMMIT: for runtimes that stop with the response. */
  waitUntil?(ending: Promise<void>): void
  /** Waits for connections in use, then closes all. */
  close(): Promise<void>
}

export interface ConnectionOptions {
  /**
   * `postgres://user:password@host:port/database`, with `?sslmode=require` or `verify-full` for TLS and `?prepare=false`
   * for a transaction pooler that does not carry named statements: PgBouncer below 1.21.
   */
  url: string
  /** How long to wait for PostgreSQL to let us in, in milliseconds. */
  connectTimeoutMs?: number
  /**
   * How long a statement may go unanswered before the connection is given up, in milliseconds; 0 for ever. It stands behind
   * the role's `statement_timeout`, for a server or a network that has gone silent. 15 seconds when left out.
   */
  answerTimeoutMs?: number
  /** Whether PostgreSQL keeps statements parsed under names; as the URL says, when left out. */
  prepare?: boolean
}

// Warnings that mean: BEGIN in a transaction, COMMIT or ROLLBACK outside of one. Somebody else spoke on this connection.
const alarming = ['25001', '25P01']
const statuses = { I: 'idle', T: 'transaction', E: 'failed' } as const
const FAREWELL_MS = 1000

/** Whether PostgreSQL no longer has a statement as it was prepared: a table was changed, or a pooler mixed connections up. */
export const isStale = (error: unknown): boolean =>
  error instanceof pg.DatabaseError &&
  (error.code === '26000' ||
    error.code === '42P05' ||
    (error.code === '0A000' && error.routine === 'RevalidateCachedQuery'))

/**
 * Opens one connection. It never connects again: a lost one has a fault, since the rest of its transaction must not run
 * outside of any.
 *
 * @throws ApiError SERVICE_UNAVAILABLE from `send`, when PostgreSQL cannot be reached or the connection is lost
 */
export function openConnection(options: ConnectionOptions): Connection {
  const { connectTimeoutMs = 5000, answerTimeoutMs = 15_000 } = options
  const { prepare = new URL(options.url).searchParams.get('prepare') !== 'false' } = options
  const client = new pg.Client({
    ...partsOf(options.url),
    application_name: 'rowhouse',
    connectionTimeoutMillis: connectTimeoutMs,
    keepAlive: true,
    keepAliveInitialDelayMillis: 60_000,
  })
  let prepared = prepare ? new PreparedStatements() : undefined
  let fault: string | undefined
  let underWay: { batch: Batch; settle: (error?: Error) => void } | undefined

  function lose(error: Error): void {
    fault ??= 'lost'
    underWay?.settle(unavailable(underWay.batch.error ?? error))
  }
  client.on('error', lose)
  client.on('end', () => lose(new Error('The connection was lost')))
  client.on('notice', ({ code }) => {
    if (code !== undefined && alarming.includes(code)) fault ??= `notice ${code}`
  })
  client.connection.on('parseComplete', () => underWay?.batch.handleParseComplete())
  // An error that ends the session (FATAL) has no ReadyForQuery behind it; its name in `severity` is translated.
  client.connection.on('readyForQuery', () => underWay?.settle(underWay.batch.error))
  // COPY … FROM STDIN waits for data that nobody will send, and would take what stands behind it for that.
  client.connection.on('copyInResponse', () => {
    fault ??= 'copy'
    underWay?.settle(new TransactionMisuse('COPY … FROM STDIN is not possible here'))
    client.connection.stream.destroy()
  })
  const connected = client.connect().then(
    () => {},
    (error: Error) => {
      fault ??= 'lost'
      throw unavailable(error)
    },
  )
  connected.catch(() => {}) // whoever sends first hears of it

  async function submit(batch: Batch): Promise<Answer[]> {
    await connected
    if (fault !== undefined) throw unavailable(new Error(`The connection is unusable: ${fault}`))
    if (underWay) throw new Error('Statements are under way on this connection')
    const deadline =
      answerTimeoutMs > 0 ? setTimeout(() => client.connection.stream.destroy(), answerTimeoutMs) : undefined
    return await new Promise((resolve, reject) => {
      const settle = (error?: Error) => {
        underWay = undefined
        clearTimeout(deadline)
        // No name is parsed a second time: PgBouncer ends a session for that, and gives it the old statement on the server.
        if (isStale(error)) prepared = undefined
        if (error) reject(error)
        else resolve(batch.answers)
      }
      underWay = { batch, settle }
      client.query(batch)
    })
  }

  return {
    openedAt: Date.now(),
    get fault() {
      return fault
    },
    get status() {
      return statuses[client.getTransactionStatus() ?? 'I']
    },
    send: async (statements, { named = true } = {}) =>
      await submit(new Batch(statements, named ? prepared : undefined)),
    async command(text) {
      const [answer] = await submit(new Command(text))
      if (!answer) throw new Error(`PostgreSQL did not answer ${text}`)
      return answer
    },
    async close() {
      const isBusy = underWay !== undefined || fault !== undefined
      fault ??= 'closed'
      const { stream } = client.connection
      if (isBusy) return void stream.destroy()
      const farewell = setTimeout(() => stream.destroy(), FAREWELL_MS)
      await client.end().finally(() => clearTimeout(farewell))
    },
  }
}

/**
 * Sends one statement, unnamed, and waits for its rows.
 *
 * @example
 * const [row] = await query(connection, 'select current_user as role')
 */
export async function query(
  connection: Connection,
  text: string,
  parameters: readonly unknown[] = [],
): Promise<Rows<Record<string, unknown>>> {
  const [answer] = await connection.send([{ text, parameters }], { named: false })
  if (!answer) throw new Error('A statement was not answered')
  return toRows(answer)
}

/** What a URL says, with `sslmode` as libpq means it. */
function partsOf(url: string): pg.ClientConfig {
  const { hostname, port, username, password, pathname, searchParams } = new URL(url)
  const mode = searchParams.get('sslmode') ?? 'disable'
  const settings = searchParams.get('options')
  return {
    host: searchParams.get('host') ?? decodeURIComponent(hostname).replace(/^\[|\]$/g, ''),
    port: Number(port || 5432),
    user: decodeURIComponent(username),
    password: decodeURIComponent(password),
    database: decodeURIComponent(pathname.slice(1)),
    ssl: mode === 'disable' ? false : { rejectUnauthorized: mode.startsWith('verify') },
    ...(settings ? { options: settings } : {}),
  }
}

/**
 * Opens a connection for every transaction and closes it after: for runtimes where a socket belongs to the request that
 * opened it, as on Cloudflare Workers, behind a pooler such as Hyperdrive.
 */
export function connectionPerTransaction(options: ConnectionOptions): ConnectionSource {
  return {
    acquire: async () => openConnection({ ...options, prepare: false }),
    release(connection) {
      void connection.close()
    },
    close: async () => {},
  }
}
