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

const dialects = { tenant: new TenantDialect(), admin: new PgDialect() }
const senders = new WeakMap<TenantTx, Send>()

/** The function that sends the statements of a transaction. */
export function sendOf(tx: TenantTx): Send {
  const send = senders.get(tx)
  if (!send) throw new TransactionMisuse('This is not a transaction of db.read or db.write')
  return send
}

/** Drizzle's query builders on top of a function that sends. */
export function createTx(send: Send, of: keyof typeof dialects): TenantTx {
  const dialect = dialects[of]
  const session = new TenantSession(dialect, send)
  const tx = new PgDatabase(dialect, session, undefined) as unknown as TenantTx // the one place that brands
  senders.set(tx, send)
  return tx
}
