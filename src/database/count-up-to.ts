import { count, sql } from 'drizzle-orm'
import type { PgTable } from 'drizzle-orm/pg-core'
import { prepared } from './prepared.ts'
import type { TenantTx } from './tenant-tx.ts'

/**
 * Makes a count of the tenant's rows of a table that stops at a ceiling: the cost of a total does not grow with the tenant.
 *
 * @param max where counting stops, in rows
 * @example
 * const countTasks = countUpTo(tasks, 10_001)
 * const total = await db.read((tx) => countTasks(tx))
 */
export function countUpTo(table: PgTable, max: number): (tx: TenantTx) => Promise<number> {
  const query = prepared([], (tx) => {
    const counted = tx
      .select({ one: sql`1`.as('one') })
      .from(table)
      .limit(max)
      .as('counted')
    return tx.select({ total: count() }).from(counted)
  })
  return async (tx) => (await query(tx, {}))[0]?.total ?? 0
}
