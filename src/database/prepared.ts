import { type Placeholder, sql } from 'drizzle-orm'
import type { TenantQuery } from './session.ts'
import { createTx, sendOf, type TenantTx } from './tenant-tx.ts'
import { TransactionMisuse } from './transaction-misuse.ts'

/** What Drizzle's builders have in common: a query that can be built before its values are known. */
interface Preparable<Result> {
  prepare(name: string): { execute(values?: Record<string, unknown>): Promise<Result> }
}

// What builds queries and runs none: it belongs to no tenant.
const builder = createTx(() => {
  throw new TransactionMisuse('A prepared query is built here: return it, and do not await it')
})

/**
 * Makes a query whose SQL is built once and not at each call: for the few that are run most, where building costs more than
 * sending. What is kept has the names of its values, never a value.
 *
 * @param names what differs from call to call
 * @param build the query, with a placeholder for each name
 * @example
 * const taskById = prepared(['id'], (tx, { id }) => tx.select().from(tasks).where(eq(tasks.id, id)))
 * const [task] = await db.read((tx) => taskById(tx, { id: '…' }))
 */
export function prepared<const Name extends string, Result>(
  names: readonly Name[],
  build: (tx: TenantTx, placeholders: Record<Name, Placeholder>) => Preparable<Result>,
): (tx: TenantTx, values: Record<Name, unknown>) => Promise<Result> {
  let query: TenantQuery | undefined
  return (tx, values) => {
    const send = sendOf(tx)
    if (query === undefined) {
      const placeholders = Object.fromEntries(names.map((name) => [name as string, sql.placeholder(name as string)]))
      const built = build(builder, placeholders as Record<Name, Placeholder>) // it has an entry a name
      query = built.prepare('prepared') as unknown as TenantQuery // what the session of every transaction makes
    }
    return query.executeBy(send, values) as Promise<Result> // what its `execute` promises
  }
}
