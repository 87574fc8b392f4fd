import { type Placeholder, sql } from 'drizzle-orm'
import { Query } from './query.ts'
import type { TenantQuery } from './session.ts'
import { kindOf } from './statement-kind.ts'
import { createTx, senderOf, type TenantTx } from './tenant-tx.ts'
import { TransactionMisuse } from './transaction-misuse.ts'

/** A Drizzle query builder that can build its SQL before its values are known. */
export interface Preparable<Result> {
  prepare(name: string): { execute(values?: Record<string, unknown>): Promise<Result> }
}

// It builds queries and sends nothing, so it belongs to no tenant.
function refuse(): never {
  throw new TransactionMisuse(
    'prepared() builds the query without a transaction: return the query builder instead of awaiting it',
  )
}
const unsent = createTx({ send: refuse, expectQuery: refuse }, 'tenant')

/**
 * Creates a query whose SQL is built once instead of on each call: for the most frequent queries, where building costs more
 * than sending. The query keeps the names of its values and never a value. It is sent when it is awaited or returned from the
 * work; a transaction in which it is neither fails with TransactionMisuse. Nothing is cleaned up after it on the connection, so it must
 * not call functions that change the session, such as `pg_advisory_lock` or `set_config(…, false)`. A placeholder of `limit` or `offset`
 * stands in {@link rowCount}, so that PostgreSQL plans the query once on each connection.
 *
 * @param names the values that differ from call to call
 * @param build returns the query, with a placeholder for each name
 * @throws TransactionMisuse when `build` awaits the query
 * @example
 * const taskById = prepared(['id'], (tx, { id }) => tx.select().from(tasks).where(eq(tasks.id, id)))
 * const [task] = await db.read((tx) => taskById(tx, { id: '…' }))
 */
export function prepared<const Name extends string, Result>(
  names: readonly Name[],
  build: (tx: TenantTx, placeholders: Record<Name, Placeholder>) => Preparable<Result>,
): (tx: TenantTx, values: Record<Name, unknown>) => Query<Result> {
  let query: TenantQuery | undefined
  return (tx, values) => {
    const { send, expectQuery } = senderOf(tx)
    if (query === undefined) {
      const placeholders = Object.fromEntries(names.map((name) => [name as string, sql.placeholder(name as string)]))
      const builder = build(unsent, placeholders as Record<Name, Placeholder>) // one entry for each name
      const made = builder.prepare('prepared') as unknown as TenantQuery // TenantSession creates it
      kindOf(made.getQuery().sql)
      query = made
    }
    const built = query
    const sent = expectQuery()
    return new Query(() => {
      sent()
      return built.executeBy(send, values, true) as Promise<Result> // the type of its `execute`
    }, 1)
  }
}
