import postgres from 'postgres'
import { unavailable } from '../errors/index.ts'

/** Rows of one statement, with the command tag that PostgreSQL confirmed it with. */
export interface QueryResult extends Array<unknown> {
  command: string
  count: number | null
}

/** One connection to PostgreSQL, for one transaction at a time. */
export interface Connection {
  /** Sends one statement. Statements written without waiting for one another are run in order. */
  send(text: string, parameters: unknown[], shape: 'objects' | 'arrays'): Promise<QueryResult>
  /** Sends a statement of ours that has neither parameters nor rows: BEGIN, COMMIT, ROLLBACK. */
  command(text: string): Promise<QueryResult>
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
  /** Waits for connections in use, then closes all. */
  close(): Promise<void>
}

export interface ConnectionOptions {
  /** `postgres://user:password@host:port/database` */
  url: string
  /** How long to wait for PostgreSQL to let us in, in milliseconds. */
  connectTimeoutMs?: number
}

// Warnings that mean: BEGIN in a transaction, COMMIT or ROLLBACK outside of one. Somebody else spoke on this connection.
const alarming = ['25001', '25P01']
// Drizzle parses these itself and expects text: timestamps, dates, intervals and arrays of them.
const drizzleParses = [1184, 1082, 1083, 1114, 1182, 1185, 1115, 1231]
const drizzleSerializes = [...drizzleParses, 114, 3802]

/**
 * Opens one connection; the first statement connects. A postgres.js client of one connection would reconnect by itself
 * and run the rest of a lost transaction outside of any: this one never does, a fault ends it.
 *
 * @throws ApiError SERVICE_UNAVAILABLE from `send`, when PostgreSQL cannot be reached or the connection is lost
 */
export function openConnection(options: ConnectionOptions): Connection {
  let fault: string | undefined
  const sql = postgres(options.url, {
    max: 1,
    // Each of these acts between the statements of a transaction, which would cut it in two: the pool does it instead.
    idle_timeout: null as never, // null is the driver's own "never"; its types know numbers only
    max_lifetime: null,
    backoff: false,
    fetch_types: false,
    connect_timeout: (options.connectTimeoutMs ?? 5000) / 1000,
    connection: { application_name: 'rowhouse' },
    onnotice: (notice) => {
      if (alarming.includes(notice.code ?? '')) fault ??= `notice ${notice.code}`
    },
    onclose: () => {
      fault ??= 'lost'
    },
  })
  const asText = (value: unknown) => value
  for (const type of drizzleParses) sql.options.parsers[type] = asText
  for (const type of drizzleSerializes) sql.options.serializers[type] = asText

  // A second statement queued behind a failing connect would make the driver connect once more, and run it there.
  let opening: Promise<unknown> | undefined

  async function run(query: () => PromiseLike<unknown>): Promise<QueryResult> {
    if (opening) await opening
    if (fault !== undefined) throw unavailable(new Error(`The connection is unusable: ${fault}`))
    try {
      const result = Promise.resolve(query())
      opening ??= result.catch(() => {})
      return (await result) as QueryResult // a RowList has command and count; the driver types count as a number
    } catch (error) {
      if (error instanceof postgres.PostgresError && error.severity === 'ERROR') throw error
      // FATAL and PANIC end the session, and so does a lost socket. Of anything else the state is not known.
      fault ??= 'lost'
      throw isConnectionError(error) ? unavailable(error) : error
    }
  }

  return {
    openedAt: Date.now(),
    get fault() {
      return fault
    },
    send: (text, parameters, shape) =>
      run(() => {
        // The extended protocol takes one statement a message: nothing can be stacked behind it. Not prepared by name,
        // since a transaction pooler may not carry names. The driver's types know neither option in this place.
        const query = sql.unsafe(text, parameters as never[], { prepare: false, simple: false } as { prepare: boolean })
        return shape === 'arrays' ? query.values() : query
      }),
    // The simple protocol takes one message: on PGlite, whose connections share one session, BEGIN must be atomic.
    command: (text) => run(() => sql.unsafe(text)),
    close() {
      fault ??= 'closed'
      return sql.end({ timeout: 0 })
    },
  }
}

// postgres.js names its own connection errors CONNECT…; the socket's are errno names; PostgreSQL's come with FATAL or PANIC.
const isConnectionError = (error: unknown): boolean =>
  error instanceof postgres.PostgresError ||
  (error instanceof Error && 'code' in error && /^(CONNECT(ION)?_|E[A-Z_]+$)/.test(String(error.code)))

/**
 * Opens a connection for every transaction and closes it after: for runtimes where a socket belongs to the request that
 * opened it, as on Cloudflare Workers, behind a pooler such as Hyperdrive.
 */
export function connectionPerTransaction(options: ConnectionOptions): ConnectionSource {
  return {
    acquire: async () => openConnection(options),
    release(connection) {
      void connection.close()
    },
    close: async () => {},
  }
}
