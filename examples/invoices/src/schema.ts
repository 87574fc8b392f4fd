import { relations, sql } from 'drizzle-orm'
import {
  check,
  customType,
  date,
  foreignKey,
  index,
  integer,
  jsonb,
  numeric,
  pgEnum,
  pgTable,
  pgView,
  primaryKey,
  text,
  timestamp,
  unique,
  uuid,
} from 'drizzle-orm/pg-core'
import { tenantColumns } from 'rowhouse'

// Money is numeric. PostgreSQL computes with it, and JavaScript sees its text only: no cent is rounded away.
const money = (name: string) => numeric(name, { precision: 12, scale: 2 })
const bytes = customType<{ data: Uint8Array }>({ dataType: () => 'bytea' })

export const invoiceStatus = pgEnum('invoice_status', ['draft', 'sent', 'paid'])

export interface Address {
  street: string
  city: string
  country: string
}

/** Tenant ids are texts: those of the organizations of the identity provider, such as `org_2NxVKbZ5YhM0`. */
export const tenantId = 'text'

/** The tables that all tenants read. Migrations write them. */
export const shared = ['public.vat_rates']

export const vatRates = pgTable('vat_rates', {
  code: text('code').primaryKey(),
  percent: numeric('percent', { precision: 4, scale: 2 }).notNull(),
})

export const customers = pgTable(
  'customers',
  {
    ...tenantColumns({ tenantId }),
    name: text('name').notNull(),
    email: text('email').notNull(),
    copyTo: text('copy_to').array().notNull().default([]),
    address: jsonb('address').$type<Address>().notNull(),
  },
  (t) => [
    primaryKey({ name: 'customers_pkey', columns: [t.tenantId, t.id] }),
    unique('customers_tenant_id_email_key').on(t.tenantId, t.email),
    // One index for each sort of the list, whose text is compared by its code points.
    index('customers_tenant_id_created_at_id_idx').on(t.tenantId, t.createdAt, t.id),
    index('customers_tenant_id_name_id_idx').on(t.tenantId, sql`${t.name} collate "C"`, t.id),
  ],
).enableRLS()

export const invoices = pgTable(
  'invoices',
  {
    ...tenantColumns({ tenantId }),
    number: integer('number').notNull(),
    customerId: uuid('customer_id').notNull(),
    status: invoiceStatus('status').notNull().default('draft'),
    dueOn: date('due_on').notNull(),
    remindedAt: timestamp('reminded_at', { withTimezone: true, precision: 3 }),
  },
  (t) => [
    primaryKey({ name: 'invoices_pkey', columns: [t.tenantId, t.id] }),
    unique('invoices_tenant_id_number_key').on(t.tenantId, t.number),
    // PostgreSQL checks foreign keys without row-level security: only the tenant in the key keeps references in the tenant.
    foreignKey({
      name: 'invoices_tenant_id_customer_id_fkey',
      columns: [t.tenantId, t.customerId],
      foreignColumns: [customers.tenantId, customers.id],
    }).onDelete('cascade'), // the trash keeps what falls with a customer: an invoice that was paid stops it
    index('invoices_tenant_id_customer_id_idx').on(t.tenantId, t.customerId),
    // The list by date. The list by number has the index of its key.
    index('invoices_tenant_id_due_on_id_idx').on(t.tenantId, t.dueOn, t.id),
  ],
).enableRLS()

export const invoiceLines = pgTable(
  'invoice_lines',
  {
    ...tenantColumns({ tenantId }),
    invoiceId: uuid('invoice_id').notNull(),
    position: integer('position').notNull(),
    description: text('description').notNull(),
    quantity: numeric('quantity', { precision: 10, scale: 3 }).notNull(),
    unitPrice: money('unit_price').notNull(),
    vatCode: text('vat_code')
      .notNull()
      .references(() => vatRates.code),
  },
  (t) => [
    primaryKey({ name: 'invoice_lines_pkey', columns: [t.tenantId, t.id] }),
    unique('invoice_lines_tenant_id_invoice_id_position_key').on(t.tenantId, t.invoiceId, t.position),
    foreignKey({
      name: 'invoice_lines_tenant_id_invoice_id_fkey',
      columns: [t.tenantId, t.invoiceId],
      foreignColumns: [invoices.tenantId, invoices.id],
    }).onDelete('cascade'),
  ],
).enableRLS()

export const tags = pgTable('tags', { ...tenantColumns({ tenantId }), name: text('name').notNull() }, (t) => [
  primaryKey({ name: 'tags_pkey', columns: [t.tenantId, t.id] }),
  unique('tags_tenant_id_name_key').on(t.tenantId, t.name),
]).enableRLS()

export const invoiceTags = pgTable(
  'invoice_tags',
  {
    tenantId: tenantColumns({ tenantId }).tenantId,
    invoiceId: uuid('invoice_id').notNull(),
    tagId: uuid('tag_id').notNull(),
  },
  (t) => [
    primaryKey({ name: 'invoice_tags_pkey', columns: [t.tenantId, t.invoiceId, t.tagId] }),
    foreignKey({
      name: 'invoice_tags_tenant_id_invoice_id_fkey',
      columns: [t.tenantId, t.invoiceId],
      foreignColumns: [invoices.tenantId, invoices.id],
    }).onDelete('cascade'),
    foreignKey({
      name: 'invoice_tags_tenant_id_tag_id_fkey',
      columns: [t.tenantId, t.tagId],
      foreignColumns: [tags.tenantId, tags.id],
    }).onDelete('cascade'),
    index('invoice_tags_tenant_id_tag_id_idx').on(t.tenantId, t.tagId),
  ],
).enableRLS()

export const payments = pgTable(
  'payments',
  {
    ...tenantColumns({ tenantId }),
    invoiceId: uuid('invoice_id').notNull(),
    /** The event of the payment provider, which may arrive twice. */
    eventId: text('event_id').notNull(),
    amount: money('amount').notNull(),
  },
  (t) => [
    primaryKey({ name: 'payments_pkey', columns: [t.tenantId, t.id] }),
    unique('payments_tenant_id_event_id_key').on(t.tenantId, t.eventId),
    foreignKey({
      name: 'payments_tenant_id_invoice_id_fkey',
      columns: [t.tenantId, t.invoiceId],
      foreignColumns: [invoices.tenantId, invoices.id],
    }),
    index('payments_tenant_id_invoice_id_idx').on(t.tenantId, t.invoiceId),
    check('payments_amount_check', sql`${t.amount} > 0`),
  ],
).enableRLS()

export const attachments = pgTable(
  'attachments',
  {
    ...tenantColumns({ tenantId }),
    invoiceId: uuid('invoice_id').notNull(),
    name: text('name').notNull(),
    content: bytes('content').notNull(),
  },
  (t) => [
    primaryKey({ name: 'attachments_pkey', columns: [t.tenantId, t.id] }),
    foreignKey({
      name: 'attachments_tenant_id_invoice_id_fkey',
      columns: [t.tenantId, t.invoiceId],
      foreignColumns: [invoices.tenantId, invoices.id],
    }).onDelete('cascade'),
    index('attachments_tenant_id_invoice_id_idx').on(t.tenantId, t.invoiceId),
  ],
).enableRLS()

/** The sums of each invoice. VAT is rounded once for each rate. With securityInvoker, a tenant sees its own rows. */
export const invoiceTotals = pgView('invoice_totals', {
  tenantId: text('tenant_id').notNull(),
  invoiceId: uuid('invoice_id').notNull(),
  net: money('net').notNull(),
  vat: money('vat').notNull(),
  gross: money('gross').notNull(),
  paid: money('paid').notNull(),
})
  .with({ securityInvoker: true })
  .as(
    sql`select i.tenant_id, i.id as invoice_id, sums.net, sums.vat, sums.net + sums.vat as gross, received.paid
      from invoices i
      cross join lateral (
        select coalesce(sum(rate.net), 0.00) as net, coalesce(sum(round(rate.net * rate.percent / 100, 2)), 0.00) as vat
        from (
          select r.percent, sum(round(l.quantity * l.unit_price, 2)) as net
          from invoice_lines l join vat_rates r on r.code = l.vat_code
          where l.tenant_id = i.tenant_id and l.invoice_id = i.id
          group by r.code
        ) as rate
      ) as sums
      cross join lateral (
        select coalesce(sum(p.amount), 0.00) as paid from payments p
        where p.tenant_id = i.tenant_id and p.invoice_id = i.id
      ) as received`,
  )

// Relations begin with the tenant, as the foreign keys do: PostgreSQL uses the same indexes.
export const invoicesRelations = relations(invoices, ({ one, many }) => ({
  customer: one(customers, {
    fields: [invoices.tenantId, invoices.customerId],
    references: [customers.tenantId, customers.id],
  }),
  lines: many(invoiceLines),
  tags: many(invoiceTags),
}))

export const invoiceLinesRelations = relations(invoiceLines, ({ one }) => ({
  invoice: one(invoices, {
    fields: [invoiceLines.tenantId, invoiceLines.invoiceId],
    references: [invoices.tenantId, invoices.id],
  }),
}))

export const invoiceTagsRelations = relations(invoiceTags, ({ one }) => ({
  invoice: one(invoices, {
    fields: [invoiceTags.tenantId, invoiceTags.invoiceId],
    references: [invoices.tenantId, invoices.id],
  }),
  tag: one(tags, { fields: [invoiceTags.tenantId, invoiceTags.tagId], references: [tags.tenantId, tags.id] }),
}))
