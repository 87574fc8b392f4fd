import { OperatorError, unavailable } from '../errors/index.ts'
import { type Connection, query } from './connection.ts'
import { createHandle, type Opening, type TenantTx } from './tenant-tx.ts'
import { TransactionMisuse } from './transaction-misuse.ts'

declare const brand: unique symbol

/**
 * A transaction across tenants: Drizzle, as a {@link TenantTx} is, and none of one. A repository takes a TenantTx, and so
 * cannot be run on all tenants by mistake.
 */
export type AdminTx = Pick<TenantTx, Extract<keyof TenantTx, string>> & { readonly [brand]: 'AdminTx' }

/** Why administrative work is done, and who does it. */
export interface AdminOccasion {
  /** For people who read the log later: up to 500 characters, not blank. */
  reason: string
  /** A person or a job: the setting `app.actor`. */
  actor?: string | undefined
}

export type AdminMode = 'read' | 'write'
export type AdminWork<T> = (tx: AdminTx) => Promise<T>

/** The login of administrative work is the wrong one: it would see nothing, or only seem to be apart from the service. */
export class WrongAdminLogin extends OperatorError {
  override readonly name = 'WrongAdminLogin'
}

const begins = { read: 'begin isolation level repeatable read read only', write: 'begin' }
const settingsQuery = `
select set_config('app.admin_reason', $1, true) as reason, set_config('app.actor', $2, true) as actor,
  rolname as role, rolbypassrls or rolsuper as bypasses
from pg_catalog.pg_roles where rolname = current_user`

/**
 * Begins a transaction, leaves the reason in it, and looks who is logged in.
 *
 * @throws WrongAdminLogin, ApiError SERVICE_UNAVAILABLE; then the transaction may be open
 */
export async function beginAdmin(
  connection: Connection,
  mode: AdminMode,
  { reason, actor = '' }: AdminOccasion,
  { servingRole, allowBound }: { servingRole: string; allowBound: boolean },
): Promise<void> {
  await connection.command(begins[mode])
  const [session] = await query(connection, settingsQuery, [reason, actor])
  if (connection.fault) throw unavailable(new Error(`Unexpected at begin: ${connection.fault}`))
  if (session?.reason !== reason || session.actor !== actor)
    throw new TransactionMisuse('PostgreSQL did not confirm the reason of this transaction')
  if (session.role === servingRole)
    throw new WrongAdminLogin(`Administrative work logs in as ${servingRole}, the role of the service: ${another}`)
  if (session.bypasses !== true && !allowBound)
    throw new WrongAdminLogin(`Row security binds ${String(session.role)}, so that it would see nothing: ${another}`)
}

const another = 'log in as app_admin, which "rowhouse migrate" makes when it is given DATABASE_ADMIN_URL'

/** What there is to do before the first query has been done by then. */
const opened: Opening = { command: undefined, statements: [], commit: undefined, confirm() {} }

/**
 * Runs work in the transaction that has begun on a connection, then ends it. Where the connection does not say that it is
 * idle afterwards, it must not be used again.
 *
 * @returns what the work gave, once COMMIT was confirmed as COMMIT
 */
export async function runAdmin<T>(connection: Connection, work: AdminWork<T>): Promise<T> {
  // Unnamed, for poolers: what is done once gains nothing by being kept parsed.
  const handle = createHandle(connection, {}, opened, false)
  let value: T
  try {
    value = await work(handle.tx as unknown as AdminTx) // the one place that brands
    if (handle.unawaited > 0) throw new TransactionMisuse(`${handle.unawaited} queries were not awaited`)
    if (handle.firstCause) throw handle.firstCause
  } catch (error) {
    handle.fail(error)
    await handle.revoke()
    await connection.command('rollback').catch(() => {}) // the first cause is what the caller hears
    throw error
  }
  await handle.revoke()
  const { command } = await connection.command('commit')
  // PostgreSQL answers COMMIT of a transaction that has failed with ROLLBACK, and of one that is over with a notice.
  if (command !== 'COMMIT' || connection.fault?.startsWith('notice'))
    throw new TransactionMisuse(`Unexpected at commit: ${command}, ${connection.fault ?? 'no notice'}`)
  return value
}
