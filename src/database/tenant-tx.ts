import { PgDatabase, PgDialect } from 'drizzle-orm/pg-core'
import { type RowsHKT, type Send, TenantSession } from './session.ts'
import { TenantDialect } from './tenant-dialect.ts'
import { TransactionMisuse } from './transaction-misuse.ts'

declare const brand: unique symbol

/**
 * A transaction of one tenant: the first argument of a repository function. It has Drizzle's query builders, without the
 * methods that begin, end or nest transactions. The brand is a type error for a plain database, a plain transaction or a pool.
 *
 * @example
 * export const findTask = (tx: TenantTx, id: string) => one(tx.select().from(tasks).where(eq(tasks.id, id)))
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

/** How the queries on a transaction are sent. */
export interface Sender {
  send: Send
  /** Notes a query that must be sent before the transaction ends. Call what it returns when the query is sent. */
  expectQuery(): () => void
}

const dialects = { tenant: new TenantDialect(), admin: new PgDialect() }
const senders = new WeakMap<TenantTx, Sender>()

/** What sends the statements of a transaction. */
export function senderOf(tx: TenantTx): Sender {
  const sender = senders.get(tx)
  if (!sender) throw new TransactionMisuse('This is not a transaction of db.read or db.write')
  return sender
}

/** Drizzle's query builders on top of what sends. */
export function createTx(sender: Sender, of: keyof typeof dialects): TenantTx {
  const dialect = dialects[of]
  const session = new TenantSession(dialect, sender.send)
  const tx = new PgDatabase(dialect, session, undefined) as unknown as TenantTx // the one place that brands
  senders.set(tx, sender)
  return tx
}
