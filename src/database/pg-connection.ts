import { Socket } from 'node:net'
import pg from 'pg'
import type { BackendMessage } from 'pg-protocol/dist/messages'
import { Batch, Command } from './batch.ts'
import type { LoginSettings, Reply, SideBySideConnection, Status, WholeMessage } from './connection.ts'
import { ConnectionFailure } from './connection-failure.ts'
import { MessageReader } from './message-reader.ts'
import { isStale, PreparedStatements } from './prepared-statements.ts'
import { isReported } from './reported-error.ts'
import type { Statement, StatementResult } from './statement.ts'
import { TransactionMisuse } from './transaction-misuse.ts'

// Warnings of BEGIN in a transaction, and of COMMIT or ROLLBACK outside of one: another client used this connection.
const alarmingNotices = ['25001', '25P01']
const statuses = { I: 'idle', T: 'transaction', E: 'failed' } as const
const closeTimeoutMs = 1000

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

interface SessionOptions {
  answerTimeoutMs: number
  loginSettings: LoginSettings
  prepare: boolean
}

interface RowDescription extends BackendMessage {
  fields: readonly { name: string; dataTypeID: number }[]
}

/** A batch whose reply has not arrived. */
interface PendingBatch {
  batch: Batch
  settle(error?: Error): void
}

/** A connection of pg, which logs in. Afterwards its socket is read and written here. */
export class PgConnection implements SideBySideConnection {
  readonly openedAt = Date.now()
  readonly loginSettings: LoginSettings
  private firstFault: string | undefined
  private lostBy: Error | undefined
  private isLate = false
  private currentStatus: Status = 'idle'
  private readonly client: pg.Client
  private readonly answerTimeoutMs: number
  private readonly connected: Promise<void>
  private isConnected = false
  private prepared: PreparedStatements | undefined
  /** In the order of their messages, which is that of the replies. */
  private readonly pending: PendingBatch[] = []
  private deadline: ReturnType<typeof setTimeout> | undefined

  constructor(config: pg.ClientConfig, { answerTimeoutMs, loginSettings, prepare }: SessionOptions) {
    this.answerTimeoutMs = answerTimeoutMs
    this.loginSettings = loginSettings
    this.prepared = prepare ? new PreparedStatements() : undefined
    this.client = createClient({ ...config, keepAlive: true, keepAliveInitialDelayMillis: 60_000 }, loginSettings)
    this.client.on('error', (error) => this.lose(error))
    this.client.on('end', () => this.lose(new Error('The connection was lost')))
    this.connected = this.connect()
    this.connected.catch(() => {}) // the first `send` rejects with it
  }

  private async connect(): Promise<void> {
    try {
      await this.client.connect()
    } catch (error) {
      this.firstFault ??= 'lost'
      throw new ConnectionFailure('lost', error as Error) // pg throws errors only
    }
    this.readFromSocket()
    // The deadline of a batch keeps the process from its end. An idle socket does not: a script ends without `close`.
    const { stream } = this.client.connection
    if (this.answerTimeoutMs > 0 && stream instanceof Socket) stream.unref()
    this.isConnected = true
  }

  /** pg logs in. From then on its parser would read a reply for one query at a time. */
  private readFromSocket(): void {
    const { stream } = this.client.connection
    const reader = new MessageReader({
      onDataRow: (fields) => this.pending[0]?.batch.onDataRow(fields),
      onCommandComplete: (tag) => this.pending[0]?.batch.onCommandComplete(tag),
      onParseComplete: () => this.pending[0]?.batch.onParseComplete(),
      onReadyForQuery: (status) => this.finishFirst(statuses[status as keyof typeof statuses] ?? 'failed'),
      onOther: (message) => this.onOther(message),
    })
    stream.removeAllListeners('data')
    stream.on('data', (chunk: Buffer) => {
      try {
        reader.read(chunk)
      } catch (error) {
        this.firstFault ??= 'protocol'
        this.lostBy ??= error as Error // what the reader and the parsers of values throw
        stream.destroy()
      }
    })
  }

  private onOther(message: BackendMessage): void {
    const first = this.pending[0]
    if (isReported(message)) {
      // A FATAL error is followed by no ReadyForQuery, and its `severity` is translated: the end of the socket settles the batch then.
      if (first) first.batch.onError(message)
      else this.lose(message) // PostgreSQL ends the session
    } else if (message.name === 'rowDescription') {
      first?.batch.onRowDescription((message as RowDescription).fields) // its name says so
    } else if (message.name === 'notice') {
      const { code } = message as { code?: string } // likewise
      if (code !== undefined && alarmingNotices.includes(code)) this.firstFault ??= `notice ${code}`
    } else if (message.name === 'copyInResponse') {
      // After COPY … FROM STDIN, PostgreSQL would read the next messages as data.
      this.firstFault ??= 'copy'
      this.pending.shift()?.settle(new TransactionMisuse('COPY … FROM STDIN is not supported: insert the rows instead'))
      this.client.connection.stream.destroy()
    }
  }

  private finishFirst(status: Status): void {
    const first = this.pending[0]
    if (!first?.batch.isAnswered) throw new Error('PostgreSQL was ready for the next message before it had answered')
    this.pending.shift()
    this.currentStatus = status
    if (this.pending.length === 0) clearTimeout(this.deadline)
    // No name is parsed twice: PgBouncer ends a session for that, and keeps the old statement on the server.
    if (isStale(first.batch.error)) this.prepared = undefined
    first.settle(first.batch.error)
  }

  private lose(error: Error): void {
    this.firstFault ??= 'lost'
    this.lostBy ??= error
    clearTimeout(this.deadline)
    for (const { batch, settle } of this.pending.splice(0)) settle(this.failure(batch.error ?? this.lostBy))
  }

  private failure(cause: Error): ConnectionFailure {
    return new ConnectionFailure(this.isLate ? 'late' : 'lost', cause)
  }

  get fault(): string | undefined {
    return this.firstFault
  }

  get status(): Status {
    return this.currentStatus
  }

  async send(statements: readonly Statement[], { named = true } = {}): Promise<StatementResult[]> {
    return await this.submit(() => new Batch(statements, named ? this.prepared : undefined))
  }

  async command(text: string): Promise<StatementResult> {
    const result = (await this.submit(() => new Command(text))).at(-1)
    if (!result) throw new Error(`PostgreSQL returned no result for ${text}`)
    return result
  }

  private async submit(create: () => Batch): Promise<StatementResult[]> {
    if (!this.isConnected) await this.connected
    this.assertFree()
    const batch = create()
    return await new Promise((resolve, reject) => {
      this.expect(batch, (error) => (error ? reject(error) : resolve(batch.results)))
      this.client.connection.stream.write(batch.bytes)
    })
  }

  sendSideBySide(messages: readonly WholeMessage[]): void {
    if (this.isConnected) this.writeTogether(messages)
    else
      this.connected.then(
        () => this.writeTogether(messages),
        (error) => {
          for (const { reject } of messages) reject(error)
        },
      )
  }

  private writeTogether(messages: readonly WholeMessage[]): void {
    const written: Buffer[] = []
    for (const { statements, resolve, reject } of messages) {
      try {
        if (written.length === 0) this.assertFree()
        const batch = new Batch(statements, this.prepared)
        this.expect(batch, (error) =>
          error instanceof ConnectionFailure ? reject(error) : resolve(this.replyOf(batch, error)),
        )
        written.push(batch.bytes)
      } catch (error) {
        reject(error)
      }
    }
    const [first] = written
    if (first) this.client.connection.stream.write(written.length === 1 ? first : Buffer.concat(written))
  }

  private replyOf({ results }: Batch, error: Error | undefined): Reply {
    return { results, error, status: this.currentStatus, fault: this.firstFault }
  }

  hasParsed(statements: readonly Statement[]): boolean {
    const { prepared } = this
    return prepared !== undefined && statements.every(({ text }) => prepared.has(text))
  }

  private assertFree(): void {
    if (this.firstFault !== undefined)
      throw this.failure(new Error(`The connection is unusable: ${this.firstFault}`, { cause: this.lostBy }))
    if (this.pending.length > 0) throw new Error('This connection has a pending batch: wait for its results')
  }

  private expect(batch: Batch, settle: PendingBatch['settle']): void {
    if (this.pending.length === 0 && this.answerTimeoutMs > 0)
      this.deadline = setTimeout(() => this.giveUp(), this.answerTimeoutMs)
    this.pending.push({ batch, settle })
  }

  private giveUp(): void {
    this.isLate = true
    this.client.connection.stream.destroy()
  }

  async close(): Promise<void> {
    // After `end` during the login, pg never settles `connect`, and calls that wait for it would hang.
    const isBusy = !this.isConnected || this.pending.length > 0 || this.firstFault !== undefined
    this.firstFault ??= 'closed'
    const { stream } = this.client.connection
    if (isBusy) return void stream.destroy()
    const deadline = setTimeout(() => stream.destroy(), closeTimeoutMs)
    await this.client.end().finally(() => clearTimeout(deadline))
  }
}
