import { createRoute, z } from '@hono/zod-openapi'
import { eq } from 'drizzle-orm'
import {
  type Constraints,
  createRouter,
  failures,
  id,
  json,
  jsonBody,
  ok,
  successOf,
  type TenantEnv,
  type TenantTx,
  text,
} from 'rowhouse'
import type { Database } from '../../database.ts'
import { invoices, payments } from '../../schema.ts'
import type { Events } from '../events.ts'
import { settleInvoice } from '../invoices/repository.ts'
import { Money } from '../invoices/schemas.ts'

export const paymentConstraints: Constraints = {
  payments_tenant_id_invoice_id_fkey: { path: 'invoiceId', message: 'No invoice has this id' },
}

const Payment = z
  .strictObject({
    eventId: text({ min: 1, max: 200 }),
    tenantId: text({ min: 1, max: 128 }),
    invoiceId: id(),
    amount: Money,
  })
  .openapi('Payment')
type Payment = z.infer<typeof Payment>

/**
 * Records a payment once, however often the provider sends it.
 *
 * @returns whether the invoice is paid now
 */
async function recordPayment(tx: TenantTx, { eventId, invoiceId, amount }: Payment): Promise<boolean> {
  // Two payments of one invoice wait for each other: otherwise neither would see the sum of both.
  await tx.select({ id: invoices.id }).from(invoices).where(eq(invoices.id, invoiceId)).for('update')
  const recorded = await tx
    .insert(payments)
    .values({ eventId, invoiceId, amount })
    .onConflictDoNothing()
    .returning({ id: payments.id })
  if (recorded.length === 0) return false
  const settled = await settleInvoice(tx, invoiceId)
  return settled.length > 0
}

/** The webhook of the payment provider. */
export const paymentRoutes = ({ db, events }: { db: Database; events: Events }) =>
  createRouter<TenantEnv>().openapi(
    createRoute({
      method: 'post',
      path: '/',
      operationId: 'receivePayment',
      summary: 'Receive a payment from the provider, signed in X-Payment-Signature',
      tags: ['payments'],
      request: { body: jsonBody(Payment, 'The payment') },
      responses: {
        200: json(successOf(z.object({ paid: z.boolean() })), 'The payment is recorded'),
        ...failures(['BAD_REQUEST', 'VALIDATION_FAILED', 'UNAUTHORIZED', 'INVALID_REFERENCE', 'PAYLOAD_TOO_LARGE']),
      },
    }),
    async (c) => {
      const payment = c.req.valid('json')
      const paid = await db.write(async (tx) => {
        const isPaid = await recordPayment(tx, payment)
        if (isPaid) tx.afterCommit(() => events.publish({ type: 'invoice.paid', invoiceId: payment.invoiceId }))
        return isPaid
      })
      return ok(c, { paid })
    },
  )
