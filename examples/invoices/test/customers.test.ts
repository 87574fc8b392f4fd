import { expect, test } from 'vitest'
import { createCustomer, createInvoice, newTenant } from './app.ts'

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

test('a customer with invoices cannot be deleted', async () => {
  const as = newTenant()
  const customerId = await createCustomer(as)
  await createInvoice(as, { customerId })
  expect((await as.delete(`/customers/${customerId}`)).status).toBe(409)
})
