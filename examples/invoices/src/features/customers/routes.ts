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
  PageQuery,
  pageOf,
  pagination,
  successOf,
  type TenantDatabase,
  type TenantEnv,
  tenantRoute,
} from 'rowhouse'
import {
  type CustomerRow,
  deleteCustomer,
  findCustomer,
  importCustomers,
  insertCustomer,
  listCustomers,
  updateCustomer,
} from './repository.ts'
import { CreateCustomer, Customer, ImportCustomers, ImportResult, UpdateCustomer } from './schemas.ts'

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

const missing = () => new ApiError('NOT_FOUND', 'Customer not found')

export const customerRoutes = ({ db }: { db: TenantDatabase }) =>
  createRouter<TenantEnv>()
    .openapi(
      tenantRoute({
        method: 'get',
        path: '/',
        operationId: 'listCustomers',
        permission: 'customers:read',
        summary: 'List customers, newest first',
        tags,
        request: { query: PageQuery },
        responses: { 200: json(pageOf(Customer), 'A page of customers') },
      }),
      async (c) => {
        const query = c.req.valid('query')
        const page = await db.read((tx) => listCustomers(tx, query))
        return ok(c, page.rows.map(toCustomer), { meta: { pagination: pagination(c.req.url, query, page) } })
      },
    )
    .openapi(
      tenantRoute(
        {
          method: 'post',
          path: '/',
          operationId: 'createCustomer',
          permission: 'customers:write',
          summary: 'Create a customer',
          tags,
          request: { body: jsonBody(CreateCustomer, 'The new customer') },
          responses: { 201: created(successOf(Customer, 201), 'The created customer') },
        },
        ['CONFLICT'],
      ),
      async (c) => {
        const body = c.req.valid('json')
        const row = await db.write((tx) => insertCustomer(tx, body))
        c.header('Location', `/customers/${row.id}`)
        return ok(c, toCustomer(row), { status: 201 })
      },
    )
    .openapi(
      tenantRoute({
        method: 'post',
        path: '/import',
        operationId: 'importCustomers',
        permission: 'customers:write',
        summary: 'Create many customers, and report those that exist already',
        tags,
        request: { body: jsonBody(ImportCustomers, 'The new customers') },
        responses: { 200: json(successOf(ImportResult), 'Which were created') },
      }),
      async (c) => {
        const { customers } = c.req.valid('json')
        return ok(c, await db.write((tx) => importCustomers(tx, customers)))
      },
    )
    .openapi(
      tenantRoute(
        {
          method: 'get',
          path: '/{id}',
          operationId: 'getCustomer',
          permission: 'customers:read',
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
        return ok(c, toCustomer(row))
      },
    )
    .openapi(
      tenantRoute(
        {
          method: 'patch',
          path: '/{id}',
          operationId: 'updateCustomer',
          permission: 'customers:write',
          summary: 'Update a customer',
          tags,
          request: { params, body: jsonBody(UpdateCustomer, 'What to change') },
          responses: { 200: json(successOf(Customer), 'The updated customer') },
        },
        ['NOT_FOUND', 'CONFLICT'],
      ),
      async (c) => {
        const { id } = c.req.valid('param')
        const body = c.req.valid('json')
        const row = await db.write((tx) => updateCustomer(tx, id, body))
        if (!row) throw missing()
        return ok(c, toCustomer(row))
      },
    )
    .openapi(
      tenantRoute(
        {
          method: 'delete',
          path: '/{id}',
          operationId: 'deleteCustomer',
          permission: 'customers:delete',
          summary: 'Delete a customer without invoices',
          tags,
          request: { params },
          responses: { 204: { description: 'The customer is deleted' } },
        },
        ['NOT_FOUND', 'CONFLICT'],
      ),
      async (c) => {
        const { id } = c.req.valid('param')
        if (!(await db.write((tx) => deleteCustomer(tx, id)))) throw missing()
        return c.body(null, 204)
      },
    )
