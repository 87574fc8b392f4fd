import { expect, test } from 'vitest'
import { createInvoice, deliver, newTenant, payment } from './app.ts'

const address = { street: '1 High Street', city: 'Vienna', country: 'AT' }
const customer = (email: string) => ({ name: 'Acme', email, copyTo: ['ceo@acme.example'], address })

test('keeps arrays and JSON as they were sent', async () => {
  const as = newTenant()
  const { status, data } = await as.post('/customers', customer('a@acme.example'))
  expect(status).toBe(201)
  expect(data).toMatchObject(customer('a@acme.example'))
})

test('an import keeps the good rows and reports an email that exists', async () => {
  const as = newTenant()
  await as.post('/customers', customer('a@acme.example'))
  const customers = ['b@acme.example', 'a@acme.example', 'c@acme.example'].map(customer)
  const { data } = await as.post<{ imported: string[]; rejected: object[] }>('/customers/import', { customers })
  expect(data.imported).toHaveLength(2)
  expect(data.rejected).toEqual([{ index: 1, message: 'A customer with this email exists already' }])
  const list = await as.get<object[]>('/customers')
  expect(list.data).toHaveLength(3)
})

test('two tenants may have a customer with the same email', async () => {
  expect((await newTenant().post('/customers', customer('a@acme.example'))).status).toBe(201)
  expect((await newTenant().post('/customers', customer('a@acme.example'))).status).toBe(201)
})

test('a customer with a paid invoice cannot be deleted', async () => {
  const as = newTenant()
  const invoice = await createInvoice(as)
  await as.post(`/invoices/${invoice.id}/send`, undefined)
  expect((await deliver(payment(as.tenantId, invoice.id, '120.00'))).status).toBe(200)
  expect((await as.delete(`/customers/${invoice.customerId}`)).status).toBe(409)
})

test('a client overwrites no change of another one', async () => {
  const as = newTenant()
  const created = await as.post<{ id: string }>('/customers', customer('a@acme.example'))
  const path = `/customers/${created.data.id}`
  const ifMatch = { 'If-Match': created.headers.get('ETag') ?? '' }
  expect((await as.patch(path, { name: 'Acme GmbH' }, ifMatch)).status).toBe(200)
  expect((await as.patch(path, { name: 'Acme AG' }, ifMatch)).status).toBe(412)
  expect((await as.delete(path, ifMatch)).status).toBe(412)
  const { data, headers } = await as.get<{ name: string }>(path)
  expect(data.name).toBe('Acme GmbH')
  expect((await as.get(path, { 'If-None-Match': headers.get('ETag') ?? '' })).status).toBe(304)
})

test('a customer that is sent twice under a key is created once', async () => {
  const as = newTenant()
  const key = { 'Idempotency-Key': crypto.randomUUID() }
  const create = () => as.post<{ id: string }>('/customers', customer('a@acme.example'), key)
  const [first, second] = [await create(), await create()]
  expect([first.status, second.status, second.data]).toEqual([201, 201, first.data])
  expect((await as.get<object[]>('/customers')).data).toHaveLength(1)
})
