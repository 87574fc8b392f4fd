import { type TenantContext, tenantContext } from '../context/index.ts'
import type { Connection } from './connection.ts'
import { ConnectionFailure } from './connection-failure.ts'
import { ending, endingAlone, idOf, runsWithoutBegin, ViolatedProtocol } from './ending.ts'
import { guardFailure } from './not-confirmed.ts'
import { type Returned, resultOf, sizeOf } from './query.ts'
import type { Statement, StatementResult } from './statement.ts'
import { createTx, type TenantTx } from './tenant-tx.ts'
import { TransactionMisuse } from './transaction-misuse.ts'

/** The statements that begin a transaction and set its settings. They go with the first queries, in one round trip. */
export interface Opening {
  /** Sent alone, before the statements, where BEGIN must be a message of its own. */
  command: string | undefined
  statements: readonly Statement[]
  /**
   * The statements that set the settings without BEGIN, for a transaction of one statement: PostgreSQL runs all statements of one message
   * in one transaction. undefined: it needs BEGIN.
   */
  withoutBegin: readonly Statement[] | undefined
  /** Whether COMMIT may go in the message of the queries. It may not where the work must change nothing before `confirm`. */
  endsWithQueries: boolean
  /**
   * Compares the results of the statements with the expected ones. When it throws, the work gets no rows.
   *
   * @throws SettingsNotConfirmed when PostgreSQL did not set what was sent: the connection is destroyed
   */
  confirm(results: readonly StatementResult[]): void
}

/** Whose transaction a handle is for, and the signal that stops it. An administrative transaction has neither. */
export type HandleContext = Partial<Pick<TenantContext, 'tenantId' | 'actor' | 'signal'>>

/**
 * Refuses work of another tenant or another actor in a transaction: it would get rows of the transaction's tenant, or be recorded
 * under the transaction's actor.
 *
 * @throws TransactionMisuse
 */
export function assertBelongs(transaction: HandleContext, remedy: string): void {
  const current = tenantContext()
  if (current === undefined) return
  const other =
    current.tenantId !== transaction.tenantId ? 'tenant' : current.actor !== transaction.actor ? 'actor' : undefined
  if (other) throw new TransactionMisuse(`A transaction of another ${other} is open: ${remedy}`)
}

export interface HandleOptions {
  opening: Opening
  /** Whether PostgreSQL keeps the queries parsed under names. */
  named: boolean
  /** Whether the id of the transaction is queried before COMMIT. */
  withId: boolean
}

const isOver = 'This transaction is over. Await every query inside of db.read or db.write.'

interface WaitingQuery {
  statement: Statement
  resolve(result: StatementResult): void
  reject(error: unknown): void
}

// A statement that begins or ends a transaction would leave the rest of it without its tenant, or in another tenant's.
// The text is checked before it is sent, and the command tag afterwards, because a comment can hide the command.
const transactionText = /^\s*(begin|start|commit|end|rollback|abort|prepare\s+transaction)\b/i
const transactionTag = /^(BEGIN|START TRANSACTION|COMMIT|ROLLBACK|PREPARE TRANSACTION)/

function refuseCommand(command: string | undefined): void {
  if (command === undefined) return
  throw new TransactionMisuse(
    `Do not send ${command} in a transaction: db.read and db.write begin and end transactions`,
  )
}

/**
 * The handle of one transaction. With a plain driver, a handle that outlives its transaction runs its query inside the next
 * tenant's transaction on that connection; this one is revoked at the end of its transaction.
 *
 * Queries that are started without waiting for each other go in one batch, in their order. Queries that are started while a
 * batch is pending wait for its results, so a query behind a failure or behind the end is never sent. Queries that the work
 * returns without having sent any are the whole transaction: COMMIT goes in their message.
 */
export class TransactionHandle {
  readonly tx: TenantTx
  /** The id of a committed transaction that changed rows, where it was queried. */
  transactionId: string | undefined
  private revoked = false
  private opened = false
  /** Whether BEGIN was sent. */
  private begun = false
  private committed = false
  /** Whether the waiting queries are all of the transaction. */
  private isWhole = false
  /** Queries that were made and not sent. */
  private expected = 0
  private waiting: WaitingQuery[] = []
  private pendingCount = 0
  private flushing: Promise<void> = Promise.resolve()
  private cause: Error | undefined

  constructor(
    private readonly connection: Connection,
    private readonly context: HandleContext,
    private readonly options: HandleOptions,
  ) {
    const send = (text: string, parameters: unknown[]) => this.send(text, parameters)
    const expectQuery = () => {
      this.expected += 1
      return () => {
        this.expected -= 1
      }
    }
    this.tx = createTx({ send, expectQuery }, context.tenantId === undefined ? 'admin' : 'tenant')
  }

  /** The first failure of this transaction. It is final: PostgreSQL answers later statements only with "aborted". */
  get firstCause(): Error | undefined {
    return this.cause
  }

  /** Whether there is a transaction to end. */
  get isOpen(): boolean {
    return this.begun && !this.committed
  }

  /** Marks the transaction as failed. The first failure stays. */
  fail(error: unknown): void {
    this.cause ??=
      error instanceof Error ? error : new Error('A value that is not an Error was thrown', { cause: error })
  }

  /** Sends the opening alone, before any query. */
  async open(): Promise<void> {
    try {
      await this.exchange([])
    } catch (error) {
      this.fail(error)
      throw error
    }
  }

  /** Waits for what the work returned. When it is queries, and all queries of the transaction, COMMIT goes in their message. */
  async settle<T>(returned: Returned<T>): Promise<T> {
    const isUnused = !this.opened && this.waiting.length === 0
    const size = sizeOf(returned)
    const result = resultOf(returned)
    this.isWhole = isUnused && this.options.opening.endsWithQueries && this.waiting.length === size
    return await result
  }

  /** Fails the transaction when a query has no result yet, or when the signal of its context is aborted. */
  checkFinished(): void {
    const unawaited = this.waiting.length + this.pendingCount
    if (unawaited > 0) this.fail(new TransactionMisuse(`${unawaited} queries were not awaited in this transaction`))
    if (this.expected > 0)
      this.fail(new TransactionMisuse(`${this.expected} queries were neither awaited nor returned`))
    if (this.context.signal?.aborted && !this.committed) this.fail(this.context.signal.reason)
  }

  /** From now on every query throws before it reaches the socket. Resolves when no query is pending. */
  async revoke(): Promise<void> {
    this.revoked = true
    await this.flushing
  }

  private send(text: string, parameters: unknown[]): Promise<StatementResult> {
    return new Promise((resolve, reject) => {
      if (this.isWhole) throw new TransactionMisuse(isOver)
      this.assertUsable()
      this.waiting.push({ statement: { text, parameters }, resolve, reject })
      if (this.waiting.length === 1 && this.pendingCount === 0) this.flushing = this.flushSoon()
    })
  }

  private assertUsable(): void {
    if (this.revoked) throw new TransactionMisuse(isOver)
    if (this.cause) throw this.cause
    assertBelongs(this.context, 'use it before withTenant or after it')
    this.context.signal?.throwIfAborted()
  }

  /** Drizzle's builders send when they are awaited: queries of one Promise.all arrive microtasks apart. */
  private async flushSoon(): Promise<void> {
    for (let microtask = 0; microtask < 3; microtask += 1) await undefined
    await this.flush()
  }

  private async flush(): Promise<void> {
    const batch = this.waiting
    this.waiting = []
    this.pendingCount = batch.length
    try {
      const results = await this.exchange(batch.map(({ statement }) => statement))
      for (const [index, { resolve }] of batch.entries()) resolve(results[index] as StatementResult) // one for each
    } catch (error) {
      this.fail(error)
      for (const { reject } of batch) reject(error)
    }
    this.pendingCount = 0
    if (this.waiting.length > 0) await this.flush()
  }

  private async exchange(statements: Statement[]): Promise<StatementResult[]> {
    const { connection, isWhole } = this
    const { opening, named, withId } = this.options
    this.assertUsable()
    for (const { text } of statements) refuseCommand(transactionText.exec(text)?.[1])
    const [only] = isWhole && statements.length === 1 ? statements : []
    const alone = only && runsWithoutBegin(only.text) ? opening.withoutBegin : undefined
    const first = this.opened ? [] : (alone ?? opening.statements)
    const last = alone ? endingAlone(withId) : isWhole ? ending(withId) : []
    if (!this.opened && opening.command) await connection.command(opening.command)
    this.opened = true
    this.begun = alone === undefined
    const results = await connection.send([...first, ...statements, ...last], { named }).catch((error) => {
      throw guardFailure(error, first.length) ?? error
    })
    const own = results.slice(first.length, first.length + statements.length)
    for (const { command } of own) refuseCommand(transactionTag.exec(command)?.[1])
    if (first.length > 0) this.confirm(results.slice(0, first.length))
    if (isWhole) this.confirmCommit(results)
    else if (connection.status !== 'transaction')
      throw new TransactionMisuse('The transaction ended before its work did')
    return own
  }

  private confirm(results: StatementResult[]): void {
    const { fault } = this.connection
    if (fault) throw new ConnectionFailure('lost', new Error(`Protocol violation: ${fault} at begin`))
    this.options.opening.confirm(results)
  }

  private confirmCommit(results: StatementResult[]): void {
    const { command } = results.at(-1) ?? {}
    if (this.begun && command !== 'COMMIT') throw new ViolatedProtocol(`COMMIT was answered with ${command}`)
    if (this.connection.status !== 'idle')
      throw new ViolatedProtocol('a transaction was open behind the last statement')
    this.committed = true
    if (this.options.withId) this.transactionId = idOf(results.at(this.begun ? -2 : -1))
  }
}
