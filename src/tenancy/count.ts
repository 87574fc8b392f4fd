import { count, type SQL, sql } from 'drizzle-orm'
import type { PgTable } from 'drizzle-orm/pg-core'
import type { TenantTx } from './tenant-tx.ts'

/**
 * Counts the tenant's rows of a table, and stops at a ceiling: the cost of a total does not grow with the tenant.
 *
 * @param max where counting stops, in rows
 * @param where which rows; all when left out
 * @example
 * const total = await countUpTo(tx, tasks, 10_001)
 */
export async function countUpTo(tx: TenantTx, table: PgTable, max: number, where?: SQL): Promise<number> {
  const counted = tx
    .select({ one: sql`1`.as('one') })
    .from(table)
    .where(where)
    .limit(max)
    .as('counted')
  const [row] = await tx.select({ total: count() }).from(counted)
  return row?.total ?? 0
}
