import { findDatabaseError } from '../errors/index.ts'
import { indexOfFailed } from './batch.ts'
import type { Statement } from './statement.ts'
import { TransactionMisuse } from './transaction-misuse.ts'

/** A setting that a transaction was opened with. */
export type Setting = readonly [name: string, value: string]

const texts = [0, 1, 2, 3, 4].map((count) => {
  const isKept = (_: unknown, index: number) =>
    `pg_catalog.texteq(coalesce(pg_catalog.current_setting($${2 * index + 1}, true), ''), $${2 * index + 2})`
  return `select ${failsUnless(['true', ...Array.from({ length: count }, isKept)].join(' and '))}`
})

/**
 * SQL that fails with "division by zero" unless a condition is true. It names the schema of its function, because a statement
 * before it could have changed the search path.
 */
export function failsUnless(condition: string): string {
  return `pg_catalog.int4div(1, case when ${condition} then 1 else 0 end)`
}

/** Whether a batch failed at its statement with this index, because the condition of {@link failsUnless} was not true. */
export const isRefusedAt = (error: unknown, index: number): boolean =>
  error instanceof Error && indexOfFailed(error) === index && findDatabaseError(error)?.sqlstate === '22012'

/**
 * A statement that fails when a setting has another value. PostgreSQL compares, so that what follows in the same message, such as
 * COMMIT, does not run.
 */
export const guardOf = (settings: readonly Setting[]): Statement => ({
  text: texts[settings.length] ?? '',
  parameters: settings.flat(),
})

/** What a failed guard means. */
export const settingsChanged = (): TransactionMisuse =>
  new TransactionMisuse(
    'A statement changed a setting of its transaction, such as app.current_tenant or app.actor: only db.read and db.write set ' +
      'them. The transaction was rolled back',
  )
