import { z } from '@hono/zod-openapi'
import {
  ApiError,
  type Constraints,
  created,
  createRouter,
  id,
  json,
  jsonBody,
  listOf,
  ok,
  once,
  successOf,
  type TenantEnv,
  tenantRoute,
} from 'rowhouse'
import type { Database, Tx } from '../../database.ts'
import type { Events } from '../events.ts'
import { invoicePages } from './pages.ts'
import { findInvoice, findTotals, type InvoiceRow, insertInvoice, sendInvoice } from './repository.ts'
import { CreateInvoice, Invoice, InvoiceSummary } from './schemas.ts'

export const invoiceConstraints: Constraints = {
  invoices_tenant_id_customer_id_fkey: { path: 'customerId', message: 'No customer has this id' },
  invoice_lines_vat_code_vat_rates_code_fk: { path: 'lines', message: 'A line has an unknown vatCode' },
}

const tags = ['invoices']
const params = z.object({ id: id() })
const missing = () => new ApiError('NOT_FOUND', 'Invoice not found')

export const toSummary = (row: InvoiceRow): z.input<typeof InvoiceSummary> => ({
  id: row.id,
  number: row.number,
  status: row.status,
  customerId: row.customerId,
  dueOn: row.dueOn,
})

/**
 * Reads an invoice with its totals in one message. It has no `ETag`: the name of the customer and the totals are those of other rows, so
 * they change while the version of the invoice's own row stays.
 */
async function readInvoice(tx: Tx, id: string): Promise<z.input<typeof Invoice>> {
  const [invoice, totals] = await Promise.all([findInvoice(tx, id), findTotals(tx, id)])
  if (!invoice || !totals) throw missing()
  return {
    ...toSummary(invoice),
    customerName: invoice.customer.name,
    lines: invoice.lines.map(({ description, quantity, unitPrice, vatCode }) => ({
      description,
      quantity,
      unitPrice,
      vatCode,
    })),
    tags: invoice.tags.map(({ tag }) => tag.name),
    totals: { net: totals.net, vat: totals.vat, gross: totals.gross, paid: totals.paid },
  }
}

export const invoiceRoutes = ({ db, events }: { db: Database; events: Events }) =>
  createRouter<TenantEnv>()
    .openapi(
      tenantRoute({
        method: 'get',
        path: '/',
        operationId: 'listInvoices',
        permission: 'invoices:read',
        summary: 'List invoices, by default the newest first',
        tags,
        request: { query: invoicePages.query },
        responses: { 200: json(listOf(InvoiceSummary), 'A page of invoices') },
      }),
      async (c) => {
        const { rows, meta } = await db.read((tx) => invoicePages.page(c, tx, c.req.valid('query')))
        return ok(c, rows.map(toSummary), { meta })
      },
    )
    .openapi(
      tenantRoute(
        {
          method: 'post',
          path: '/',
          operationId: 'createInvoice',
          permission: 'invoices:write',
          idempotent: true,
          summary: 'Create a draft',
          tags,
          request: { body: jsonBody(CreateInvoice, 'The new invoice') },
          responses: { 201: created(successOf(Invoice, 201), 'The created invoice') },
        },
        ['INVALID_REFERENCE', 'CONFLICT'],
      ),
      (c) =>
        once(c, db, {
          isolation: 'serializable',
          work: async (tx) => readInvoice(tx, await insertInvoice(tx, c.req.valid('json'))),
          answer: (data) => ({ status: 201, data, headers: { Location: `/invoices/${data.id}` } }),
        }),
    )
    .openapi(
      tenantRoute(
        {
          method: 'get',
          path: '/{id}',
          operationId: 'getInvoice',
          permission: 'invoices:read',
          summary: 'Get an invoice with its lines, tags and totals',
          tags,
          request: { params },
          responses: { 200: json(successOf(Invoice), 'The invoice') },
        },
        ['NOT_FOUND'],
      ),
      async (c) => ok(c, await db.read((tx) => readInvoice(tx, c.req.valid('param').id))),
    )
    .openapi(
      tenantRoute(
        {
          method: 'post',
          path: '/{id}/send',
          operationId: 'sendInvoice',
          permission: 'invoices:send',
          idempotent: true,
          summary: 'Send a draft to its customer',
          tags,
          request: { params },
          responses: { 200: json(successOf(Invoice), 'The sent invoice') },
        },
        ['NOT_FOUND', 'CONFLICT'],
      ),
      (c) => {
        const { id } = c.req.valid('param')
        return once(c, db, {
          async work(tx) {
            tx.afterCommit(() => events.publish({ type: 'invoice.sent', invoiceId: id }))
            await sendInvoice(tx, id)
            return readInvoice(tx, id)
          },
          answer: (data) => ({ data }),
        })
      },
    )
