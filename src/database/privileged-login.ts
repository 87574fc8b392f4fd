import { OperatorError } from '../errors/index.ts'
import type { Opening } from './opening.ts'

/** Row-level security does not apply to the login of the tenant database. The work got no rows, and changed none. */
export class PrivilegedLogin extends OperatorError {
  override readonly name = 'PrivilegedLogin'
}

const loginQuery = `select current_user::text, rolsuper or rolbypassrls from pg_catalog.pg_roles where rolname = current_user`

/**
 * An opening that also refuses a role that row-level security does not apply to, in the same round trip. Such a login would show
 * the rows of all tenants to each of them, without any error.
 *
 * @param accepted called when row-level security applies to the role
 */
export function refusePrivileged(opening: Opening, accepted: () => void): Opening {
  return {
    ...opening,
    statements: () => [...opening.statements(), { text: loginQuery, parameters: [] }],
    withoutBegin: undefined,
    endsWithQueries: false, // nothing is committed before the role is known
    confirm(results) {
      opening.confirm(results.slice(0, -1))
      const [role, isPrivileged] = results.at(-1)?.rows[0] ?? []
      if (isPrivileged !== false)
        throw new PrivilegedLogin(
          `The tenant database works as ${String(role)}, to which row-level security does not apply: every tenant would get the ` +
            'rows of all. Log in as app_user, which "rowhouse migrate" creates',
        )
      accepted()
    },
  }
}
