import { isRequestId } from '../text/index.ts'
import { isActor } from './actor.ts'
import { runInContext, type TenantContext, TenantRequired, tenantContext, typeOf } from './context.ts'
import { type TenantIdType, tenantIdsOf } from './tenant-id.ts'

/** A job or message has no valid tenant, actor or request id, or could not be received with it. The message holds no value. */
export class TenantNotCarried extends Error {
  override readonly name = 'TenantNotCarried'
  constructor(
    /** The invalid field: `tenant.id`, `x-tenant-id`. */
    readonly field: string,
    must: string,
  ) {
    super(`${field} ${must}`)
  }
}

/** The names of the carried fields in a job or in message headers. */
export type Fields = Readonly<Record<'id' | 'actor' | 'requestId', string>>

/** The part of a context that leaves the process. */
export type Carried = Pick<TenantContext, 'tenantId' | 'actor' | 'requestId'>

/**
 * The part of the current context that leaves the process.
 *
 * @throws TenantRequired outside of any tenant
 */
export function leavingContext(): Carried {
  const context = tenantContext()
  if (context === undefined) throw new TenantRequired()
  const { tenantId, actor, requestId } = context
  // Only logs use the request id, so an invalid one is left out instead of failing the work.
  return { tenantId, actor, requestId: isRequestId(requestId) ? requestId : undefined }
}

/**
 * As {@link leavingContext}, with the actor. Work that its receiver would reject is not sent.
 *
 * @throws TenantNotCarried when the actor is invalid
 */
export function leavingWithActor(fields: Fields): Carried {
  const leaving = leavingContext()
  if (leaving.actor !== undefined) expectActor(leaving.actor, fields.actor)
  return leaving
}

/** How a receiver reads the tenant. */
export interface CarriedOptions {
  /** The type of tenant ids: that of the tenant database. @default 'uuid' */
  tenantId?: TenantIdType | undefined
}

/**
 * Runs work in the carried context, and takes nothing from the current one.
 *
 * @throws TenantNotCarried before the work runs
 */
export function runCarried<T>(
  given: Readonly<Record<keyof Fields, unknown>>,
  fields: Fields,
  work: () => T,
  options: CarriedOptions,
): T {
  const ids = tenantIdsOf(options.tenantId)
  const tenantId = typeof given.id === 'string' ? ids.parse(given.id) : undefined
  if (tenantId === undefined) throw new TenantNotCarried(fields.id, `must be one tenant id: ${ids.must}`)
  const context: TenantContext = {
    tenantId,
    ...typeOf(ids),
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
