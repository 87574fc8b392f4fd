import { withTenant } from 'rowhouse'
import { expect, test } from 'vitest'
import type { InvoiceEvent } from '../src/features/events.ts'
import { tenantId as textIds } from '../src/schema.ts'
import { createCustomer, createInvoice, events, newTenant } from './app.ts'

const key = () => ({ 'Idempotency-Key': crypto.randomUUID() })
const line = { description: 'Consulting', quantity: '1', unitPrice: '100.00', vatCode: 'AT-20' }

test('an invoice that is sent twice under a key is created once, and its number too', async () => {
  const as = newTenant()
  const body = { customerId: await createCustomer(as), dueOn: '2027-01-31', lines: [line], tags: [] }
  const same = key()
  const [first, second] = [await as.post('/invoices', body, same), await as.post('/invoices', body, same)]
  expect([first.status, second.status]).toEqual([201, 201])
  expect(second.data).toEqual(first.data)
  expect(second.headers.get('Location')).toBe(first.headers.get('Location'))
  expect((await createInvoice(as)).number).toBe(2)
})

/** The events of a tenant while work runs. */
async function eventsOf({ tenantId }: { tenantId: string }, work: () => Promise<void>): Promise<InvoiceEvent[]> {
  const published: InvoiceEvent[] = []
  const listen = () => events.subscribe((event) => published.push(event))
  const leave = await withTenant(tenantId, listen, { actor: 'listener', tenantId: textIds })
  await work()
  leave()
  return published
}

test('a repeated request to send an invoice is no conflict, and publishes no second event', async () => {
  const as = newTenant()
  const { id } = await createInvoice(as)
  const published = await eventsOf(as, async () => {
    const send = { headers: key() }
    for (const _attempt of [1, 2]) expect((await as.send('POST', `/invoices/${id}/send`, send)).status).toBe(200)
  })
  expect(published).toHaveLength(1)
})
