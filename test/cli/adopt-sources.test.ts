import { describe, expect, test } from 'bun:test'
import { adopt } from './adopt.ts'

describe('a table that has a column of the tenant', () => {
  const tenants = `import { pgTable, uuid } from 'drizzle-orm/pg-core'
    const id = () => uuid('id').primaryKey().defaultRandom()
    export const customers = pgTable('customers', { id: id(), orgId: uuid('org_id').notNull() })
    const customerId = () => uuid('customer_id').notNull().references(() => customers.id)`
  const updates = ({ statements }: { statements: string[] }) => statements.filter((line) => line.startsWith('update'))

  test('keeps its tenants, and only rows without one get that of their parent', async () => {
    const orders =
      "export const orders = pgTable('orders', { id: id(), customerId: customerId(), orgId: uuid('org_id') })"
    const flags = ['customers.org_id', '--tenant-column', 'org_id']
    const outcome = await adopt(`${tenants}\n${orders}`, ...flags)
    expect(updates(outcome)).toEqual([
      'update public.orders child set org_id = parent.org_id from public.customers parent where parent.id = child.customer_id and child.org_id is null;',
    ])
  })

  test('gets its tenants from a column with the name of the given one', async () => {
    const orders =
      "export const orders = pgTable('orders', { id: id(), customerId: customerId(), orgId: uuid('org_id').notNull() })"
    const outcome = await adopt(`${tenants}\n${orders}`, 'customers.org_id')
    expect(outcome.code).toBe(0)
    expect(updates(outcome)).toContain('update public.orders set tenant_id = org_id;')
  })

  test('gets them from its parent where such a column is null', async () => {
    const orders =
      "export const orders = pgTable('orders', { id: id(), customerId: customerId(), orgId: uuid('org_id') })"
    const outcome = await adopt(`${tenants}\n${orders}`, 'customers.org_id')
    expect(updates(outcome)).toEqual([
      'update public.customers set tenant_id = org_id;',
      'update public.orders set tenant_id = org_id;',
      'update public.orders child set tenant_id = parent.tenant_id from public.customers parent where parent.id = child.customer_id and child.tenant_id is null;',
    ])
  })

  test('is a question where such a column is no uuid', async () => {
    const orders =
      "export const orders = pgTable('orders', { id: id(), customerId: customerId(), orgId: text('org_id') })"
    const { code, file } = await adopt(`${tenants.replace('{ ', '{ text, ')}\n${orders}`, 'customers.org_id')
    expect(code).toBe(1)
    expect(file).toContain(
      '-- QUESTION: does public.orders.org_id hold the tenant of its rows? It is text, and a tenant',
    )
  })

  test('is a question where another column refers to the same table as the given one', async () => {
    const orgs = "export const orgs = pgTable('orgs', { id: id() })"
    const customers = tenants.replace('notNull() })', 'notNull().references(() => orgs.id) })')
    const orders =
      "export const orders = pgTable('orders', { id: id(), customerId: customerId(), owner: uuid('owner').references(() => orgs.id) })"
    const { code, stdout } = await adopt(`${customers}\n${orgs}\n${orders}`, 'customers.org_id')
    expect(code).toBe(1)
    expect(stdout).toContain(
      'Does public.orders.owner hold the tenant of its rows? It refers to the same rows as a named column',
    )
  })

  test('keeps the tenants in a tenant column beside the named column', async () => {
    const orders =
      "export const orders = pgTable('orders', { id: id(), tenantId: uuid('tenant_id'), orgId: uuid('org_id').notNull() })"
    const outcome = await adopt(`${tenants}\n${orders}`, 'orders.org_id', 'customers.org_id')
    expect(updates(outcome)).toContain('update public.orders set tenant_id = org_id where tenant_id is null;')
  })
})
