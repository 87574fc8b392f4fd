import {
  type Carried,
  type CarriedOptions,
  leavingContext,
  leavingWithActor,
  runCarried,
  TenantNotCarried,
} from './carried.ts'
import type { TenantId } from './tenant-id.ts'

const fields = { id: 'tenant.id', actor: 'tenant.actor', requestId: 'tenant.requestId' }

/** A job's payload with its tenant. It can be JSON when the payload can. */
export interface CarriedTenant<P> {
  readonly tenant: { readonly id: TenantId; readonly actor?: string; readonly requestId?: string }
  readonly payload: P
}

/**
 * Headers for a request to another service of yours, as the current tenant. They contain the tenant's id, and replace a
 * given tenant; trace context (W3C `traceparent`, `tracestate`, `baggage`) stays. They do not contain the actor: the other
 * service reads it from a token.
 *
 * @param init the initial headers, which are copied
 * @param options `header`: the name of the tenant's header. @default 'X-Tenant-Id'
 * @throws TenantRequired outside of any tenant
 * @example
 * await fetch('http://billing.internal/invoices', { headers: tenantHeaders({ Accept: 'application/json' }) })
 */
export function tenantHeaders(init?: HeadersInit, options: { header?: string } = {}): Headers {
  const { tenantId, requestId } = leavingContext()
  const headers = new Headers(init)
  headers.set(options.header ?? 'X-Tenant-Id', tenantId)
  if (requestId !== undefined && !headers.has('X-Request-Id')) headers.set('X-Request-Id', requestId)
  return headers
}

/**
 * Wraps a job's payload with the current tenant, and with the actor and the request id where the context has them. The
 * tenant is unverified: every writer to the queue can name any tenant, so only your own services may write to it.
 *
 * @throws TenantRequired outside of any tenant; TenantNotCarried for an invalid actor: 1 to 255 characters, no control characters
 * @example
 * await queue.add('send-invoice', carryTenant({ invoiceId }))
 */
export function carryTenant<P>(payload: P): CarriedTenant<P> {
  return { tenant: namesOf(leavingWithActor(fields)), payload }
}

const namesOf = ({ tenantId, actor, requestId }: Carried): CarriedTenant<unknown>['tenant'] => ({
  id: tenantId,
  ...(actor === undefined ? {} : { actor }),
  ...(requestId === undefined ? {} : { requestId }),
})

/**
 * Runs a job as the tenant from {@link carryTenant}, also inside of another tenant's work. The tenant is unverified, only its
 * form is checked: every writer to the queue can name any tenant, so only your own services may write to it.
 *
 * @param carried the job from the queue
 * @param work gets the payload unchecked; the tenant is set for everything that it awaits
 * @param options `tenantId`: the type of tenant ids. @default 'uuid'
 * @throws TenantNotCarried when the tenant is missing or a field is malformed, before the work runs
 * @example
 * new Worker('invoices', (job) => resumeTenant(job.data, (payload) => sendInvoice(SendInvoice.parse(payload))))
 */
export function resumeTenant<T>(carried: unknown, work: (payload: unknown) => T, options: CarriedOptions = {}): T {
  if (!isObject(carried)) throw new TenantNotCarried('The job', 'must be an object with a tenant and a payload')
  const { tenant, payload } = carried
  if (!isObject(tenant)) throw new TenantNotCarried('tenant', 'must be an object with an id')
  const given = { id: tenant.id, actor: tenant.actor, requestId: tenant.requestId }
  return runCarried(given, fields, () => work(payload), options)
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
