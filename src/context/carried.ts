import { isRequestId } from '../text/index.ts'
import { isActor } from './actor.ts'
import { runInContext, type TenantContext, TenantRequired, tenantContext } from './context.ts'
import { parseTenantId } from './tenant-id.ts'

/** What arrived names no tenant that work could be done for, or what leaves could not arrive. The message holds no value. */
export class TenantNotCarried extends Error {
  override readonly name = 'TenantNotCarried'
  constructor(
    /** What is wrong: `tenant.id`, `x-tenant-id`. */
    readonly field: string,
    must: string,
  ) {
    super(`${field} ${must}`)
  }
}

/** What is carried of a context, under the names that it has where it is carried. */
export type Fields = Readonly<Record<'id' | 'actor' | 'requestId', string>>

/** The part of a context that leaves the process. */
export type Carried = Pick<TenantContext, 'tenantId' | 'actor' | 'requestId'>

/**
 * What is to be carried of the present context.
 *
 * @throws TenantRequired outside of any tenant
 */
export function leavingContext(): Carried {
  const context = tenantContext()
  if (context === undefined) throw new TenantRequired()
  const { tenantId, actor, requestId } = context
  // It is for logs alone: work does not fail for one that could not arrive.
  return { tenantId, actor, requestId: isRequestId(requestId) ? requestId : undefined }
}

/**
 * As {@link leavingContext}, where who acts goes along: work that nobody could take up must not be sent off.
 *
 * @throws TenantNotCarried when who acts could not arrive
 */
export function leavingWithActor(fields: Fields): Carried {
  const leaving = leavingContext()
  if (leaving.actor !== undefined) expectActor(leaving.actor, fields.actor)
  return leaving
}

/**
 * Runs work in the context that was carried here, and in nothing of the one around it.
 *
 * @throws TenantNotCarried before the work runs
 */
export function runCarried<T>(given: Readonly<Record<keyof Fields, unknown>>, fields: Fields, work: () => T): T {
  const tenantId = typeof given.id === 'string' ? parseTenantId(given.id) : undefined
  if (tenantId === undefined) throw new TenantNotCarried(fields.id, 'must be one tenant id: 8-4-4-4-12 hex digits')
  const context: TenantContext = {
    tenantId,
    ...(given.actor === undefined ? {} : { actor: expectActor(given.actor, fields.actor) }),
    ...(given.requestId === undefined ? {} : { requestId: expectRequestId(given.requestId, fields.requestId) }),
  }
  return runInContext(context, work)
}

function expectActor(value: unknown, field: string): string {
  if (!isActor(value)) throw new TenantNotCarried(field, 'must be text of 1 to 255 characters, no control characters')
  return value
}

function expectRequestId(value: unknown, field: string): string {
  if (!isRequestId(value)) throw new TenantNotCarried(field, 'must be 1 to 128 letters, digits or - _ . ~')
  return value
}
