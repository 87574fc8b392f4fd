import { AsyncLocalStorage } from 'node:async_hooks'
import { isActor } from './actor.ts'
import type { Bookmark } from './bookmark.ts'
import { type TenantId, type TenantIds, type TenantIdType, tenantIdsOf } from './tenant-id.ts'

/** The tenant of the current work. The tenant database reads it, and it alone decides which rows are visible. */
export interface TenantContext {
  readonly tenantId: TenantId
  /** The type of the id: a tenant database of another type refuses to work. @default 'uuid' */
  readonly tenantIdType?: TenantIdType | undefined
  /** The verified user or job that acts. PostgreSQL gets it as `app.actor`, for triggers and logs. */
  readonly actor?: string | undefined
  /** The id of the request. PostgreSQL gets it as `app.request_id`, for triggers and logs. */
  readonly requestId?: string | undefined
  /** After it is aborted, no query is sent and nothing is committed. */
  readonly signal?: AbortSignal | undefined
  /** Where a replica is used: the last write of the client session, which its reads must see. */
  readonly bookmark?: Bookmark | undefined
}

/** The current context has no tenant: a route without the tenant middleware, or a job without `withTenant`. Nothing was sent. */
export class TenantRequired extends Error {
  override readonly name = 'TenantRequired'
  constructor() {
    super('The current context has no tenant: put the tenant middleware before the route, or wrap a job in withTenant')
  }
}

const storage = new AsyncLocalStorage<TenantContext>()

/**
 * The current context, or undefined outside of any tenant.
 *
 * @example
 * log.info({ tenant: tenantContext()?.tenantId }, 'invoice sent')
 */
export const tenantContext = (): TenantContext | undefined => storage.getStore()

/** Runs work in a complete context: for middleware. Other code uses {@link withTenant}. */
export const runInContext = <T>(context: TenantContext, work: () => T): T => storage.run(Object.freeze(context), work)

/** The type of an id in a context: a uuid has none. */
export const typeOf = ({ type }: TenantIds): Pick<TenantContext, 'tenantIdType'> =>
  type === 'uuid' ? {} : { tenantIdType: type }

/** What {@link withTenant} needs to know besides the id. */
export interface WithTenantOptions {
  /** The user or job that acts, for the setting `app.actor`. */
  actor?: string | undefined
  /** The type of tenant ids: that of the tenant database. @default 'uuid' */
  tenantId?: TenantIdType | undefined
}

/**
 * Runs work as a tenant: for jobs, scripts and tests, which have no request.
 *
 * @param id the tenant's id; a uuid in upper or lower case
 * @param work the tenant is set for everything that it awaits
 * @throws TypeError when it is no id of the type, or {@link isActor} rejects the actor
 * @example
 * await withTenant('11111111-1111-1111-1111-111111111111', () => db.read((tx) => listTasks(tx, page)))
 */
export function withTenant<T>(id: string, work: () => T, options: WithTenantOptions = {}): T {
  const { actor } = options
  const ids = tenantIdsOf(options.tenantId)
  const tenantId = ids.parse(id)
  if (tenantId === undefined)
    throw new TypeError(
      `A tenant id must be ${ids.must}${options.tenantId === undefined ? ". For other ids pass their type, as in { tenantId: 'text' }" : ''}`,
    )
  if (actor !== undefined && !isActor(actor))
    throw new TypeError('An actor must be text of 1 to 255 characters, without control characters')
  return runInContext({ tenantId, ...typeOf(ids), actor }, work)
}
