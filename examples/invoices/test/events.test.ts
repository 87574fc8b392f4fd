import type { AddressInfo } from 'node:net'
import { createAdaptorServer } from '@hono/node-server'
import { withTenant } from 'rowhouse'
import { afterAll, expect, test } from 'vitest'
import { tenantId as idType } from '../src/schema.ts'
import { app, type Client, createInvoice, events, newTenant } from './app.ts'

// On a real server: only there a client can go.
const server = createAdaptorServer({ fetch: app.fetch })
await new Promise<void>((resolve) => server.listen(0, resolve))
afterAll(() => {
  server.close()
  if ('closeAllConnections' in server) server.closeAllConnections() // fetch keeps its connections for the next request
})
const { port } = server.address() as AddressInfo // it listens on a port, not on a pipe

/** Listens as a tenant. `next` waits for the next event, `leave` disconnects. */
async function listen(tenantId: string) {
  const client = new AbortController()
  const headers = { 'X-Tenant-Id': tenantId }
  const { body } = await fetch(`http://localhost:${port}/events`, { headers, signal: client.signal })
  const reader = body?.pipeThrough(new TextDecoderStream()).getReader()
  const next = async () => (await reader?.read())?.value
  expect(await next()).toContain('event: ready')
  return { next, leave: () => client.abort() }
}

async function sendInvoice(as: Client): Promise<string> {
  const { id } = await createInvoice(as)
  await as.send('POST', `/invoices/${id}/send`)
  return id
}

test('a tenant receives its own events only, and a client that goes is forgotten', async () => {
  const [acme, globex] = [newTenant(), newTenant()]
  const [ofAcme, ofGlobex] = await Promise.all([listen(acme.tenantId), listen(globex.tenantId)])
  expect(events.listeners).toBe(2)

  const first = await sendInvoice(acme)
  expect(await ofAcme.next()).toContain(first)
  // The first event that the other tenant receives is its own one, which is published later.
  const second = await sendInvoice(globex)
  expect(await ofGlobex.next()).toContain(second)

  ofAcme.leave()
  ofGlobex.leave()
  await expect.poll(() => events.listeners).toBe(0)
})

test('a client that does not read is forgotten before its events fill the memory', async () => {
  const { tenantId } = newTenant()
  const { body } = await app.request('/events', { headers: { 'X-Tenant-Id': tenantId } })
  await expect.poll(() => events.listeners).toBe(1)
  const event = { type: 'invoice.sent', invoiceId: tenantId } as const
  const publish = async () => {
    for (let count = 0; count < 200; count += 1) events.publish(event)
  }
  await withTenant(tenantId, publish, { tenantId: idType })
  await expect.poll(() => events.listeners).toBe(0)
  await body?.cancel()
})

test('an id that is the name of an event of the emitter is a plain id', async () => {
  const tenants = ['error', 'newListener', 'removeListener']
  for (const id of tenants) await sendInvoice(newTenant(id))
  const listener = await listen('newListener')
  const another = await listen(newTenant().tenantId)
  another.leave()
  await expect.poll(() => events.listeners).toBe(1)
  const sent = await sendInvoice(newTenant('newListener'))
  expect(await listener.next()).toContain(sent)
  listener.leave()
  await expect.poll(() => events.listeners).toBe(0)
})
