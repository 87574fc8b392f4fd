import { indexOfFailed } from './batch.ts'
import { isReported } from './reported-error.ts'

/** PostgreSQL did not confirm the settings of a transaction. The connection is destroyed. */
export class SettingsNotConfirmed extends Error {
  override readonly name: string = 'SettingsNotConfirmed'
}

/** PostgreSQL did not confirm the tenant of a transaction. The work got no rows, and the connection is destroyed. */
export class TenantNotConfirmed extends SettingsNotConfirmed {
  override readonly name = 'TenantNotConfirmed'
}

/**
 * The error of a message whose opening failed because PostgreSQL did not set the tenant; undefined: it failed for another reason. The
 * guard in the statement that sets it is the one division among those that open a transaction.
 */
export function guardFailure(error: unknown, openingLength: number): TenantNotConfirmed | undefined {
  const isGuard = isReported(error) && error.code === '22012' && indexOfFailed(error) < openingLength
  return isGuard
    ? new TenantNotConfirmed('PostgreSQL did not set the tenant of this transaction', { cause: error })
    : undefined
}
