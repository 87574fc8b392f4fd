import type { SQL } from 'drizzle-orm'
import { withTenant } from '../../context/index.ts'
import type { TenantDatabase } from '../../database/index.ts'
import { findDatabaseError } from '../../errors/index.ts'
import type { Row } from './catalogue.ts'

/** How many rows the last statement reached, with what it returned; or why PostgreSQL refused. */
export type Outcome =
  | { reached: number; rows: Row[] }
  | { sqlstate: string; constraint: string | undefined; column: string | undefined; message: string }

class Undone extends Error {}

// Lost connections, exhausted resources, time limits, deadlocks and internal errors say nothing about a wall.
const isTrouble = (sqlstate: string) => /^(08|25|40|53|55P03|57|58|XX)/.test(sqlstate)

/**
 * Runs statements in one transaction of a tenant, which is rolled back unless it is to be kept. A first column `reached` of the
 * last one is the number that counts; otherwise the number of its rows is.
 *
 * @throws what PostgreSQL or the driver says when it has nothing to do with the statements
 */
export async function attempt(
  db: TenantDatabase,
  tenant: string,
  statements: SQL[],
  end: 'undo' | 'keep' = 'undo',
): Promise<Outcome> {
  let outcome: Outcome = { reached: 0, rows: [] }
  try {
    await withTenant(tenant, () =>
      db.write(async (tx) => {
        for (const statement of statements) {
          const rows = await tx.execute<Row>(statement)
          const told = rows[0]?.reached
          const { count }: { count: number | null } = rows // null behind TRUNCATE
          outcome = { reached: typeof told === 'number' ? told : (count ?? 0), rows: [...rows] }
        }
        if (end === 'undo') throw new Undone()
      }),
    )
    return outcome
  } catch (error) {
    if (error instanceof Undone) return outcome
    const found = findDatabaseError(error)
    if (!found || isTrouble(found.sqlstate)) throw error
    const column = error instanceof Error && 'column_name' in error ? String(error.column_name) : undefined
    return { ...found, column, message: error instanceof Error ? error.message : '' }
  }
}
