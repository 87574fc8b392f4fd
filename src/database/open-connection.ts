import pg from 'pg'
import { assertWholeNumber } from '../text/index.ts'
import { Batch, Command } from './batch.ts'
import type { Connection, LoginSettings, Status } from './connection.ts'
import { ConnectionFailure } from './connection-failure.ts'
import { parseConnectionUrl } from './connection-url.ts'
import { PreparedStatements } from './prepared-statements.ts'
import type { Statement, StatementResult } from './statement.ts'
import { TransactionMisuse } from './transaction-misuse.ts'

export interface ConnectionOptions {
  /**
   * `postgres://user:password@host:port/database` as libpq reads it, with `?sslmode=verify-full` for TLS and
   * `?prepare=false` for a transaction pooler without named statements: PgBouncer below 1.21.
   */
  url: string
  /** How long a login may take, in milliseconds; 0 for no limit. A `connect_timeout` of the URL overrides it. @default 5000 */
  connectTimeoutMs?: number
  /**
   * How long PostgreSQL may take to answer a statement before the connection is destroyed, in milliseconds; 0 for no limit.
   * It covers a silent server or network, where the role's `statement_timeout` has no effect. @default 15000
   */
  answerTimeoutMs?: number
  /** Whether PostgreSQL keeps statements parsed under names. @default true, or false where the URL has `prepare=false` */
  prepare?: boolean
}

// Warnings of BEGIN in a transaction, and of COMMIT or ROLLBACK outside of one: another client used this connection.
const alarmingNotices = ['25001', '25P01']
const statuses = { I: 'idle', T: 'transaction', E: 'failed' } as const
const closeTimeoutMs = 1000

/** Whether PostgreSQL lost or outdated a prepared statement: a table changed, or a pooler mixed up connections. */
export const isStale = (error: unknown): boolean =>
  error instanceof pg.DatabaseError &&
  (error.code === '26000' ||
    error.code === '42P05' ||
    (error.code === '0A000' && error.routine === 'RevalidateCachedQuery'))

/**
 * Opens one connection. It never reconnects: a lost connection has a fault, because the rest of its transaction must not
 * run outside of any transaction.
 *
 * @throws TypeError when the URL or a number is not understood, OperatorError when a file that the URL names cannot be read.
 *   ApiError SERVICE_UNAVAILABLE from `send` and `command`, when PostgreSQL cannot be reached or the connection is lost
 * @example
 * const connection = openConnection({ url: 'postgres://app_user:secret@localhost/rowhouse' })
 * await query(connection, 'select 1')
 * await connection.close()
 */
export const openConnection = (options: ConnectionOptions): Connection => createOpener(options)()

/**
 * Checks the options and reads the files of certificates once, for all connections of a source.
 *
 * @throws TypeError when the URL or a number is not understood, OperatorError when a file cannot be read
 * @returns a function that opens a connection
 */
export function createOpener({ url, answerTimeoutMs = 15_000, ...given }: ConnectionOptions): () => Connection {
  const { client, prepare, connectTimeoutMs = given.connectTimeoutMs ?? 5000 } = parseConnectionUrl(url)
  assertWholeNumber('connectTimeoutMs', connectTimeoutMs, 0)
  assertWholeNumber('answerTimeoutMs', answerTimeoutMs, 0)
  const config = { ...client, connectionTimeoutMillis: connectTimeoutMs }
  const loginSettings = {
    client_encoding: 'UTF8',
    DateStyle: 'ISO, MDY',
    application_name: client.application_name ?? '',
  }
  return () => new PgConnection(config, { answerTimeoutMs, loginSettings, prepare: given.prepare ?? prepare })
}

/**
 * A client that asks for ISO dates when it logs in, whatever the role, the database and the server have as default. Of the
 * settings that change how values are read, PgBouncer accepts this one alone: the others are defaults of the role
 * (sql/10-roles.sql), and the isolation check compares them. The order of day and month is named, because PgBouncer compares
 * the text with PostgreSQL's "ISO, MDY", and sends a SET before each transaction when they differ.
 */
function createClient(options: pg.ClientConfig, loginSettings: LoginSettings): pg.Client {
  // Part of pg that its types do not declare. test/database/private-surfaces.test.ts holds it.
  const client = new pg.Client(options) as pg.Client & { getStartupConf(): Record<string, string> }
  const startup = client.getStartupConf()
  client.getStartupConf = () => ({ ...startup, ...loginSettings })
  return client
}

class PgConnection implements Connection {
  readonly openedAt = Date.now()
  private firstFault: string | undefined
  private lostBy: Error | undefined
  private isLate = false
  private readonly client: pg.Client
  private readonly answerTimeoutMs: number
  private readonly connected: Promise<void>
  private isConnected = false
  private prepared: PreparedStatements | undefined
  private pending: { batch: Batch; settle: (error?: Error) => void } | undefined

  readonly loginSettings: LoginSettings

  constructor(
    config: pg.ClientConfig,
    {
      answerTimeoutMs,
      loginSettings,
      prepare,
    }: { answerTimeoutMs: number; loginSettings: LoginSettings; prepare: boolean },
  ) {
    this.answerTimeoutMs = answerTimeoutMs
    this.loginSettings = loginSettings
    this.prepared = prepare ? new PreparedStatements() : undefined
    this.client = createClient({ ...config, keepAlive: true, keepAliveInitialDelayMillis: 60_000 }, loginSettings)
    this.listen()
    this.connected = this.connect()
    this.connected.catch(() => {}) // the first `send` rejects with it
  }

  private listen(): void {
    const { client } = this
    client.on('error', (error) => this.lose(error))
    client.on('end', () => this.lose(new Error('The connection was lost')))
    client.on('notice', ({ code }) => {
      if (code !== undefined && alarmingNotices.includes(code)) this.firstFault ??= `notice ${code}`
    })
    client.connection.on('parseComplete', () => this.pending?.batch.handleParseComplete())
    // A FATAL error is followed by no ReadyForQuery, and its `severity` is translated: 'end' settles the batch then.
    client.connection.on('readyForQuery', () => this.pending?.settle(this.pending.batch.error))
    // After COPY … FROM STDIN, PostgreSQL would read the next messages as data.
    client.connection.on('copyInResponse', () => {
      this.firstFault ??= 'copy'
      this.pending?.settle(new TransactionMisuse('COPY … FROM STDIN is not supported: insert the rows instead'))
      client.connection.stream.destroy()
    })
  }

  private async connect(): Promise<void> {
    try {
      await this.client.connect()
      this.isConnected = true
    } catch (error) {
      this.firstFault ??= 'lost'
      throw new ConnectionFailure('lost', error as Error) // pg throws errors only
    }
  }

  private lose(error: Error): void {
    this.firstFault ??= 'lost'
    this.lostBy ??= error
    this.pending?.settle(new ConnectionFailure(this.isLate ? 'late' : 'lost', this.pending.batch.error ?? error))
  }

  get fault(): string | undefined {
    return this.firstFault
  }

  get status(): Status {
    return statuses[this.client.getTransactionStatus() ?? 'I']
  }

  async send(statements: readonly Statement[], { named = true } = {}): Promise<StatementResult[]> {
    return await this.submit(new Batch(statements, named ? this.prepared : undefined))
  }

  async command(text: string): Promise<StatementResult> {
    const result = (await this.submit(new Command(text))).at(-1)
    if (!result) throw new Error(`PostgreSQL returned no result for ${text}`)
    return result
  }

  private async submit(batch: Batch): Promise<StatementResult[]> {
    await this.connected
    if (this.firstFault !== undefined) {
      const cause = new Error(`The connection is unusable: ${this.firstFault}`, { cause: this.lostBy })
      throw new ConnectionFailure(this.isLate ? 'late' : 'lost', cause)
    }
    if (this.pending) throw new Error('This connection has a pending batch: wait for its results')
    const deadline = this.answerTimeoutMs > 0 ? setTimeout(() => this.giveUp(), this.answerTimeoutMs) : undefined
    return await new Promise((resolve, reject) => {
      const settle = (error?: Error) => {
        this.pending = undefined
        clearTimeout(deadline)
        // No name is parsed twice: PgBouncer ends a session for that, and keeps the old statement on the server.
        if (isStale(error)) this.prepared = undefined
        if (error) reject(error)
        else resolve(batch.results)
      }
      this.pending = { batch, settle }
      this.client.query(batch)
    })
  }

  private giveUp(): void {
    this.isLate = true
    this.client.connection.stream.destroy()
  }

  async close(): Promise<void> {
    // After `end` during the login, pg never settles `connect`, and calls that wait for it would hang.
    const isBusy = !this.isConnected || this.pending !== undefined || this.firstFault !== undefined
    this.firstFault ??= 'closed'
    const { stream } = this.client.connection
    if (isBusy) return void stream.destroy()
    const deadline = setTimeout(() => stream.destroy(), closeTimeoutMs)
    await this.client.end().finally(() => clearTimeout(deadline))
  }
}
