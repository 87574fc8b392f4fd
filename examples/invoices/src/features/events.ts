import { EventEmitter } from 'node:events'
import { z } from '@hono/zod-openapi'
import { streamSSE } from 'hono/streaming'
import { createRouter, type TenantEnv, TenantRequired, tenantContext, tenantRoute } from 'rowhouse'

export interface InvoiceEvent {
  type: 'invoice.sent' | 'invoice.paid'
  invoiceId: string
}

export type Events = ReturnType<typeof createEvents>

/**
 * The events of this process, with a channel for each tenant. The tenant is that of the current context, never a parameter: no caller
 * can publish to another tenant, or listen to it. Several processes need a broker, such as LISTEN and NOTIFY.
 */
export function createEvents() {
  const channels = new EventEmitter().setMaxListeners(0)
  function channel(): string {
    const context = tenantContext()
    if (!context) throw new TenantRequired()
    // An emitter has events of its own, such as newListener, and a tenant may have that id.
    return `tenant ${context.tenantId}`
  }
  return {
    publish: (event: InvoiceEvent): void => void channels.emit(channel(), event),
    /** Returns the function that ends the subscription. */
    subscribe(listener: (event: InvoiceEvent) => unknown): () => void {
      const name = channel()
      channels.on(name, listener)
      return () => void channels.off(name, listener)
    },
    /** How many listeners all tenants have. */
    get listeners(): number {
      return channels.eventNames().reduce((sum, name) => sum + channels.listenerCount(name), 0)
    },
  }
}

const pingMs = 30_000
/** How many events wait for a client at most. One that reads no more would fill the memory: it is cut off, and connects again. */
const pendingMax = 100

/** The events of the tenant as a stream, until the client goes. */
export const eventRoutes = ({ events }: { events: Events }) =>
  createRouter<TenantEnv>().openapi(
    tenantRoute({
      method: 'get',
      path: '/',
      operationId: 'streamEvents',
      permission: 'events:read',
      summary: 'Receive events as they happen',
      tags: ['events'],
      responses: {
        200: { description: 'Server-sent events', content: { 'text/event-stream': { schema: z.string() } } },
      },
    }),
    (c) =>
      streamSSE(c, async (stream) => {
        let pending = 0
        const send = async (event: string, data: object) => {
          if (pending >= pendingMax) return stream.abort()
          pending += 1
          await stream.writeSSE({ event, data: JSON.stringify(data) })
          pending -= 1
        }
        const unsubscribe = events.subscribe(({ type, ...data }) => send(type, data))
        const ping = setInterval(() => send('ping', {}), pingMs)
        const gone = new Promise<void>((resolve) =>
          stream.onAbort(() => {
            clearInterval(ping)
            unsubscribe()
            resolve()
          }),
        )
        await send('ready', {})
        await gone
      }),
  )
