import { count, sql } from 'drizzle-orm'
import type { PgTable } from 'drizzle-orm/pg-core'
import { prepared } from './prepared.ts'
import { mapped, type Query } from './query.ts'
import { rowCount } from './row-count.ts'
import type { TenantTx } from './tenant-tx.ts'

/**
 * Creates a function that counts the tenant's rows of a table up to a maximum, so that a total costs the same for a large
 * tenant.
 *
 * @param max the largest count, in rows
 * @throws TypeError from the returned function, when `max` is not a whole number
 * @example
 * const countTasks = countUpTo(tasks, 10_001)
 * const total = await db.read((tx) => countTasks(tx))
 */
export function countUpTo(table: PgTable, max: number): (tx: TenantTx) => Query<number> {
  const query = prepared([], (tx) => {
    const counted = tx
      .select({ one: sql`1`.as('one') })
      .from(table)
      .limit(rowCount(max))
      .as('counted')
    return tx.select({ total: count() }).from(counted)
  })
  return (tx) => mapped(query(tx, {}), ([row]) => row?.total ?? 0)
}
