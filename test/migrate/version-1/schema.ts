import { sql } from 'drizzle-orm'
import { foreignKey, index, pgTable, primaryKey, text, uuid } from 'drizzle-orm/pg-core'

const tenantColumns = {
  tenantId: uuid('tenant_id').notNull().default(sql`tenancy.current_tenant_id()`),
  id: uuid('id').notNull().default(sql`tenancy.uuid_v7()`),
}

export const customers = pgTable('customers', { ...tenantColumns, name: text('name').notNull() }, (t) => [
  primaryKey({ columns: [t.tenantId, t.id] }),
]).enableRLS()

export const invoices = pgTable('invoices', { ...tenantColumns, customerId: uuid('customer_id').notNull() }, (t) => [
  primaryKey({ columns: [t.tenantId, t.id] }),
  foreignKey({ columns: [t.tenantId, t.customerId], foreignColumns: [customers.tenantId, customers.id] }),
  index().on(t.tenantId, t.customerId),
]).enableRLS()

export const countries = pgTable('countries', { code: text('code').primaryKey() })
