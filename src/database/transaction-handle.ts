import { type TenantContext, tenantContext } from '../context/index.ts'
import type { Drizzle } from './drizzle.ts'
import type { Exchange } from './exchange.ts'
import { isStale } from './prepared-statements.ts'
import { Ending, type Returned, resultOf, sizeOf } from './query.ts'
import type { QueryLogging } from './query-logger.ts'
import { isReported } from './reported-error.ts'
import { type Queue, Scope, type StatementOrigin } from './scope.ts'
import type { Statement, StatementResult } from './statement.ts'
import { kindOf } from './statement-kind.ts'
import type { TenantTx } from './tenant-tx.ts'
import { TransactionMisuse } from './transaction-misuse.ts'

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
  drizzle: Drizzle
  logging: QueryLogging | undefined
  /** Whether COMMIT may go in the message of the queries. */
  endsWithQueries: boolean
}

const isOver = 'This transaction is over. Await every query inside of db.read or db.write.'

interface WaitingQuery {
  statement: Statement
  origin: StatementOrigin
  scope: Scope
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
 * batch is pending wait for its results, so a query behind a failure or behind the end is never sent. Queries that the work
 * returns without having sent any are the whole transaction: COMMIT goes in their message.
 */
export class TransactionHandle implements Queue {
  /** The transaction as a whole. */
  readonly scope: Scope
  readonly ahead: Statement[] = []
  /** Whether the waiting queries are all of the transaction, or its last ones. */
  isWhole = false
  private revoked = false
  /** Whether the queries that the work returned are being started: then all of them are known. */
  private isSettling = false
  private waiting: WaitingQuery[] = []
  private pendingCount = 0
  private flushing: Promise<void> = Promise.resolve()

  constructor(
    private readonly exchange: Exchange,
    private readonly context: HandleContext,
    private readonly options: HandleOptions,
  ) {
    this.scope = new Scope(this)
  }

  get tx(): TenantTx {
    return this.scope.tx
  }

  get drizzle(): Drizzle {
    return this.options.drizzle
  }

  get logging(): QueryLogging | undefined {
    return this.options.logging
  }

  /** The first failure of this transaction. */
  get firstCause(): Error | undefined {
    return this.scope.firstCause
  }

  /** Marks the transaction as failed. The first failure stays. */
  fail(error: unknown): void {
    this.scope.fail(error)
  }

  /** Sends the opening alone, before any query. */
  async open(): Promise<void> {
    try {
      await this.sendTogether([])
    } catch (error) {
      this.fail(error)
      throw error
    }
  }

  /**
   * Waits for what the work returned. When it is queries, and all queries of the transaction, COMMIT goes in their message; so it does
   * with the queries that the work ends with.
   */
  async settle<T>(returned: Returned<T>): Promise<T> {
    const result = await (this.exchange.isUsed || this.waiting.length > 0
      ? resultOf(returned)
      : this.sendLast(returned))
    if (!(result instanceof Ending)) return result
    if (this.unanswered > 0) this.scope.checkFinished()
    return (await this.sendLast(result.queries)) as T // as endingWith says
  }

  /** Sends queries, with COMMIT in their message when nothing else is waiting. */
  private async sendLast<T>(returned: Returned<T>): Promise<T> {
    const size = sizeOf(returned)
    const isAlone = this.unanswered === 0 && this.scope.joined === 0
    this.isSettling = isAlone
    const result = resultOf(returned)
    this.isSettling = false
    const areAll = this.waiting.length === size && !this.scope.isExpecting
    this.isWhole = isAlone && this.options.endsWithQueries && areAll
    if (isAlone && this.waiting.length > 0) this.flushing = this.isWhole ? this.flush() : this.flushSoon()
    return await result
  }

  /** Fails the transaction when a query has no result yet, or when the signal of its context is aborted. */
  checkFinished(): void {
    this.scope.checkFinished()
    if (this.context.signal?.aborted && !this.exchange.isCommitted) this.fail(this.context.signal.reason)
  }

  /** From now on every query throws before it reaches the socket. Resolves when no query is pending. */
  async revoke(): Promise<void> {
    this.revoked = true
    await this.flushing
  }

  get unanswered(): number {
    return this.waiting.length + this.pendingCount
  }

  async whenIdle(): Promise<void> {
    await this.flushing
  }

  enqueue(statement: Statement, origin: StatementOrigin, scope: Scope): Promise<StatementResult> {
    return new Promise((resolve, reject) => {
      if (this.isWhole) throw new TransactionMisuse(isOver)
      scope.assertUsable()
      assertSendable(statement, origin, scope)
      this.waiting.push({ statement, origin, scope, resolve, reject })
      if (this.waiting.length === 1 && this.pendingCount === 0 && !this.isSettling) this.flushing = this.flushSoon()
    })
  }

  assertOpen(): void {
    if (this.revoked) throw new TransactionMisuse(isOver)
    assertBelongs(this.context, 'use it before withTenant or after it')
    this.context.signal?.throwIfAborted()
  }

  /** Drizzle's builders send when they are awaited: queries of one Promise.all arrive microtasks apart. */
  private async flushSoon(): Promise<void> {
    for (let microtask = 0; microtask < 3; microtask += 1) await undefined
    if (this.waiting.length > 0) await this.flush()
  }

  private async flush(): Promise<void> {
    const batch = this.waiting
    this.waiting = []
    this.pendingCount = batch.length
    try {
      const results = await this.sendTogether(batch)
      for (const [index, { resolve }] of batch.entries()) resolve(results[index] as StatementResult) // one for each
    } catch (error) {
      const { scope } = batch[0] ?? this // a savepoint begins and ends when no query is waiting
      const isInside = this.exchange.isOpened && canRollBackTo(error)
      if (isInside || error === scope.firstCause) scope.fail(error)
      else this.fail(error)
      for (const { reject } of batch) reject(error)
    }
    this.pendingCount = 0
    if (this.waiting.length > 0) await this.flush()
  }

  private async sendTogether(batch: readonly WaitingQuery[]): Promise<StatementResult[]> {
    const { scope } = batch[0] ?? this
    this.assertOpen()
    scope.assertNotFailed()
    const ahead = this.ahead.splice(0)
    const results = await this.exchange.send({
      queries: [...ahead, ...batch.map(({ statement }) => statement)],
      isPrepared: batch.every(({ origin }) => origin === 'prepared'),
      isWhole: this.isWhole,
      assertWanted: () => this.context.signal?.throwIfAborted(),
    })
    return ahead.length === 0 ? results : results.slice(ahead.length)
  }
}

/** Refuses a statement, and fails its scope: a query that waits for its batch is not sent either. */
function assertSendable({ text, parameters }: Statement, origin: StatementOrigin, scope: Scope): void {
  try {
    if (origin === 'given') kindOf(text)
    assertParameters(parameters)
  } catch (error) {
    scope.fail(error)
    throw error
  }
}

/** Whether a savepoint can be rolled back after a failure: PostgreSQL reported it, so the connection and its transaction are there. */
const canRollBackTo = (error: unknown): boolean => isReported(error) && !isStale(error)
