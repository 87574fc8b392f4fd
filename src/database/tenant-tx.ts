import { PgDatabase, PgDialect } from 'drizzle-orm/pg-core'
import { type TenantContext, tenantContext } from '../context/index.ts'
import type { Answer, Statement } from './batch.ts'
import type { Connection } from './connection.ts'
import { type RowsHKT, type Send, TenantSession } from './session.ts'
import { TransactionMisuse } from './transaction-misuse.ts'

declare const brand: unique symbol

/**
 * A transaction of one tenant: what a repository takes as its first argument. It is Drizzle without the ways out of a
 * transaction. The brand keeps a plain database, a plain transaction or the pool from being passed in its place.
 *
 * @example
 * export const findTask = async (tx: TenantTx, id: string) =>
 *   (await tx.select().from(tasks).where(eq(tasks.id, id)))[0]
 */
export type TenantTx = Pick<
  PgDatabase<RowsHKT>,
  | 'select'
  | 'selectDistinct'
  | 'selectDistinctOn'
  | 'insert'
  | 'update'
  | 'delete'
  | 'execute'
  | 'with'
  | '$with'
  | '$count'
> & { readonly [brand]: 'TenantTx' }

/** A {@link TenantTx} with the strings that the tenant database holds it by. */
export interface Handle {
  readonly tx: TenantTx
  /** The first thing that went wrong on this transaction. It is over then: PostgreSQL would only repeat "aborted". */
  readonly firstCause: Error | undefined
  /** Marks the transaction as failed; what came first stays. */
  fail(error: unknown): void
  /** Whether there is a transaction to end. */
  readonly isOpen: boolean
  /** How many queries have no answer yet. */
  readonly unawaited: number
  /** Ends it: from now on every call throws before it reaches the socket. Resolves when nothing is in flight. */
  revoke(): Promise<void>
}

/** What is sent before the first query of a transaction, in the same round trip. */
export interface Opening {
  /** Sent alone, before everything, where it cannot go with the rest. */
  command: string | undefined
  statements: readonly Statement[]
  /** Sent behind the first queries, with them, where there will be no others. */
  commit: Statement | undefined
  /** @throws when PostgreSQL did not do what it must; then no query's rows are handed out */
  confirm(answers: readonly Answer[]): void
}

const dialect = new PgDialect()
const senders = new WeakMap<TenantTx, Send>()

/** How a transaction sends. */
export function sendOf(tx: TenantTx): Send {
  const send = senders.get(tx)
  if (!send) throw new TransactionMisuse('This is no transaction of db.read or db.write')
  return send
}

/** Drizzle, over a way to send. */
export function createTx(send: Send): TenantTx {
  const session = new TenantSession(dialect, send)
  const tx = new PgDatabase(dialect, session, undefined) as unknown as TenantTx // the one place that brands
  senders.set(tx, send)
  return tx
}

// A statement that starts or ends a transaction would leave the rest of it without its tenant, or in another's.
// The text is looked at before it is sent, and the command tag after: a comment could hide the command.
const transactionText = /^\s*(begin|start|commit|end|rollback|abort|prepare\s+transaction)\b/i
const transactionTag = /^(BEGIN|START TRANSACTION|COMMIT|ROLLBACK|PREPARE TRANSACTION)/

function refuseCommand(command: string | undefined): void {
  if (command !== undefined)
    throw new TransactionMisuse(`${command} is not for handlers: db.read and db.write begin and end transactions`)
}

interface Waiting {
  statement: Statement
  resolve(answer: Answer): void
  reject(error: unknown): void
}

/**
 * Makes the handle of one transaction. A driver lets a handle that outlives its transaction run inside the next tenant's
 * transaction on that connection; this one is revoked when its transaction is over.
 *
 * Queries that are asked for without waiting between them go together, in one round trip, in their order. Those asked for
 * while others are under way wait for them: what was queued behind a failure or behind the end never reaches the socket.
 *
 * @param context whose transaction it is, no tenant's without `tenantId`; once its signal is aborted, no further query is sent
 */
export function createHandle(
  connection: Connection,
  context: Partial<Pick<TenantContext, 'tenantId' | 'signal'>>,
  opening: Opening,
  named: boolean,
): Handle {
  let revoked = false
  let opened = false
  let committed = false
  let waiting: Waiting[] = []
  let inFlight = 0
  let firstCause: Error | undefined
  let flight: Promise<void> = Promise.resolve()

  const fail = (error: unknown) => {
    firstCause ??= error instanceof Error ? error : new Error('Something that is no Error was thrown', { cause: error })
  }

  function assertUsable(): void {
    if (revoked)
      throw new TransactionMisuse('This transaction is over. Await every query inside of db.read or db.write.')
    if (firstCause) throw firstCause
    // Passed on to work for another tenant it would show that one this one's rows.
    const tenantId = tenantContext()?.tenantId
    if (tenantId !== undefined && tenantId !== context.tenantId)
      throw new TransactionMisuse('This transaction is of another tenant than the work under way')
    context.signal?.throwIfAborted()
  }

  function send(text: string, parameters: unknown[]): Promise<Answer> {
    return new Promise((resolve, reject) => {
      assertUsable()
      waiting.push({ statement: { text, parameters }, resolve, reject })
      if (waiting.length === 1 && inFlight === 0) flight = takeOff()
    })
  }

  /** Not at once: Drizzle's builders send when they are awaited, so what stands side by side comes microtasks apart. */
  async function takeOff(): Promise<void> {
    for (let microtask = 0; microtask < 3; microtask += 1) await undefined
    await fly()
  }

  async function fly(): Promise<void> {
    const passengers = waiting
    waiting = []
    inFlight = passengers.length
    try {
      const answers = await exchange(passengers.map(({ statement }) => statement))
      for (const [index, { resolve }] of passengers.entries()) resolve(answers[index] as Answer) // one each
    } catch (error) {
      fail(error)
      for (const { reject } of passengers) reject(error)
    }
    inFlight = 0
    if (waiting.length > 0) await fly()
  }

  async function exchange(statements: Statement[]): Promise<Answer[]> {
    assertUsable()
    for (const { text } of statements) refuseCommand(transactionText.exec(text)?.[1])
    if (opened && opening.commit)
      throw new TransactionMisuse(
        'db.readAtOnce asks for everything at once: a query that waits for another is for db.read',
      )
    const first = opened ? [] : opening.statements
    const last = opening.commit ? [opening.commit] : []
    if (!opened && opening.command) await connection.command(opening.command)
    opened = true
    const answers = await connection.send([...first, ...statements, ...last], { named })
    const own = answers.slice(first.length, first.length + statements.length)
    for (const { command } of own) refuseCommand(transactionTag.exec(command)?.[1])
    if (first.length > 0) opening.confirm(answers.slice(0, first.length))
    committed = opening.commit !== undefined && answers.at(-1)?.command === 'COMMIT'
    if (connection.status !== (committed ? 'idle' : 'transaction'))
      throw new TransactionMisuse('The transaction was over before its end')
    return own
  }

  const tx = createTx(send)

  return {
    tx,
    get firstCause() {
      return firstCause
    },
    get isOpen() {
      return opened && !committed
    },
    get unawaited() {
      return waiting.length + inFlight
    },
    fail,
    async revoke() {
      revoked = true
      await flight
    },
  }
}
