import { z } from '@hono/zod-openapi'
import {
  ApiError,
  type Constraints,
  created,
  createRouter,
  id,
  json,
  jsonBody,
  ok,
  pageOf,
  pagination,
  successOf,
  type TenantEnv,
  tenantRoute,
} from 'rowhouse'
import type { Database } from '../../database.ts'
import type { Events } from '../events.ts'
import { findInvoice, findTotals, type InvoiceRow, insertInvoice, listInvoices, sendInvoice } from './repository.ts'
import { CreateInvoice, Invoice, InvoiceQuery, InvoiceSummary } from './schemas.ts'

export const invoiceConstraints: Constraints = {
  invoices_tenant_id_customer_id_fkey: { path: 'customerId', message: 'No customer has this id' },
  invoice_lines_vat_code_vat_rates_code_fk: { path: 'lines', message: 'A line has an unknown vatCode' },
}

const tags = ['invoices']
const params = z.object({ id: id() })
const missing = () => new ApiError('NOT_FOUND', 'Invoice not found')

const toSummary = (row: InvoiceRow): z.input<typeof InvoiceSummary> => ({
  id: row.id,
  number: row.number,
  status: row.status,
  customerId: row.customerId,
  dueOn: row.dueOn,
})

/** Reads an invoice with its totals in one message. */
async function readInvoice(db: Database, id: string): Promise<z.input<typeof Invoice>> {
  const [invoice, totals] = await db.read((tx) => [findInvoice(tx, id), findTotals(tx, id)])
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
        summary: 'List invoices, newest first',
        tags,
        request: { query: InvoiceQuery },
        responses: { 200: json(pageOf(InvoiceSummary), 'A page of invoices') },
      }),
      async (c) => {
        const query = c.req.valid('query')
        const page = await db.read((tx) => listInvoices(tx, query))
        return ok(c, page.rows.map(toSummary), { meta: { pagination: pagination(c.req.url, query, page) } })
      },
    )
    .openapi(
      tenantRoute(
        {
          method: 'post',
          path: '/',
          operationId: 'createInvoice',
          permission: 'invoices:write',
          summary: 'Create a draft',
          tags,
          request: { body: jsonBody(CreateInvoice, 'The new invoice') },
          responses: { 201: created(successOf(Invoice, 201), 'The created invoice') },
        },
        ['INVALID_REFERENCE', 'CONFLICT'],
      ),
      async (c) => {
        const body = c.req.valid('json')
        const id = await db.write((tx) => insertInvoice(tx, body), { isolation: 'serializable' })
        c.header('Location', `/invoices/${id}`)
        return ok(c, await readInvoice(db, id), { status: 201 })
      },
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
      async (c) => ok(c, await readInvoice(db, c.req.valid('param').id)),
    )
    .openapi(
      tenantRoute(
        {
          method: 'post',
          path: '/{id}/send',
          operationId: 'sendInvoice',
          permission: 'invoices:send',
          summary: 'Send a draft to its customer',
          tags,
          request: { params },
          responses: { 200: json(successOf(Invoice), 'The sent invoice') },
        },
        ['NOT_FOUND', 'CONFLICT'],
      ),
      async (c) => {
        const { id } = c.req.valid('param')
        await db.write((tx) => {
          tx.afterCommit(() => events.publish({ type: 'invoice.sent', invoiceId: id }))
          return sendInvoice(tx, id)
        })
        return ok(c, await readInvoice(db, id))
      },
    )
