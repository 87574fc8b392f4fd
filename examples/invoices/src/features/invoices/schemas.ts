import { z } from '@hono/zod-openapi'
import { id, text } from 'rowhouse'
import { invoiceStatus } from '../../schema.ts'

/** An amount of money: text, because a JavaScript number would round it. The length comes first, so that a huge text costs nothing. */
export const Money = z
  .string()
  .max(13, { abort: true })
  .regex(/^-?\d{1,10}\.\d{2}$/, 'Must be an amount such as 12.50')
  .openapi('Money', { example: '12.50' })

const Quantity = z
  .string()
  .max(11, { abort: true })
  .regex(/^\d{1,7}(\.\d{1,3})?$/, 'Must be a quantity such as 1.5')

const Line = z
  .strictObject({
    description: text({ min: 1, max: 500, trim: true }),
    quantity: Quantity,
    unitPrice: Money,
    vatCode: text({ min: 1, max: 20 }),
  })
  .openapi('InvoiceLine')

const tagNames = z.array(text({ min: 1, max: 50, trim: true })).max(20)

export const CreateInvoice = z
  .strictObject({
    customerId: id().openapi({ example: '0198b9a4-0000-7000-8000-000000000001' }),
    dueOn: z.iso.date().openapi({ example: '2027-01-31' }),
    lines: z
      .array(Line)
      .min(1)
      .max(200)
      .openapi({ example: [{ description: 'Consulting', quantity: '1.5', unitPrice: '100.00', vatCode: 'AT-20' }] }),
    tags: tagNames.default([]).openapi({ example: ['consulting'] }),
  })
  .openapi('CreateInvoice')
export type CreateInvoice = z.infer<typeof CreateInvoice>

const Status = z.enum(invoiceStatus.enumValues)

const summary = { id: id(), number: z.number().int(), status: Status, customerId: id(), dueOn: z.iso.date() }

export const InvoiceSummary = z.object(summary).openapi('InvoiceSummary')

export const Invoice = z
  .object({
    ...summary,
    customerName: z.string(),
    lines: z.array(Line),
    tags: z.array(z.string()),
    totals: z.object({ net: Money, vat: Money, gross: Money, paid: Money }),
  })
  .openapi('Invoice')
