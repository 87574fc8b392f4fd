import { expect, test } from 'vitest'
import { sign } from '../src/features/payments/signature.ts'
import { createInvoice, deliver, type Invoice, newTenant, payment, paymentSecret } from './app.ts'

async function sentInvoice() {
  const as = newTenant()
  const { id } = await createInvoice(as)
  await as.send('POST', `/invoices/${id}/send`)
  const read = async () => (await as.get<Invoice>(`/invoices/${id}`)).data
  return { tenantId: as.tenantId, id, read }
}

test('an invoice is paid when the payments cover it, and not a cent earlier', async () => {
  const { tenantId, id, read } = await sentInvoice()
  expect((await deliver(payment(tenantId, id, '119.99'))).data).toEqual({ paid: false })
  expect((await deliver(payment(tenantId, id, '0.01'))).data).toEqual({ paid: true })
  expect(await read()).toMatchObject({ status: 'paid', totals: { gross: '120.00', paid: '120.00' } })
})

test('payments at the same time are all counted', async () => {
  const { tenantId, id, read } = await sentInvoice()
  await Promise.all([1, 2, 3, 4].map(read)) // opens a connection for each
  await Promise.all([1, 2, 3, 4].map(() => deliver(payment(tenantId, id, '30.00'))))
  expect((await read()).status).toBe('paid')
})

test('an event that arrives twice is recorded once', async () => {
  const { tenantId, id, read } = await sentInvoice()
  const body = payment(tenantId, id, '60.00')
  expect((await deliver(body)).status).toBe(200)
  expect((await deliver(body)).status).toBe(200)
  expect((await read()).totals.paid).toBe('60.00')
})

test('a body with one byte changed, another secret and an old signature are refused', async () => {
  const { tenantId, id, read } = await sentInvoice()
  const body = payment(tenantId, id, '10.00')
  const old = Math.floor(Date.now() / 1000) - 301
  for (const [sent, signature] of [
    [body.replace('10.00', '90.00'), sign(body, paymentSecret)],
    [body, sign(body, 'another secret')],
    [body, sign(body, paymentSecret, old)],
    [body, ''],
  ] as const)
    expect((await deliver(sent, signature)).status).toBe(401)
  expect((await read()).totals.paid).toBe('0.00')
})

test('the tenant is that of the signed body, whatever a header says', async () => {
  const { tenantId, id, read } = await sentInvoice()
  const body = payment(tenantId, id, '10.00')
  await deliver(body, sign(body, paymentSecret), { 'X-Tenant-Id': newTenant().tenantId })
  expect((await read()).totals.paid).toBe('10.00')
})

test("a payment cannot reach another tenant's invoice", async () => {
  const { id, read } = await sentInvoice()
  expect((await deliver(payment(newTenant().tenantId, id, '10.00'))).status).toBe(422)
  expect((await read()).totals.paid).toBe('0.00')
})

test('a signed body whose tenant is no id is refused', async () => {
  const { id } = await sentInvoice()
  for (const tenantId of ['', 'org acme', '_acme', 'a'.repeat(129)])
    expect((await deliver(payment(tenantId, id, '10.00'))).status).toBe(400)
  expect((await deliver(JSON.stringify({ invoiceId: id }))).status).toBe(400)
})
