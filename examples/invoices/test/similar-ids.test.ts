import { sql } from 'drizzle-orm'
import type { Authentication } from 'rowhouse'
import { testClient } from 'rowhouse/testing'
import { expect, test } from 'vitest'
import { createApp } from '../src/app.ts'
import { type Reminder, remindAll } from '../src/features/reminders.ts'
import {
  addTenant,
  admin,
  app,
  type Client,
  createInvoice,
  db,
  deliver,
  events,
  type Invoice,
  newTenant,
  payment,
  paymentSecret,
  secret,
  upload,
} from './app.ts'

// Two tenants whose ids differ in case only: nothing that the API offers crosses from one to the other.

const ids = ['org_acme', 'org_ACME'] as const
const [acme, other] = [newTenant(ids[0]), newTenant(ids[1])]
const sendInvoice = (as: Client, id: string) => as.send<Invoice>('POST', `/invoices/${id}/send`)

test('routes show each tenant its own rows', async () => {
  const { id, customerId } = await createInvoice(acme)
  for (const path of [`/invoices/${id}`, `/customers/${customerId}`]) {
    expect((await acme.get(path)).status).toBe(200)
    expect((await other.get(path)).status).toBe(404)
  }
  for (const path of ['/invoices', '/customers']) expect((await other.get(path)).data).toEqual([])
  expect((await sendInvoice(other, id)).status).toBe(404)
  expect((await other.delete(`/customers/${customerId}`)).status).toBe(404)
  const lines = [{ description: 'Consulting', quantity: '1', unitPrice: '1.00', vatCode: 'AT-20' }]
  expect((await other.post('/invoices', { customerId, dueOn: '2027-01-31', lines })).status).toBe(422)
  expect((await createInvoice(other)).number).toBe(1)
})

test('credentials for one tenant do not open the other one', async () => {
  const auth: Authentication = { vary: [], verify: () => ({ actor: 'ada', tenants: [ids[0]] }) }
  const client = testClient(createApp({ db, auth, events, secret, paymentSecret }))
  expect((await client.as(ids[0]).get('/customers')).status).toBe(200)
  expect((await client.as(ids[1]).get('/customers')).status).toBe(403)
  expect((await client.anonymous.get('/customers')).data).toEqual((await acme.get('/customers')).data)
})

test('a file is downloaded by its own tenant only', async () => {
  const { id } = await createInvoice(acme)
  const { data } = await upload(acme, id, 'A scan')
  expect((await acme.get(`/attachments/${data.id}`)).body).toBe('A scan')
  expect((await other.get(`/attachments/${data.id}`)).status).toBe(404)
  expect((await upload(other, id, 'A scan')).status).toBe(422)
})

test('an event reaches its own tenant only', async () => {
  const listen = async (tenantId: string) => {
    const { body } = await app.request('/events', { headers: { 'X-Tenant-Id': tenantId } })
    const reader = body?.pipeThrough(new TextDecoderStream()).getReader()
    const next = async () => (await reader?.read())?.value
    expect(await next()).toContain('event: ready')
    return { next, leave: () => reader?.cancel() }
  }
  const listeners = await Promise.all(ids.map(listen))
  const { id: first } = await createInvoice(acme)
  const { id: second } = await createInvoice(other)
  await sendInvoice(acme, first)
  await sendInvoice(other, second)
  // The second one was published later: had the first one crossed, it would come before.
  expect(await listeners[0]?.next()).toContain(first)
  expect(await listeners[1]?.next()).toContain(second)
  await Promise.all(listeners.map(({ leave }) => leave()))
})

test('a payment reaches an invoice of its own tenant only, and is recorded once in each', async () => {
  const { id: mine } = await createInvoice(acme)
  const { id: theirs } = await createInvoice(other)
  const pay = (tenant: string, invoice: string, amount: string) => deliver(payment(tenant, invoice, amount, 'evt_1'))
  expect((await pay(ids[1], mine, '10.00')).status).toBe(422)
  expect((await pay(ids[0], mine, '10.00')).status).toBe(200)
  expect((await pay(ids[1], theirs, '20.00')).status).toBe(200)
  const paid = async (as: typeof acme, id: string) => (await as.get<Invoice>(`/invoices/${id}`)).data.totals.paid
  expect([await paid(acme, mine), await paid(other, theirs)]).toEqual(['10.00', '20.00'])
})

test('the job sends the reminders of each tenant, and a suspended tenant stops its own only', async () => {
  await addTenant(ids[0], 'acme')
  await addTenant(ids[1], 'acme-2', 'suspended')
  const overdue = async (as: typeof acme) => {
    const { id, customerId } = await createInvoice(as, { dueOn: '2026-01-31' })
    await sendInvoice(as, id)
    return (await as.get<{ email: string }>(`/customers/${customerId}`)).data.email
  }
  const [mine, theirs] = [await overdue(acme), await overdue(other)]
  const reminders: Reminder[] = []
  const send = async (reminder: Reminder) => void reminders.push(reminder)
  expect(await remindAll({ db, admin, send })).toEqual({ sent: 1, failed: [] })
  await admin.write({ reason: 'A test' }, (tx) => tx.execute(sql`update tenancy.tenants set status = 'active'`))
  expect(await remindAll({ db, admin, send })).toEqual({ sent: 1, failed: [] })
  expect(reminders.map(({ to }) => to)).toEqual([mine, theirs])
})
