import { OperatorError } from '../errors/index.ts'
import { SettingsNotConfirmed } from './not-confirmed.ts'
import type { Opening } from './opening.ts'
import { guardOf } from './settings-guard.ts'
import { toRows } from './statement.ts'
import { beginRead } from './transaction.ts'

/** Why administrative work is done, and who does it. */
export interface AdminOccasion {
  /** For readers of the log: 1 to 500 characters, not blank. It becomes the setting `app.admin_reason`. */
  reason: string
  /** A person or a job. It becomes the setting `app.actor`. */
  actor?: string | undefined
}

export type AdminMode = 'read' | 'write'

/** The login of the admin database is the serving role, or row-level security applies to it. Nothing was queried. */
export class WrongAdminLogin extends OperatorError {
  override readonly name = 'WrongAdminLogin'
}

const begin = { read: beginRead, write: 'begin' }
const settingsQuery = `
select pg_catalog.set_config('app.admin_reason', $1, true) as reason, pg_catalog.set_config('app.actor', $2, true) as actor,
  rolname as role, rolbypassrls or rolsuper as bypasses
from pg_catalog.pg_roles where rolname = current_user`

/** Begins a transaction, sets its reason and actor, and checks the login. */
export function openAdmin(
  mode: AdminMode,
  { reason, actor = '' }: AdminOccasion,
  { servingRole, allowBound }: { servingRole: string; allowBound: boolean },
): Opening {
  return {
    command: begin[mode],
    statements: () => [{ text: settingsQuery, parameters: [reason, actor] }],
    withoutBegin: undefined,
    endsWithQueries: false,
    guard: () =>
      guardOf([
        ['app.admin_reason', reason],
        ['app.actor', actor],
      ]),
    confirm([result]) {
      const [session] = result ? toRows(result) : []
      if (session?.reason !== reason || session.actor !== actor)
        throw new SettingsNotConfirmed('PostgreSQL did not confirm the reason of this transaction')
      if (session.role === servingRole)
        throw new WrongAdminLogin(`The admin database logs in as ${servingRole}, the role of the service: ${remedy}`)
      if (session.bypasses !== true && !allowBound)
        throw new WrongAdminLogin(
          `Row-level security applies to ${String(session.role)}, so the admin database would return no rows: ${remedy}`,
        )
    },
  }
}

const remedy = 'log in as app_admin, which "rowhouse migrate" creates when DATABASE_ADMIN_URL is set'
