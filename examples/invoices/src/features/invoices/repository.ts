import { and, asc, desc, eq, inArray, sql } from 'drizzle-orm'
import { ApiError, one, type TenantTx } from 'rowhouse'
import type { Tx } from '../../database.ts'
import { invoiceLines, invoices, invoiceTags, invoiceTotals, tags } from '../../schema.ts'
import type { CreateInvoice } from './schemas.ts'

export type InvoiceRow = typeof invoices.$inferSelect

/** An invoice with its customer, lines and tags, in one query. */
export const findInvoice = (tx: Tx, id: string) =>
  tx.query.invoices.findFirst({
    where: eq(invoices.id, id),
    with: {
      customer: { columns: { name: true } },
      lines: { orderBy: asc(invoiceLines.position) },
      tags: { with: { tag: { columns: { name: true } } } },
    },
  })

export const findTotals = (tx: TenantTx, invoiceId: string) =>
  one(tx.select().from(invoiceTotals).where(eq(invoiceTotals.invoiceId, invoiceId)))

/**
 * Creates an invoice under the tenant's next number. Run it with the isolation level `serializable`: of several at the same time, one
 * commits and the others run again, so numbers have no gap.
 */
export async function insertInvoice(tx: TenantTx, { lines, tags: names, ...values }: CreateInvoice): Promise<string> {
  const [last] = await tx.select({ number: invoices.number }).from(invoices).orderBy(desc(invoices.number)).limit(1)
  const number = (last?.number ?? 0) + 1
  const [invoice] = await tx
    .insert(invoices)
    .values({ ...values, number })
    .returning({ id: invoices.id })
  if (!invoice) throw new Error('An insert returned no row')
  await tx.insert(invoiceLines).values(lines.map((line, position) => ({ ...line, position, invoiceId: invoice.id })))
  if (names.length > 0) await addTags(tx, invoice.id, names)
  return invoice.id
}

async function addTags(tx: TenantTx, invoiceId: string, names: string[]): Promise<void> {
  await tx
    .insert(tags)
    .values(names.map((name) => ({ name })))
    .onConflictDoNothing()
  const known = await tx.select({ id: tags.id }).from(tags).where(inArray(tags.name, names))
  await tx.insert(invoiceTags).values(known.map(({ id }) => ({ invoiceId, tagId: id })))
}

/** Marks a draft as sent. */
export async function sendInvoice(tx: TenantTx, id: string): Promise<void> {
  const [invoice] = await tx.select({ status: invoices.status }).from(invoices).where(eq(invoices.id, id)).for('update')
  if (!invoice) throw new ApiError('NOT_FOUND', 'Invoice not found')
  if (invoice.status !== 'draft') throw new ApiError('CONFLICT', 'The invoice was sent already')
  await tx.update(invoices).set({ status: 'sent' }).where(eq(invoices.id, id))
}

/** Marks a sent invoice as paid when its payments cover it. PostgreSQL compares the amounts. */
export const settleInvoice = (tx: TenantTx, id: string) =>
  tx
    .update(invoices)
    .set({ status: 'paid' })
    .from(invoiceTotals)
    .where(
      and(
        eq(invoices.id, id),
        eq(invoices.status, 'sent'),
        eq(invoiceTotals.invoiceId, invoices.id),
        sql`${invoiceTotals.paid} >= ${invoiceTotals.gross}`,
      ),
    )
    .returning({ id: invoices.id })
