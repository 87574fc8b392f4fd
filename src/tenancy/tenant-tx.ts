import { PgDatabase, PgDialect } from 'drizzle-orm/pg-core'
import { type PostgresJsQueryResultHKT, PostgresJsSession } from 'drizzle-orm/postgres-js'
import type { Connection, QueryResult } from './connection.ts'
import { type TenantContext, tenantContext } from './context.ts'

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
  PgDatabase<PostgresJsQueryResultHKT>,
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

/** A query was sent on a transaction that is over or another tenant's, or left behind at its end. A fault in the code. */
export class TransactionMisuse extends Error {
  override readonly name = 'TransactionMisuse'
}

/** A {@link TenantTx} with the strings that the tenant database holds it by. */
export interface Handle {
  readonly tx: TenantTx
  /** The first thing that went wrong on this transaction. It is over then: PostgreSQL would only repeat "aborted". */
  readonly firstCause: Error | undefined
  /** Marks the transaction as failed; what came first stays. */
  fail(error: unknown): void
  /** Ends it: from now on every call throws before it reaches the socket. Resolves when nothing is in flight. */
  revoke(): Promise<{ unawaited: number }>
}

function refuseCommand(command: string | undefined): void {
  if (command !== undefined)
    throw new TransactionMisuse(`${command} is not for handlers: db.read and db.write begin and end transactions`)
}

const dialect = new PgDialect()
// A statement that starts or ends a transaction would leave the rest of it without its tenant, or in another's.
// The text is looked at before it is sent, and the command tag after: a comment could hide the command.
const transactionText = /^\s*(begin|start|commit|end|rollback|abort|prepare\s+transaction)\b/i
const transactionTag = /^(BEGIN|START TRANSACTION|COMMIT|ROLLBACK|PREPARE TRANSACTION)/

/**
 * Makes the handle of one transaction. postgres.js lets a handle that outlives its transaction run inside the next
 * tenant's transaction on that connection; this one is revoked when its transaction is over.
 *
 * @param context whose transaction it is; once its signal is aborted, no further query is sent
 */
export function createHandle(connection: Connection, context: TenantContext): Handle {
  let revoked = false
  let inFlight = 0
  let firstCause: Error | undefined
  let last: Promise<unknown> = Promise.resolve()

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

  /** One after another: what was queued behind a failure or behind the end must not reach the socket. */
  async function send(text: string, parameters: unknown[], shape: 'objects' | 'arrays'): Promise<QueryResult> {
    assertUsable()
    inFlight += 1
    const result = last.then(async () => {
      assertUsable()
      refuseCommand(transactionText.exec(text)?.[1])
      const rows = await connection.send(text, parameters, shape)
      refuseCommand(transactionTag.exec(rows.command ?? '')?.[1])
      return rows
    })
    last = result.catch(fail).finally(() => {
      inFlight -= 1
    })
    return await result
  }

  const client = {
    options: { parsers: {}, serializers: {} },
    unsafe: (text: string, parameters: unknown[] = []) => ({
      values: () => send(text, parameters, 'arrays'),
      // Drizzle awaits this object itself; like the driver's queries it runs when it is awaited.
      // biome-ignore lint/suspicious/noThenProperty: a thenable is what the driver returns
      then: (...handlers: Parameters<Promise<QueryResult>['then']>) =>
        send(text, parameters, 'objects').then(...handlers),
    }),
  }
  // Drizzle's session uses `unsafe` alone of the driver's client; `begin` is missing on purpose.
  const session = new PostgresJsSession(client as never, dialect, undefined)
  const tx = new PgDatabase(dialect, session, undefined) as unknown as TenantTx // the one place that brands

  return {
    tx,
    get firstCause() {
      return firstCause
    },
    fail,
    async revoke() {
      revoked = true
      const unawaited = inFlight
      await last
      return { unawaited }
    },
  }
}
