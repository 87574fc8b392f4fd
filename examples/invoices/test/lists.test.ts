import type { TestResponse } from 'rowhouse/testing'
import { expect, test } from 'vitest'
import { type Client, createCustomer, createInvoice, type Invoice, newTenant } from './app.ts'

type ByCursor = { meta: { pagination: { nextCursor: string | null } } }

const numbers = (invoices: Invoice[]) => invoices.map(({ number }) => number)

/** Three invoices of two customers, whose dates have another order than their numbers. */
async function threeInvoices(as: Client) {
  const [customerId, other] = [await createCustomer(as), await createCustomer(as)]
  await createInvoice(as, { customerId, dueOn: '2027-03-31' })
  await createInvoice(as, { customerId: other, dueOn: '2027-01-31' })
  await createInvoice(as, { customerId, dueOn: '2027-02-28' })
  return { customerId, other }
}

test('invoices are listed by number and by date', async () => {
  const as = newTenant()
  await threeInvoices(as)
  const listed = async (query: string) => numbers((await as.get<Invoice[]>(`/invoices?${query}`)).data)
  expect(await listed('')).toEqual([3, 2, 1])
  expect(await listed('sort=dueOn')).toEqual([2, 3, 1])
  expect(await listed('dueFrom=2027-02-01&dueTo=2027-03-01')).toEqual([3])
})

test('a walk by cursor meets each invoice once, also while others are created', async () => {
  const as = newTenant()
  const { customerId } = await threeInvoices(as)
  const met: number[] = []
  let cursor: string | null = ''
  while (cursor !== null) {
    const page: TestResponse<Invoice[]> = await as.get(`/invoices?limit=1&cursor=${cursor}`)
    met.push(...numbers(page.data))
    await createInvoice(as, { customerId })
    cursor = (page.body as ByCursor).meta.pagination.nextCursor // as the document says
  }
  expect(met).toEqual([3, 2, 1])
})

test('the invoices of a customer are those of no other one, whatever the query says', async () => {
  const as = newTenant()
  const { customerId, other } = await threeInvoices(as)
  const listed = async (query: string) =>
    numbers((await as.get<Invoice[]>(`/customers/${customerId}/invoices?${query}`)).data)
  expect(await listed('sort=number')).toEqual([1, 3])
  expect(await listed(`customerId=${other}`)).toEqual([])
  expect((await newTenant().get(`/customers/${customerId}/invoices`)).status).toBe(404)
})

test('customers are listed by name, from a beginning of it', async () => {
  const as = newTenant()
  const address = { street: '1 High Street', city: 'Vienna', country: 'AT' }
  for (const name of ['Globex', 'Acme', 'Gamma'])
    await as.post('/customers', { name, email: `${name}@acme.example`, copyTo: [], address })
  const { data } = await as.get<{ name: string }[]>('/customers?sort=name&namePrefix=G')
  expect(data.map(({ name }) => name)).toEqual(['Gamma', 'Globex'])
})
