import { and, eq, isNull, lt, sql } from 'drizzle-orm'
import { type AdminDatabase, type TenantDatabase, withTenant } from 'rowhouse'
import { customers, invoices, tenantId } from '../schema.ts'

export interface Reminder {
  to: string
  copyTo: string[]
  number: number
}

export interface ReminderOptions {
  db: TenantDatabase
  /** Lists the tenants, and does nothing else: the work of a tenant runs with the tenant database, under row-level security. */
  admin: AdminDatabase
  send(reminder: Reminder): Promise<void>
}

const actor = 'reminders'

/** Sends one reminder for each overdue invoice, tenant by tenant. A tenant whose work fails does not stop the others. */
export async function remindAll({ db, admin, send }: ReminderOptions): Promise<{ sent: number; failed: string[] }> {
  const occasion = { reason: 'Reminders of overdue invoices: list the active tenants', actor }
  const tenants = await admin.read(occasion, (tx) =>
    tx.execute<{ id: string }>(sql`select id from tenancy.tenants where status = 'active' order by id`),
  )
  const failed: string[] = []
  let sent = 0
  for (const { id } of tenants)
    try {
      sent += await withTenant(id, () => remind(db, send), { actor, tenantId })
    } catch {
      failed.push(id)
    }
  return { sent, failed }
}

/** The work of one tenant: which one is not written here. An invoice is marked before its reminder is sent, so none is sent twice. */
async function remind(db: TenantDatabase, send: ReminderOptions['send']): Promise<number> {
  const reminders = await db.write((tx) =>
    tx
      .update(invoices)
      .set({ remindedAt: new Date() })
      .from(customers)
      .where(
        and(
          eq(customers.id, invoices.customerId),
          eq(invoices.status, 'sent'),
          lt(invoices.dueOn, sql`current_date`),
          isNull(invoices.remindedAt),
        ),
      )
      .returning({ to: customers.email, copyTo: customers.copyTo, number: invoices.number }),
  )
  for (const reminder of reminders) await send(reminder)
  return reminders.length
}
