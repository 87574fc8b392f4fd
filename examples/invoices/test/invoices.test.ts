import { expect, test } from 'vitest'
import { createCustomer, createInvoice, type Invoice, newTenant } from './app.ts'

const line = (quantity: string, unitPrice: string, vatCode = 'AT-20') => ({
  description: 'A line',
  quantity,
  unitPrice,
  vatCode,
})

test('totals are right to the last cent', async () => {
  const lines = [line('3', '0.10'), line('1.005', '1000.00'), line('1', '0.03', 'AT-10'), line('1', '0.02', 'AT-10')]
  const { totals } = await createInvoice(newTenant(), { lines })
  // 20 % of 1005.30 is 201.06, and 10 % of 0.05 is 0.005, which is rounded once: 0.01.
  expect(totals).toEqual({ net: '1005.35', vat: '201.07', gross: '1206.42', paid: '0.00' })
})

test('amounts beyond the precision of a JavaScript number stay exact', async () => {
  const { totals } = await createInvoice(newTenant(), { lines: [line('1', '9999999999.99', 'AT-0')] })
  expect(totals.gross).toBe('9999999999.99')
})

test('an invoice has its customer, its lines in their order, and its tags', async () => {
  const as = newTenant()
  const lines = ['first', 'second', 'third'].map((description) => ({ ...line('1.000', '1.00'), description }))
  await createInvoice(as, { tags: ['new', 'export'] })
  const { id } = await createInvoice(as, { lines, tags: ['export', 'vip'] })
  const { data } = await as.get<{ tags: string[]; lines: { description: string }[] }>(`/invoices/${id}`)
  expect(data).toMatchObject({ customerName: 'Acme', number: 2, lines })
  expect(data.tags.toSorted()).toEqual(['export', 'vip'])
})

test('invoices that are created at the same time have numbers without a gap', async () => {
  const as = newTenant()
  const customerId = await createCustomer(as)
  await Promise.all([1, 2, 3].map(() => as.get('/customers'))) // opens a connection for each
  const created = await Promise.all([1, 2, 3].map(() => createInvoice(as, { customerId })))
  expect(created.map(({ number }) => number).toSorted()).toEqual([1, 2, 3])
})

test('numbers of tenants are independent', async () => {
  await createInvoice(newTenant())
  expect((await createInvoice(newTenant())).number).toBe(1)
})

test('an invoice is sent once', async () => {
  const as = newTenant()
  const { id } = await createInvoice(as)
  expect((await as.send<Invoice>('POST', `/invoices/${id}/send`)).data.status).toBe('sent')
  expect((await as.send('POST', `/invoices/${id}/send`)).status).toBe(409)
  expect((await as.get<Invoice[]>('/invoices?status=sent')).data).toHaveLength(1)
  expect((await as.get<Invoice[]>('/invoices?status=draft')).data).toEqual([])
})

test('a rate that does not exist is refused, and nothing is left', async () => {
  const as = newTenant()
  const customerId = await createCustomer(as)
  const lines = [line('1', '1.00', 'XX-99')]
  const { status, error } = await as.post('/invoices', { customerId, dueOn: '2027-01-31', lines })
  expect([status, error?.details?.[0]?.path]).toEqual([422, 'lines'])
  expect((await as.get<Invoice[]>('/invoices')).data).toEqual([])
})
