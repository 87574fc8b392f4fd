import { type CarriedOptions, leavingWithActor, runCarried, TenantNotCarried } from './carried.ts'

const fields = { id: 'x-tenant-id', actor: 'x-actor', requestId: 'x-request-id' }

/**
 * Headers for a message (Kafka, AMQP, NATS, attributes of SQS) of the current tenant: `x-tenant-id`, and `x-actor` and
 * `x-request-id` where the context has them. They replace given headers of these names, in any case; other headers stay.
 * The headers are unverified: every writer to the broker can name any tenant, so only your own services may write to it.
 *
 * @param headers the initial headers, which are copied
 * @throws TenantRequired outside of any tenant; TenantNotCarried for an invalid actor
 * @example
 * await producer.send({ topic: 'invoices', messages: [{ value, headers: tenantMessageHeaders() }] })
 */
export function tenantMessageHeaders<V = never>(headers: Readonly<Record<string, V>> = {}): Record<string, V | string> {
  const { tenantId, actor, requestId } = leavingWithActor(fields)
  const replaced: string[] = [fields.id, fields.actor, ...(requestId === undefined ? [] : [fields.requestId])]
  return {
    // Removes a given actor even when the context has no actor: the receiver would take it for the actor of this work.
    ...Object.fromEntries(Object.entries(headers).filter(([name]) => !replaced.includes(name.toLowerCase()))),
    [fields.id]: tenantId,
    ...(actor === undefined ? {} : { [fields.actor]: actor }),
    ...(requestId === undefined ? {} : { [fields.requestId]: requestId }),
  }
}

/**
 * Runs work as the tenant of a message's headers, also inside of another tenant's work. The headers are unverified, only
 * their form is checked: every writer to the broker can name any tenant, so only your own services may write to it.
 *
 * @param headers by name, in any case; a value is text, its UTF-8 bytes, or a list of one of them. For SQS, pass each
 *   attribute's `StringValue`.
 * @param work the tenant is set for everything that it awaits
 * @param options `tenantId`: the type of tenant ids. @default 'uuid'
 * @throws TenantNotCarried when the tenant is missing, or a value is malformed or repeated, before the work runs
 * @example
 * await consumer.run({ eachMessage: ({ message }) => resumeFromMessage(message.headers, () => handle(message.value)) })
 */
export function resumeFromMessage<T>(
  headers: Readonly<Record<string, unknown>> | undefined,
  work: () => T,
  options: CarriedOptions = {},
): T {
  const given = {
    id: oneValue(headers, fields.id),
    actor: oneValue(headers, fields.actor),
    requestId: oneValue(headers, fields.requestId),
  }
  return runCarried(given, fields, work, options)
}

/** The value of a header; undefined for a missing one. */
function oneValue(headers: Readonly<Record<string, unknown>> = {}, name: string): unknown {
  const values = Object.entries(headers).flatMap(([key, value]) =>
    key.toLowerCase() === name && value !== undefined ? [value] : [],
  )
  if (values.length === 0) return undefined
  const [first, ...others] = values
  const list: unknown[] = Array.isArray(first) ? first : [first]
  if (others.length > 0 || list.length !== 1) throw new TenantNotCarried(name, 'must have one value')
  const [value = null] = list // an undefined value in a list is malformed, not absent
  return value instanceof Uint8Array ? textOf(value, name) : value
}

function textOf(bytes: Uint8Array, name: string): string {
  try {
    // Without ignoreBOM the decoder removes a byte order mark, and one id would have two forms.
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    throw new TenantNotCarried(name, 'must be UTF-8')
  }
}
