import { AsyncLocalStorage } from 'node:async_hooks'
import { TransactionRollbackError } from 'drizzle-orm'
import type { Drizzle } from './drizzle.ts'
import { type Preparable, type Returned, resultOf } from './query.ts'
import { observed, type QueryLogging } from './query-logger.ts'
import type { Statement, StatementResult } from './statement.ts'
import { closeStream, streamRows } from './stream.ts'
import { createTx, type Sender, type StreamOptions, type TenantTx } from './tenant-tx.ts'
import { TransactionMisuse } from './transaction-misuse.ts'

/**
 * Who wrote a statement. `prepared`: the code, once, before there were values. `own`: the engine, which may begin and end savepoints.
 * `given`: the work, maybe from input.
 */
export type StatementOrigin = 'prepared' | 'own' | 'given'

/** What sends the statements of a transaction, in their order. */
export interface Queue {
  readonly drizzle: Drizzle
  readonly logging: QueryLogging | undefined
  /** Whether the transaction is one message. */
  readonly isWhole: boolean
  /** How many queries have no result yet. */
  readonly unanswered: number
  /** Statements of the engine that go in front of the next query, in its message. */
  readonly ahead: Statement[]
  /** @throws TransactionMisuse after the transaction, and for another tenant or actor */
  assertOpen(): void
  enqueue(statement: Statement, origin: StatementOrigin, scope: Scope): Promise<StatementResult>
  /** Resolves when no query is waiting or pending. */
  whenIdle(): Promise<void>
}

const running = new AsyncLocalStorage<Scope>()
const isOver = 'This savepoint is over. Await every query inside of tx.transaction.'
const isAround = 'A savepoint is open: await tx.transaction, and use the transaction that its work gets'

/** What fails and is rolled back together: a transaction, or a savepoint in it. */
export class Scope implements Sender {
  readonly tx: TenantTx
  /** What `afterCommit` registered. */
  readonly hooks: (() => unknown)[] = []
  /** Calls of `db.read` and `db.write` that joined and have not settled. */
  joined = 0
  /** Whether `stream` reads rows in it. */
  isStreaming = false
  private cause: Error | undefined
  private inner: Scope | undefined
  private isOver = false
  /** Queries that were made and not sent. */
  private expected = 0
  private readonly depth: number
  /** The scope of the async context in which it began, maybe of another database. */
  private readonly contextual: Scope | undefined

  /** @param outer the scope around a savepoint; undefined for a transaction */
  constructor(
    private readonly queue: Queue,
    readonly outer?: Scope,
  ) {
    this.tx = createTx(this)
    this.depth = outer ? outer.depth + 1 : 0
    if (outer) this.contextual = running.getStore()
  }

  get drizzle(): Drizzle {
    return this.queue.drizzle
  }

  /** The first failure. It is final: PostgreSQL answers later statements only with "aborted". */
  get firstCause(): Error | undefined {
    return this.cause
  }

  /** Whether queries were made and not sent. */
  get isExpecting(): boolean {
    return this.expected > 0
  }

  /** Marks it as failed. The first failure stays. */
  fail(error: unknown): void {
    this.cause ??=
      error instanceof Error ? error : new Error('A value that is not an Error was thrown', { cause: error })
  }

  send(text: string, parameters: unknown[], isPrepared = false): Promise<StatementResult> {
    return this.logged({ text, parameters }, isPrepared ? 'prepared' : 'given')
  }

  /** Sends a statement of the engine. */
  sendOwn(text: string, parameters: readonly unknown[] = []): Promise<StatementResult> {
    return this.logged({ text, parameters, unnamed: true }, 'own')
  }

  private logged(statement: Statement, origin: StatementOrigin): Promise<StatementResult> {
    const { queue } = this
    const result = queue.enqueue(statement, origin, this)
    return queue.logging ? observed(result, statement.text, queue.logging, () => queue.isWhole) : result
  }

  expectQuery(): () => void {
    this.expected += 1
    return () => {
      this.expected -= 1
    }
  }

  /** @throws the failure of this scope or of one around it; TransactionMisuse after it, and while a savepoint in it is open */
  assertUsable(): void {
    this.queue.assertOpen()
    if (this.isOver) throw new TransactionMisuse(isOver)
    if (this.inner) throw new TransactionMisuse(isAround)
    this.assertNotFailed()
  }

  /** @throws the failure of this scope or of one around it */
  assertNotFailed(): void {
    if (this.cause) throw this.cause
    this.outer?.assertNotFailed()
  }

  private get hasFailed(): boolean {
    return this.cause !== undefined || (this.outer?.hasFailed ?? false)
  }

  /** Fails it when work in it has not settled: a query, a savepoint, or a call that joined it. */
  checkFinished(): void {
    const { expected, inner, joined } = this
    const { unanswered } = this.queue
    if (inner) this.fail(new TransactionMisuse('A savepoint was not awaited in this transaction'))
    if (unanswered > 0) this.fail(new TransactionMisuse(`${unanswered} queries were not awaited in this transaction`))
    if (expected > 0) this.fail(new TransactionMisuse(`${expected} queries were neither awaited nor returned`))
    if (joined > 0) this.fail(new TransactionMisuse('A db.read or db.write inside of another one was not awaited'))
  }

  /** The savepoint of this transaction in whose work the caller is, or the transaction. */
  current(): Scope {
    for (let scope = running.getStore(); scope; scope = scope.contextual)
      if (scope.queue === this.queue && !scope.isOver) return scope
    return this
  }

  async transaction<T>(work: (tx: TenantTx) => Returned<T>): Promise<T> {
    this.assertUsable()
    const savepoint = new Scope(this.queue, this)
    this.inner = savepoint
    return await savepoint.run(this, work)
  }

  /** Runs the work of a savepoint, then releases it or rolls back to it. */
  private async run<T>(outer: Scope, work: (tx: TenantTx) => Returned<T>): Promise<T> {
    const begin = this.statement('savepoint')
    let outcome: { value: T } | { reason: unknown }
    try {
      await this.queue.whenIdle() // queries that were started before belong to the scope around
      this.assertNotFailed()
      this.queue.ahead.push(begin)
      outcome = { value: await running.run(this, () => resultOf(work(this.tx))) }
    } catch (reason) {
      outcome = { reason }
      this.fail(reason)
    }
    this.checkFinished()
    this.isOver = true
    await this.queue.whenIdle()
    outer.inner = undefined
    await this.end(outer, begin)
    if ('reason' in outcome) throw outcome.reason
    if (this.cause) throw this.cause
    return outcome.value
  }

  /** A statement of the engine about this savepoint. Savepoints of the same depth share a name, and follow one another. */
  private statement(command: string): Statement {
    return { text: `${command} rowhouse_${this.depth}`, parameters: [] }
  }

  private async end(outer: Scope, begin: Statement): Promise<void> {
    const { ahead } = this.queue
    const isSent = ahead.at(-1) !== begin
    if (!isSent) ahead.pop()
    if (this.cause) {
      if (isSent && !outer.hasFailed) await this.rollBack(outer)
      return
    }
    outer.hooks.push(...this.hooks)
    if (this.isStreaming) ahead.push({ text: closeStream, parameters: [], unnamed: true })
    if (isSent) ahead.push(this.statement('release savepoint'))
  }

  private async rollBack(outer: Scope): Promise<void> {
    this.queue.ahead.push(this.statement('rollback to savepoint'))
    // Where it fails, the scope around cannot go on.
    await this.queue.enqueue(this.statement('release savepoint'), 'own', outer).catch((error) => outer.fail(error))
  }

  rollback(): never {
    this.assertUsable()
    const error = new TransactionRollbackError()
    this.fail(error)
    throw error
  }

  stream<Row>(query: Preparable<readonly Row[]>, options?: StreamOptions): AsyncIterable<Row> {
    this.assertUsable()
    return streamRows(this, query, options)
  }

  afterCommit(work: () => unknown): void {
    this.assertUsable()
    this.hooks.push(work)
  }
}
