import { type TenantContext, tenantContext } from '../context/index.ts'
import type { Connection } from './connection.ts'
import { ConnectionFailure } from './connection-failure.ts'
import type { Send } from './session.ts'
import { isRefusedAt, settingsChanged } from './settings-guard.ts'
import type { Statement, StatementResult } from './statement.ts'
import { kindOf } from './statement-kind.ts'
import { createTx, type TenantTx } from './tenant-tx.ts'
import { TransactionMisuse } from './transaction-misuse.ts'

/** The statements that begin a transaction and set its settings. They go with the first queries, in one round trip. */
export interface Opening {
  /** Sent alone, before the statements, where BEGIN must be a message of its own. */
  command: string | undefined
  statements: readonly Statement[]
  /** COMMIT, where the first batch of queries is the only one: it goes in the same message. */
  commit: Statement | undefined
  /** Fails when a setting of the transaction was changed. It follows every text that is not prepared, in the same message. */
  guard: Statement
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

interface WaitingQuery {
  statement: Statement
  isPrepared: boolean
  resolve(result: StatementResult): void
  reject(error: unknown): void
}

// PostgreSQL's Bind message counts parameters in 16 bits.
const parametersMax = 65_535

function assertParameters({ length }: readonly unknown[]): void {
  if (length > parametersMax)
    throw new RangeError(
      `A statement has ${length} parameters, and PostgreSQL accepts ${parametersMax}: insert fewer rows at once. Nothing was sent`,
    )
}

/**
 * The handle of one transaction. With a plain driver, a handle that outlives its transaction runs its query inside the next
 * tenant's transaction on that connection; this one is revoked at the end of its transaction.
 *
 * Queries that are started without waiting for each other go in one batch, in their order. Queries that are started while a
 * batch is pending wait for its results, so a query behind a failure or behind the end is never sent.
 */
export class TransactionHandle {
  readonly tx: TenantTx
  private revoked = false
  private opened = false
  private committed = false
  private waiting: WaitingQuery[] = []
  private pendingCount = 0
  private flushing: Promise<void> = Promise.resolve()
  private cause: Error | undefined
  /** Whether a text was sent that is not prepared: it can change the session, for example by a function that it calls. */
  mayLeaveState = false

  /** @param named whether PostgreSQL keeps the queries parsed under names */
  constructor(
    private readonly connection: Connection,
    private readonly context: HandleContext,
    private readonly opening: Opening,
    private readonly named: boolean,
  ) {
    const send: Send = (text, parameters, isPrepared = false) => this.send({ text, parameters }, isPrepared)
    this.tx = createTx(send, context.tenantId === undefined ? 'admin' : 'tenant')
  }

  /** The first failure of this transaction. It is final: PostgreSQL answers later statements only with "aborted". */
  get firstCause(): Error | undefined {
    return this.cause
  }

  /** Whether there is a transaction to end. */
  get isOpen(): boolean {
    return this.opened && !this.committed
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

  /** Fails the transaction when a query has no result yet, or when the signal of its context is aborted. */
  checkFinished(): void {
    const unawaited = this.waiting.length + this.pendingCount
    if (unawaited > 0) this.fail(new TransactionMisuse(`${unawaited} queries were not awaited in this transaction`))
    if (this.context.signal?.aborted) this.fail(this.context.signal.reason)
  }

  /** From now on every query throws before it reaches the socket. Resolves when no query is pending. */
  async revoke(): Promise<void> {
    this.revoked = true
    await this.flushing
  }

  private send(statement: Statement, isPrepared: boolean): Promise<StatementResult> {
    return new Promise((resolve, reject) => {
      this.assertUsable()
      this.assertSendable(statement, isPrepared)
      this.waiting.push({ statement, isPrepared, resolve, reject })
      if (this.waiting.length === 1 && this.pendingCount === 0) this.flushing = this.flushSoon()
    })
  }

  /** Refuses a statement, and fails its transaction: a query that waits for its batch is not sent either. */
  private assertSendable({ text, parameters }: Statement, isPrepared: boolean): void {
    try {
      if (!isPrepared) kindOf(text)
      assertParameters(parameters)
    } catch (error) {
      this.fail(error)
      throw error
    }
  }

  private assertUsable(): void {
    if (this.revoked)
      throw new TransactionMisuse('This transaction is over. Await every query inside of db.read or db.write.')
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
      const results = await this.exchange(batch)
      for (const [index, { resolve }] of batch.entries()) resolve(results[index] as StatementResult) // one for each
    } catch (error) {
      this.fail(error)
      for (const { reject } of batch) reject(error)
    }
    this.pendingCount = 0
    if (this.waiting.length > 0) await this.flush()
  }

  private async exchange(batch: readonly WaitingQuery[]): Promise<StatementResult[]> {
    const { connection, opening } = this
    this.assertUsable()
    if (this.opened && opening.commit)
      throw new TransactionMisuse('db.readAtOnce sends one batch: use db.read for a query that waits for another')
    const first = this.opened ? [] : opening.statements
    const isPrepared = batch.every((query) => query.isPrepared)
    this.mayLeaveState ||= !isPrepared
    const guard = isPrepared ? [] : [opening.guard]
    // What may leave state behind is cleaned up in the message of COMMIT.
    const last = opening.commit && isPrepared ? [opening.commit] : []
    if (!this.opened && opening.command) await connection.command(opening.command)
    this.opened = true
    const results = await this.sendGuarded([...first, ...batch.map(({ statement }) => statement)], guard, last)
    const own = results.slice(first.length, first.length + batch.length)
    if (first.length > 0) this.confirm(results.slice(0, first.length))
    this.committed = last.length > 0 && results.at(-1)?.command === 'COMMIT'
    if (connection.status !== (this.committed ? 'idle' : 'transaction'))
      throw new TransactionMisuse('The transaction ended before its work did')
    return own
  }

  private async sendGuarded(
    statements: Statement[],
    guard: Statement[],
    last: Statement[],
  ): Promise<StatementResult[]> {
    try {
      return await this.connection.send([...statements, ...guard, ...last], { named: this.named })
    } catch (error) {
      throw guard.length > 0 && isRefusedAt(error, statements.length) ? settingsChanged() : error
    }
  }

  private confirm(results: StatementResult[]): void {
    const { fault } = this.connection
    if (fault) throw new ConnectionFailure('lost', new Error(`Protocol violation: ${fault} at begin`))
    this.opening.confirm(results)
  }
}
