import type { SQL } from 'drizzle-orm'
import { withTenant } from '../../context/index.ts'
import type { TenantDatabase } from '../../database/index.ts'
import { causesOf, findDatabaseError } from '../../errors/index.ts'
import type { Row } from './read-catalogue.ts'
import { tenantAgain } from './statements.ts'

/** The number of rows that the last statement reached and the rows that it returned, or the error of PostgreSQL. */
export type Outcome =
  | { reached: number; rows: Row[] }
  | {
      sqlstate: string
      constraint: string | undefined
      column: string | undefined
      message: string
      /** Whether a trigger that records changes raised it: there was a row, and no policy refused it. */
      isFromRecorder: boolean
    }

/** Rolls a transaction back. */
class Rollback extends Error {}

// Lost connections, exhausted resources, time limits, deadlocks and internal errors are not results of a policy.
const isTrouble = (sqlstate: string) => /^(08|25|40|53|55P03|57|58|XX)/.test(sqlstate)

/**
 * Runs statements in one message of a tenant's transaction. The number of rows is the column `reached` of the first row of the last
 * statement (in front of `tenantAgain`); without that column, the number of its rows.
 *
 * @param end `undo` rolls the transaction back, `keep` commits it
 * @throws an error of the driver, or of PostgreSQL when it is unrelated to the statements
 */
export async function attempt(
  db: TenantDatabase,
  tenant: string,
  statements: SQL[],
  end: 'undo' | 'keep' = 'undo',
): Promise<Outcome> {
  let outcome: Outcome = { reached: 0, rows: [] }
  try {
    const work = () =>
      db.write(async (tx) => {
        const results = await Promise.all(statements.map((statement) => tx.execute<Row>(statement)))
        const rows = results[statements.at(-1) === tenantAgain ? results.length - 2 : results.length - 1]
        const reached = rows?.[0]?.reached
        const count: number | null = rows?.count ?? 0 // null for TRUNCATE
        outcome = { reached: typeof reached === 'number' ? reached : (count ?? 0), rows: [...(rows ?? [])] }
        if (end === 'undo') throw new Rollback()
      })
    await withTenant(tenant, work, { tenantId: db.tenantId })
    return outcome
  } catch (error) {
    if (error instanceof Rollback) return outcome
    const found = findDatabaseError(error)
    if (!found || isTrouble(found.sqlstate)) throw error
    const column = error instanceof Error && 'column_name' in error ? String(error.column_name) : undefined
    const isFromRecorder = causesOf(error).some((at) => 'where' in at && recorder.test(String(at.where)))
    return { ...found, column, message: error instanceof Error ? error.message : '', isFromRecorder }
  }
}

/** The context of an error of the triggers that tenancy.audit() and tenancy.trash() make. */
const recorder = /^PL\/pgSQL function tenancy\.(record_change|keep_row)\(/m
