import { type Carried, leavingContext, leavingWithActor, runCarried, TenantNotCarried } from './carried.ts'
import type { TenantId } from './tenant-id.ts'

const fields = { id: 'tenant.id', actor: 'tenant.actor', requestId: 'tenant.requestId' }

/** A job's payload with the tenant that it is for. It survives JSON when the payload does. */
export interface CarriedTenant<P> {
  readonly tenant: { readonly id: TenantId; readonly actor?: string; readonly requestId?: string }
  readonly payload: P
}

/**
 * Headers for a request to another service in the name of the present tenant. Only for services of your own: whoever gets
 * them learns the tenant's id. A tenant that was given already is replaced; trace context (W3C `traceparent`,
 * `tracestate`, `baggage`) is left as it is. Who acts does not go along: the other service believes a token, not a header.
 *
 * @param init headers to begin with; they are copied
 * @param options `header`: where the tenant goes, `X-Tenant-Id` when left out
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
 * Wraps a job's payload together with the present tenant, who acts, and the request's id, where there are any. It is no
 * proof: whoever can write to the queue can name any tenant, so the queue must be yours alone.
 *
 * @throws TenantRequired outside of any tenant; TenantNotCarried when who acts could not arrive: 1 to 255 characters, no control characters
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
 * Runs a job as the tenant that {@link carryTenant} wrapped it with, also inside of another tenant's work. Its form is checked,
 * not its origin: whoever can write to the queue can name any tenant, so the queue must be yours alone.
 *
 * @param carried what came off the queue
 * @param work gets the payload as it came; the tenant holds for everything that it awaits
 * @throws TenantNotCarried when the tenant is missing or anything of it is malformed, before the work runs
 * @example
 * new Worker('invoices', (job) => resumeTenant(job.data, (payload) => sendInvoice(SendInvoice.parse(payload))))
 */
export function resumeTenant<T>(carried: unknown, work: (payload: unknown) => T): T {
  if (!isObject(carried)) throw new TenantNotCarried('The job', 'must be an object with a tenant and a payload')
  const { tenant, payload } = carried
  if (!isObject(tenant)) throw new TenantNotCarried('tenant', 'must be an object with an id')
  return runCarried({ id: tenant.id, actor: tenant.actor, requestId: tenant.requestId }, fields, () => work(payload))
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
