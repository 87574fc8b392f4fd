import { expect, test } from 'vitest'
import { createInvoice, type Invoice, newTenant, upload } from './app.ts'

/** A tenant with a customer of two invoices, one of them with a file. */
async function withInvoices() {
  const as = newTenant()
  const first = await createInvoice(as, { tags: ['urgent'] })
  const second = await createInvoice(as, { customerId: first.customerId })
  const { data: file } = await upload(as, first.id, 'A scan')
  const path = `/customers/${first.customerId}`
  const all = async () => ({
    customer: (await as.get(path)).data,
    invoices: await Promise.all([first, second].map(async ({ id }) => (await as.get<Invoice>(`/invoices/${id}`)).data)),
    file: (await as.get(`/attachments/${file.id}`)).body,
  })
  return { as, path, first, second, all }
}

test('a deleted customer comes back with its invoices, their lines, tags, totals and files', async () => {
  const { as, path, first, second, all } = await withInvoices()
  const before = await all()
  expect((await as.delete(path)).status).toBe(204)
  for (const { id } of [first, second]) expect((await as.get(`/invoices/${id}`)).status).toBe(404)
  expect((await as.get<object[]>('/customers')).data).not.toContainEqual(before.customer)
  const { data } = await as.get<object[]>('/customers?deleted=only')
  expect(data).toEqual([{ ...(before.customer as object), deletedAt: expect.any(String), deletedBy: null }])
  const restored = await as.post(`${path}/restore`, undefined)
  expect([restored.status, restored.data]).toEqual([200, before.customer])
  expect(await all()).toEqual(before)
})

test('another tenant restores and deletes nothing of it', async () => {
  const { as, path } = await withInvoices()
  const other = newTenant()
  await as.delete(path)
  expect((await other.post(`${path}/restore`, undefined)).status).toBe(404)
  expect((await other.delete(`${path}?permanent=true`)).status).toBe(404)
  expect((await other.get('/customers?deleted=only')).data).toEqual([])
  expect((await as.post(`${path}/restore`, undefined)).status).toBe(200)
})

test('a customer whose email is taken is 409, and comes back once it is free', async () => {
  const { as, path, all } = await withInvoices()
  const before = await all()
  await as.delete(path)
  const { id: _, createdAt: __, updatedAt: ___, ...values } = before.customer as Record<string, unknown>
  const { data: taker } = await as.post<{ id: string }>('/customers', values)
  const { status, error } = await as.post(`${path}/restore`, undefined)
  expect([status, error?.details]).toEqual([
    409,
    [{ path: 'email', code: 'exists', message: `A customer with this email exists already: customers ${taker.id}` }],
  ])
  await as.delete(`/customers/${taker.id}?permanent=true`)
  expect((await as.post(`${path}/restore`, undefined)).status).toBe(200)
  expect(await all()).toEqual(before)
})

test('a customer that is deleted for good takes its invoices along', async () => {
  const { as, path } = await withInvoices()
  await as.delete(path)
  expect((await as.delete(`${path}?permanent=true`)).status).toBe(204)
  expect((await as.post(`${path}/restore`, undefined)).status).toBe(404)
})

test('an undo of the deletion brings the customer back with its invoices, and another tenant undoes nothing', async () => {
  const { as, path, all } = await withInvoices()
  const before = await all()
  const { headers } = await as.delete(path)
  const undo = `/undo/${headers.get('X-Request-Id')}`
  expect((await newTenant().post(undo, undefined)).status).toBe(404)
  expect((await as.post(undo, undefined)).status).toBe(200)
  expect(await all()).toEqual(before)
})
