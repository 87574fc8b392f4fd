import { setTimeout as delay } from 'node:timers/promises'
import { findDatabaseError, isTransient } from '../errors/index.ts'
import { isStale } from './prepared-statements.ts'
import type { IsolationLevel } from './tenant-opening.ts'
import { TransactionMisuse } from './transaction-misuse.ts'

/** A serializable transaction can fail because of every concurrent one (PostgreSQL, chapter 13.2.3). */
export const attemptsOf = ({ isolation }: { isolation?: IsolationLevel | undefined }): number =>
  isolation === 'serializable' ? 3 : 2

/** Runs a transaction again after a failure that another attempt can mend: a stale statement, a deadlock or the like. */
export async function withRetry<T>(
  named: boolean,
  attempts: number,
  transaction: (keepParsed: boolean) => Promise<T>,
): Promise<T> {
  try {
    return await transaction(named)
  } catch (error) {
    if (attempts === 1 || error instanceof TransactionMisuse) throw error // of mapped(): COMMIT may have succeeded, whatever the cause is
    if (isStale(error)) return await withRetry(false, attempts - 1, transaction)
    if (!isTransient(findDatabaseError(error)?.sqlstate ?? '')) throw error
    // Without a pause it would often meet the winner of a deadlock again, which PostgreSQL is just waking up.
    await delay(10 + Math.random() * 40)
    return await withRetry(named, attempts - 1, transaction)
  }
}
