import postgres from 'postgres'
import { ApiError, unavailable } from '../errors/index.ts'

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
  /**
   * How long a statement may go unanswered before the connection is given up, in milliseconds; 0 for ever. It stands behind
   * the role's `statement_timeout`, for a server or a network that has gone silent. 15 seconds when left out.
   */
  answerTimeoutMs?: number
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
  const { connectTimeoutMs = 5000, answerTimeoutMs = 15_000 } = options
  let fault: string | undefined
  const sql = postgres(options.url, {
    max: 1,
    // Each of these acts between the statements of a transaction, which would cut it in two: the pool does it instead.
    idle_timeout: null as never, // null is the driver's own "never"; its types know numbers only
    max_lifetime: null,
    backoff: false,
    fetch_types: false,
    connect_timeout: connectTimeoutMs / 1000,
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

  // The driver holds back what is written behind a connect or behind a statement with parameters, and would run it on a
  // new connection if this one was lost meanwhile: such a statement lets the next one go when it has been answered.
  let turn: Promise<unknown> = Promise.resolve()
  let isOpen = false

  async function run(query: () => PromiseLike<unknown>, holdsBack: boolean): Promise<QueryResult> {
    const before = turn
    let pass = () => {}
    turn = new Promise<void>((resolve) => (pass = resolve))
    await before
    // The driver waits for ever for a peer that has gone silent, and tries for ever where every connect is hung up on.
    const patienceMs = isOpen ? answerTimeoutMs : connectTimeoutMs
    const deadline = patienceMs > 0 ? setTimeout(close, patienceMs) : undefined
    try {
      if (fault !== undefined) throw unavailable(new Error(`The connection is unusable: ${fault}`))
      // `then` is what makes the driver send it, so it comes before the next one's turn. A RowList has command and count.
      const result = query().then((rows) => rows as QueryResult)
      if (isOpen && !holdsBack) pass()
      return await result
    } catch (error) {
      if (error instanceof ApiError) throw error
      if (error instanceof postgres.PostgresError && error.severity === 'ERROR') throw error
      // FATAL and PANIC end the session, and so does a lost socket. Of anything else the state is not known.
      fault ??= 'lost'
      throw isConnectionError(error) ? unavailable(error) : error
    } finally {
      clearTimeout(deadline)
      isOpen = fault === undefined
      pass()
    }
  }

  function close(): Promise<void> {
    fault ??= 'closed'
    return sql.end({ timeout: 0 })
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
      }, parameters.length > 0),
    // The simple protocol takes one message: on PGlite, whose connections share one session, BEGIN must be atomic.
    command: (text) => run(() => sql.unsafe(text), false),
    close,
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
