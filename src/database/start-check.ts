import type { TenantContext, TenantIdType } from '../context/index.ts'
import { findDatabaseError, OperatorError } from '../errors/index.ts'
import { indexOfFailed } from './batch.ts'
import type { Opening } from './opening.ts'

/** Row-level security does not apply to the login of the tenant database. The work got no rows, and changed none. */
export class PrivilegedLogin extends OperatorError {
  override readonly name = 'PrivilegedLogin'
}

/** The database, or the context, has tenant ids of another type than the tenant database. The work got no rows, and changed none. */
export class OtherTenantIds extends OperatorError {
  override readonly name = 'OtherTenantIds'
}

// to_regprocedure() fails for a role without USAGE on the schema.
const isOfType = (type: TenantIdType) => `coalesce((
  select pg_catalog.format_type(p.prorettype, null) operator(pg_catalog.=) '${type}'
  from pg_catalog.pg_proc p join pg_catalog.pg_namespace n on n.oid operator(pg_catalog.=) p.pronamespace
  where n.nspname operator(pg_catalog.=) 'tenancy' and p.proname operator(pg_catalog.=) 'current_tenant_id' and p.pronargs operator(pg_catalog.=) 0), true)`

/** Another type of ids is an error of its own, 2201F: the division by zero of a guard means that the tenant was not set. */
const startQuery = (type: TenantIdType) =>
  `select current_user::text, rolsuper or rolbypassrls, pg_catalog.dsqrt(case when ${isOfType(type)} then 1 else -1 end) from pg_catalog.pg_roles where rolname = current_user`

/**
 * An opening that also refuses a role that row-level security does not apply to, in the same round trip: such a login would show
 * the rows of all tenants to each of them, without any error. And it fails for tenant ids of another type than those of the database,
 * before PostgreSQL runs a query of the work: {@link meaningAtStart}.
 *
 * @param type the type of tenant ids. A database without our function has none to compare.
 * @param accepted called when the database is not refused
 */
export function checkAtStart(opening: Opening, type: TenantIdType, accepted: () => void): Opening {
  return {
    ...opening,
    statements: () => [...opening.statements(), { text: startQuery(type), parameters: [] }],
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

/** What an error means that the first transaction failed with. */
export function meaningAtStart(error: unknown, opening: Opening, type: TenantIdType): unknown {
  const start = opening.statements().findIndex(({ text }) => text === startQuery(type))
  const isStart = error instanceof Error && indexOfFailed(error) === start
  if (!isStart || findDatabaseError(error)?.sqlstate !== '2201F') return error
  return new OtherTenantIds(
    `The tenant ids of this database are not of type ${type}: pass their type, as rowhouse.config.ts has it, to createTenantDatabase() ` +
      "and tenant(), as in { tenantId: 'text' }",
    { cause: error },
  )
}

/**
 * Refuses a context whose id has another type: a uuid is canonicalised and a text is not, so it may be the id of another tenant.
 *
 * @throws OtherTenantIds
 */
export function assertSameIds({ tenantIdType = 'uuid' }: TenantContext, type: TenantIdType): void {
  if (tenantIdType !== type)
    throw new OtherTenantIds(
      `The tenant of this context has an id of type ${tenantIdType}, and the tenant database has ids of type ${type}: pass ` +
        `{ tenantId: '${type}' } to tenant(), withTenant(), resumeTenant() and resumeFromMessage(), or '${tenantIdType}' to ` +
        'createTenantDatabase()',
    )
}
