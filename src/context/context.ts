import { AsyncLocalStorage } from 'node:async_hooks'
import { isActor } from './actor.ts'
import type { Bookmark } from './bookmark.ts'
import { parseTenantId, type TenantId } from './tenant-id.ts'

/** Whose work is being done. The tenant database reads it; nothing else decides what rows are seen. */
export interface TenantContext {
  readonly tenantId: TenantId
  /** Who acts, where that was verified: handed to PostgreSQL as `app.actor`, for triggers and logs. */
  readonly actor?: string | undefined
  /** Handed to PostgreSQL as `app.request_id`, for triggers and logs. */
  readonly requestId?: string | undefined
  /** Once aborted, no further query is sent and nothing is committed. */
  readonly signal?: AbortSignal | undefined
  /** Where there is a replica: what the client session has written, so that it reads that. */
  readonly bookmark?: Bookmark | undefined
}

/** There is no tenant here: a route without the tenant middleware, or a job without `withTenant`. Nothing was sent. */
export class TenantRequired extends Error {
  override readonly name = 'TenantRequired'
  constructor() {
    super('There is no tenant here: put the tenant middleware before the route, or wrap a job in withTenant')
  }
}

const storage = new AsyncLocalStorage<TenantContext>()

/** The context of the work under way, or undefined outside of any tenant. */
export const tenantContext = (): TenantContext | undefined => storage.getStore()

/** Runs work in a context that has been built already; {@link withTenant} is the door for everything but middleware. */
export const runInContext = <T>(context: TenantContext, work: () => T): T => storage.run(context, work)

/**
 * Runs work as a tenant: for jobs, scripts and tests, where no request brings one.
 *
 * @param id the tenant's id, upper or lower case
 * @param work what to do; the tenant holds for everything that it awaits
 * @param options `actor`: on whose behalf, for the setting `app.actor`
 * @throws TypeError when the id is not 8-4-4-4-12 hex digits, or the actor is not as {@link isActor} wants it
 * @example
 * await withTenant('11111111-1111-1111-1111-111111111111', () => db.read((tx) => listTasks(tx, page)))
 */
export function withTenant<T>(id: string, work: () => T, options: { actor?: string | undefined } = {}): T {
  const tenantId = parseTenantId(id)
  if (tenantId === undefined) throw new TypeError('A tenant id is 8-4-4-4-12 hex digits')
  if (options.actor !== undefined && !isActor(options.actor))
    throw new TypeError('An actor is text of 1 to 255 characters, without control characters')
  return runInContext({ tenantId, ...options }, work)
}
