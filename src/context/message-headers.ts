import { leavingWithActor, runCarried, TenantNotCarried } from './carried.ts'

const fields = { id: 'x-tenant-id', actor: 'x-actor', requestId: 'x-request-id' }

/**
 * Headers for a message (Kafka, AMQP, NATS, attributes of SQS) in the name of the present tenant: `x-tenant-id`, and
 * `x-actor` and `x-request-id` where there are any. What stood there under these names, in any case, is replaced; all
 * else is left as it is. They are no proof: whoever can write to the broker can name any tenant, so it must be yours alone.
 *
 * @param headers to begin with; they are copied
 * @throws TenantRequired outside of any tenant; TenantNotCarried when who acts could not arrive
 * @example
 * await producer.send({ topic: 'invoices', messages: [{ value, headers: tenantMessageHeaders() }] })
 */
export function tenantMessageHeaders<V = never>(headers: Readonly<Record<string, V>> = {}): Record<string, V | string> {
  const { tenantId, actor, requestId } = leavingWithActor(fields)
  const replaced: string[] = [fields.id, fields.actor, ...(requestId === undefined ? [] : [fields.requestId])]
  return {
    // An actor that was there would be taken for the one of this work, also where this work has none.
    ...Object.fromEntries(Object.entries(headers).filter(([name]) => !replaced.includes(name.toLowerCase()))),
    [fields.id]: tenantId,
    ...(actor === undefined ? {} : { [fields.actor]: actor }),
    ...(requestId === undefined ? {} : { [fields.requestId]: requestId }),
  }
}

/**
 * Runs work as the tenant that a message's headers name, also inside of another tenant's work. Their form is checked, not
 * their origin: whoever can write to the broker can name any tenant, so it must be yours alone.
 *
 * @param headers by name in any case; a value is text, its UTF-8 bytes, or a list of one such. Of SQS, hand over each
 *   attribute's `StringValue`.
 * @param work the tenant holds for everything that it awaits
 * @throws TenantNotCarried when the tenant is missing, or a value is malformed or given twice, before the work runs
 * @example
 * await consumer.run({ eachMessage: ({ message }) => resumeFromMessage(message.headers, () => handle(message.value)) })
 */
export function resumeFromMessage<T>(headers: Readonly<Record<string, unknown>> | undefined, work: () => T): T {
  const given = {
    id: oneValue(headers, fields.id),
    actor: oneValue(headers, fields.actor),
    requestId: oneValue(headers, fields.requestId),
  }
  return runCarried(given, fields, work)
}

/** The one value under a name; undefined when there is none. */
function oneValue(headers: Readonly<Record<string, unknown>> = {}, name: string): unknown {
  const values = Object.entries(headers).flatMap(([key, value]) =>
    key.toLowerCase() === name && value !== undefined ? [value] : [],
  )
  if (values.length === 0) return undefined
  const [first, ...others] = values
  const list: unknown[] = Array.isArray(first) ? first : [first]
  if (others.length > 0 || list.length !== 1) throw new TenantNotCarried(name, 'must have one value')
  const [value = null] = list // an empty place in a list is malformed, not absent
  return value instanceof Uint8Array ? textOf(value, name) : value
}

function textOf(bytes: Uint8Array, name: string): string {
  try {
    // A byte order mark would be left out unless it is kept, and one id would have two forms.
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    throw new TenantNotCarried(name, 'must be UTF-8')
  }
}
