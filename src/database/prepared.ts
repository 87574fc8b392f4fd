import { type Placeholder, sql } from 'drizzle-orm'
import type { Drizzle } from './drizzle.ts'
import { type Preparable, Query } from './query.ts'
import type { TenantQuery } from './session.ts'
import { kindOf } from './statement-kind.ts'
import { createTx, type Sender, senderOf, type TenantTx } from './tenant-tx.ts'
import { TransactionMisuse } from './transaction-misuse.ts'

function refuse(): never {
  throw new TransactionMisuse(
    'prepared() builds the query without a transaction: return the query builder instead of awaiting it',
  )
}
const refusals = {
  joined: 0,
  send: refuse,
  expectQuery: refuse,
  transaction: refuse,
  rollback: refuse,
  stream: refuse,
  afterCommit: refuse,
} satisfies Omit<Sender, 'drizzle'>

/**
 * Creates a query whose SQL is built once instead of on each call: for the most frequent queries, where building costs more
 * than sending. The query keeps the names of its values and never a value; what `$defaultFn` or `$onUpdate` of a column generates is a
 * new value for each call. It is sent when it is awaited or returned from the
 * work; a transaction in which it is neither fails with TransactionMisuse. Nothing is cleaned up after it on the connection, so it must
 * not call functions that change the session, such as `pg_advisory_lock` or `set_config(…, false)`. A placeholder of `limit` or `offset`
 * stands in {@link rowCount}, so that PostgreSQL plans the query once on each connection.
 *
 * @param names the values that differ from call to call
 * @param build returns the query, with a placeholder for each name
 * @throws TransactionMisuse when `build` awaits the query, and for a value that is or becomes SQL
 * @example
 * const taskById = prepared(['id'], (tx, { id }) => tx.select().from(tasks).where(eq(tasks.id, id)))
 * const [task] = await db.read((tx) => taskById(tx, { id: '…' }))
 */
export function prepared<const Name extends string, Result, Tx extends TenantTx = TenantTx>(
  names: readonly Name[],
  build: (tx: Tx, placeholders: Record<Name, Placeholder>) => Preparable<Result>,
): (tx: Tx, values: Record<Name, unknown>) => Query<Result> {
  /** A query for each database: they can differ in the names of their columns. */
  const queries = new WeakMap<Drizzle, TenantQuery>()

  function buildFor(drizzle: Drizzle): TenantQuery {
    const placeholders = Object.fromEntries(names.map((name) => [name as string, sql.placeholder(name as string)]))
    // It builds queries and sends nothing, so it belongs to no tenant. It has the schema of the database, as Tx has.
    const unsent = createTx({ ...refusals, drizzle: { ...drizzle, dialect: drizzle.dialectForPrepared } }) as Tx
    const builder = build(unsent, placeholders as Record<Name, Placeholder>) // one entry for each name
    const query = builder.prepare('prepared') as unknown as TenantQuery // TenantSession creates it
    kindOf(query.getQuery().sql)
    queries.set(drizzle, query)
    return query
  }

  return (tx, values) => {
    const sender = senderOf(tx)
    const query = queries.get(sender.drizzle) ?? buildFor(sender.drizzle)
    const sent = sender.expectQuery()
    return new Query(() => {
      sent()
      return query.executeBy(sender, values, true) as Promise<Result> // the type of its `execute`
    }, 1)
  }
}
