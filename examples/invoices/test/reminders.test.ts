import { expect, test } from 'vitest'
import { type Reminder, remindAll } from '../src/features/reminders.ts'
import { addTenant, admin, createInvoice, db, newTenant } from './app.ts'

/** A tenant of the directory, with an invoice that is overdue. */
async function tenantWithOverdueInvoice(slug: string, status?: string) {
  const as = newTenant()
  await addTenant(as.tenantId, slug, status)
  const { id } = await createInvoice(as, { dueOn: '2026-01-31' })
  await as.send('POST', `/invoices/${id}/send`)
}

test('each overdue invoice of an active tenant is reminded once, and a tenant that fails does not stop the others', async () => {
  await tenantWithOverdueInvoice('acme')
  await tenantWithOverdueInvoice('globex')
  await tenantWithOverdueInvoice('gone', 'suspended')
  const reminders: Reminder[] = []
  let isFirst = true
  const send = async (reminder: Reminder) => {
    if (isFirst) {
      isFirst = false
      throw new Error('The mail server is down')
    }
    reminders.push(reminder)
  }
  expect(await remindAll({ db, admin, send })).toMatchObject({ sent: 1, failed: [expect.any(String)] })
  expect(reminders).toEqual([{ to: expect.stringContaining('@acme.example'), copyTo: [], number: 1 }])
  expect(await remindAll({ db, admin, send })).toEqual({ sent: 0, failed: [] })
})
