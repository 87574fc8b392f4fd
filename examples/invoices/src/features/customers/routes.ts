import { z } from '@hono/zod-openapi'
import {
  ApiError,
  authorize,
  type Constraints,
  created,
  createRouter,
  etagHeaders,
  id,
  json,
  jsonBody,
  listOf,
  notModified,
  ok,
  once,
  rowOf,
  successOf,
  type TenantDatabase,
  type TenantEnv,
  tenantRoute,
  type WrittenRow,
} from 'rowhouse'
import { deletionOf, permanentQuery } from 'rowhouse/trash'
import { invoicePages } from '../invoices/pages.ts'
import { toSummary } from '../invoices/routes.ts'
import { InvoiceSummary } from '../invoices/schemas.ts'
import { customerPages } from './pages.ts'
import {
  type CustomerRow,
  customerVersion,
  deleteCustomer,
  deleteCustomerForGood,
  findCustomer,
  importCustomers,
  insertCustomer,
  restoreCustomer,
  updateCustomer,
} from './repository.ts'
import { CreateCustomer, Customer, ImportCustomers, ImportResult, ListedCustomer, UpdateCustomer } from './schemas.ts'

/** The messages of the database's constraints. */
export const customerConstraints: Constraints = {
  customers_tenant_id_email_key: { path: 'email', message: 'A customer with this email exists already' },
}

const tags = ['customers']
const params = z.object({ id: id() })

// Written out, so that a new column never leaves the service by accident.
export const toCustomer = (row: CustomerRow): z.input<typeof Customer> => ({
  id: row.id,
  name: row.name,
  email: row.email,
  copyTo: row.copyTo,
  address: row.address,
  createdAt: row.createdAt.toISOString(),
  updatedAt: row.updatedAt.toISOString(),
})

/** The customer and its version. */
const shown = (row: CustomerRow) => ({
  data: toCustomer(row),
  headers: etagHeaders(customerVersion.etag(row.updatedAt)),
})

const missing = () => new ApiError('NOT_FOUND', 'Customer not found')

export const customerRoutes = ({ db }: { db: TenantDatabase }) =>
  createRouter<TenantEnv>()
    .openapi(
      tenantRoute({
        method: 'get',
        path: '/',
        operationId: 'listCustomers',
        permission: 'customers:read',
        summary: 'List customers, by default the newest first',
        tags,
        request: { query: customerPages.query },
        responses: { 200: json(listOf(ListedCustomer), 'A page of customers') },
      }),
      async (c) => {
        const { rows, meta } = await db.read((tx) => customerPages.page(c, tx, c.req.valid('query')))
        return ok(
          c,
          rows.map((row) => ({ ...toCustomer(row), ...deletionOf(row) })),
          { meta },
        )
      },
    )
    .openapi(
      tenantRoute(
        {
          method: 'post',
          path: '/',
          operationId: 'createCustomer',
          permission: 'customers:write',
          idempotent: true,
          conditional: true,
          summary: 'Create a customer',
          tags,
          request: { body: jsonBody(CreateCustomer, 'The new customer') },
          responses: { 201: created(successOf(Customer, 201), 'The created customer') },
        },
        ['CONFLICT'],
      ),
      (c) =>
        once(c, db, {
          work: (tx) => insertCustomer(tx, c.req.valid('json')),
          answer(row) {
            const { data, headers } = shown(row)
            return { status: 201, data, headers: { ...headers, Location: `/customers/${row.id}` } }
          },
        }),
    )
    .openapi(
      tenantRoute({
        method: 'post',
        path: '/import',
        operationId: 'importCustomers',
        permission: 'customers:write',
        idempotent: true,
        summary: 'Create many customers, and report those that exist already',
        tags,
        request: { body: jsonBody(ImportCustomers, 'The new customers') },
        responses: { 200: json(successOf(ImportResult), 'Which were created') },
      }),
      (c) =>
        once(c, db, {
          work: (tx) => importCustomers(tx, c.req.valid('json').customers),
          answer: (data) => ({ data }),
        }),
    )
    .openapi(
      tenantRoute(
        {
          method: 'get',
          path: '/{id}',
          operationId: 'getCustomer',
          permission: 'customers:read',
          conditional: true,
          summary: 'Get a customer',
          tags,
          request: { params },
          responses: { 200: json(successOf(Customer), 'The customer') },
        },
        ['NOT_FOUND'],
      ),
      async (c) => {
        const { id } = c.req.valid('param')
        const row = await db.read((tx) => findCustomer(tx, id))
        if (!row) throw missing()
        return notModified(c, customerVersion.etag(row.updatedAt)) ?? ok(c, toCustomer(row))
      },
    )
    .openapi(
      tenantRoute(
        {
          method: 'get',
          path: '/{id}/invoices',
          operationId: 'listInvoicesOfCustomer',
          permission: 'invoices:read',
          summary: 'List the invoices of a customer, by default the newest first',
          tags,
          request: { params, query: invoicePages.query },
          responses: { 200: json(listOf(InvoiceSummary), 'A page of invoices') },
        },
        ['NOT_FOUND'],
      ),
      async (c) => {
        const { id } = c.req.valid('param')
        const query = c.req.valid('query')
        const [customer, { rows, meta }] = await db.read((tx) => [
          findCustomer(tx, id),
          invoicePages.page(c, tx, query, { customerId: id }), // the client cannot change a fixed value
        ])
        if (!customer) throw missing()
        return ok(c, rows.map(toSummary), { meta })
      },
    )
    .openapi(
      tenantRoute(
        {
          method: 'patch',
          path: '/{id}',
          operationId: 'updateCustomer',
          permission: 'customers:write',
          idempotent: true,
          conditional: true,
          summary: 'Update a customer',
          tags,
          request: { params, body: jsonBody(UpdateCustomer, 'What to change') },
          responses: { 200: json(successOf(Customer), 'The updated customer') },
        },
        ['NOT_FOUND', 'CONFLICT'],
      ),
      (c) =>
        once(c, db, {
          work: (tx) => updateCustomer(tx, c.req.valid('param').id, c.req.valid('json'), customerVersion.expected(c)),
          answer: (written) => shown(rowOf(written, missing)), // 404 or 412
        }),
    )
    .openapi(
      tenantRoute(
        {
          method: 'delete',
          path: '/{id}',
          operationId: 'deleteCustomer',
          permission: 'customers:delete',
          idempotent: true,
          conditional: true,
          summary: 'Delete a customer with its invoices, unless one was paid',
          tags,
          request: { params, query: permanentQuery('customers:purge') },
          responses: { 204: { description: 'The customer is deleted' } },
        },
        ['NOT_FOUND', 'CONFLICT'],
      ),
      async (c) => {
        const { permanent = false } = c.req.valid('query')
        if (permanent) await authorize(c, 'customers:purge')
        const remove = permanent ? deleteCustomerForGood : deleteCustomer
        return await once(c, db, {
          work: (tx) => remove(tx, c.req.valid('param').id, customerVersion.expected(c)),
          answer(written: WrittenRow<{ id?: string }>) {
            rowOf(written, missing)
            return { status: 204 }
          },
        })
      },
    )
    .openapi(
      tenantRoute(
        {
          method: 'post',
          path: '/{id}/restore',
          operationId: 'restoreCustomer',
          permission: 'customers:restore',
          idempotent: true,
          conditional: true,
          summary: 'Restore a deleted customer with its invoices',
          tags,
          request: { params },
          responses: { 200: json(successOf(Customer), 'The restored customer') },
        },
        ['NOT_FOUND', 'CONFLICT'],
      ),
      (c) =>
        once(c, db, {
          work: (tx) => restoreCustomer(tx, c.req.valid('param').id),
          answer(row) {
            if (!row) throw new ApiError('NOT_FOUND', 'The trash has no such customer')
            return shown(row)
          },
        }),
    )
