import { describe, expect, test } from 'bun:test'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createProject, rowhouse } from './run.ts'

const schema = `import { sql } from 'drizzle-orm'
import { integer, pgTable, primaryKey, text, uniqueIndex, uuid } from 'drizzle-orm/pg-core'
const id = () => uuid('id').primaryKey().defaultRandom()
export const orgs = pgTable('orgs', { id: id(), name: text('name').notNull() })
export const customers = pgTable('customers', {
  id: id(), orgId: uuid('org_id').notNull().references(() => orgs.id), email: text('email').notNull().unique(), code: text('code') },
  (t) => [uniqueIndex('customers_code').on(sql\`lower(\${t.code})\`).where(sql\`\${t.code} is not null\`)])
export const orders = pgTable('orders', {
  id: id(), customerId: uuid('customer_id').notNull().references(() => customers.id, { onDelete: 'cascade' }) })
export const lines = pgTable('lines', {
  orderId: uuid('order_id').notNull().references(() => orders.id, { onDelete: 'cascade' }), n: integer('n').notNull() },
  (t) => [primaryKey({ columns: [t.orderId, t.n] })])`
const logs = `export const logs = pgTable('logs', {
  id: id(), orderId: uuid('order_id').references(() => orders.id, { onDelete: 'set null' }) })`

/** Runs `rowhouse init --tenant-from …`, and returns the statements of the file. */
async function adopt(text: string, ...flags: string[]) {
  using project = createProject({ 'schema.ts': text })
  const init = ['init', '--schema', 'schema.ts', '--unreachable', 'public.orgs', '--tenant-from', ...flags]
  const outcome = await rowhouse(init, { cwd: project.folder })
  const path = join(project.folder, 'drizzle/tenants.sql')
  const file = existsSync(path) ? readFileSync(path, 'utf8') : ''
  const lines = file.split('\n').filter((line) => line !== '' && !line.startsWith('--'))
  return { ...outcome, file, statements: lines.map((line) => line.replaceAll('"', '')) }
}

describe('rowhouse init --tenant-from', () => {
  test('writes columns, rows along foreign keys, NOT NULL and keys, in this order', async () => {
    const { code, stderr, statements } = await adopt(schema, 'customers.org_id')
    expect([code, stderr]).toEqual([0, ''])
    const notNull =
      'alter column tenant_id set default tenancy.current_tenant_id(), alter column tenant_id set not null;'
    expect(statements).toEqual([
      'alter table public.customers add column tenant_id uuid;',
      'alter table public.lines add column tenant_id uuid;',
      'alter table public.orders add column tenant_id uuid;',
      'update public.customers set tenant_id = org_id;',
      'update public.orders child set tenant_id = parent.tenant_id from public.customers parent where parent.id = child.customer_id;',
      'update public.lines child set tenant_id = parent.tenant_id from public.orders parent where parent.id = child.order_id;',
      `alter table public.customers ${notNull}`,
      `alter table public.lines ${notNull}`,
      `alter table public.orders ${notNull}`,
      'alter table public.lines drop constraint lines_order_id_orders_id_fk;',
      'alter table public.orders drop constraint orders_customer_id_customers_id_fk;',
      'alter table public.customers drop constraint customers_pkey, add constraint customers_tenant_id_id_pk primary key (tenant_id, id);',
      'alter table public.customers drop constraint customers_email_unique, add constraint customers_tenant_id_email_unique unique (tenant_id, email);',
      'drop index public.customers_code;',
      'create unique index customers_code on public.customers (tenant_id, (lower(code))) where code is not null;',
      'alter table public.lines drop constraint lines_order_id_n_pk, add constraint lines_tenant_id_order_id_n_pk primary key (tenant_id, order_id, n);',
      'alter table public.orders drop constraint orders_pkey, add constraint orders_tenant_id_id_pk primary key (tenant_id, id);',
      'alter table public.lines add constraint lines_tenant_id_order_id_orders_tenant_id_id_fk foreign key (tenant_id, order_id) references public.orders (tenant_id, id) on delete cascade;',
      'alter table public.orders add constraint orders_tenant_id_customer_id_customers_tenant_id_id_fk foreign key (tenant_id, customer_id) references public.customers (tenant_id, id) on delete cascade;',
    ])
  })

  test('says what it locks, and that nothing has run', async () => {
    const { file, stdout } = await adopt(schema, 'customers.org_id')
    expect(file).toContain('-- The columns. ACCESS EXCLUSIVE on each table, until the end of the transaction')
    expect(stdout).toContain('drizzle/tenants.sql written: it locks each table until its end. No command runs it.')
    expect(stdout).toContain('mv drizzle/tenants.sql drizzle/0000_tenants.sql')
  })

  test('prints the file with --dry-run, and writes nothing', async () => {
    const { code, stdout, file } = await adopt(schema, 'customers.org_id', '--dry-run')
    expect([code, file]).toEqual([0, ''])
    expect(stdout).toContain('update "public"."customers" set "tenant_id" = "org_id";')
  })

  test('leaves the question in the file where it cannot know whose a row is, and exits with 1', async () => {
    const { code, stdout, file } = await adopt(`${schema}\n${logs}`, 'customers.org_id')
    expect(code).toBe(1)
    expect(file).toContain(
      '-- QUESTION: whose are the rows of public.logs? No foreign key that is NOT NULL leads to a table',
    )
    expect(stdout).toContain('  - Whose are the rows of public.logs?\n')
  })

  test('asks about a foreign key that sets the tenant column to null', async () => {
    const { code, file, statements } = await adopt(`${schema}\n${logs}`, 'customers.org_id', 'logs.id')
    expect(code).toBe(1)
    expect(file).toContain('-- QUESTION: logs_order_id_orders_id_fk sets its columns to null or to a default')
    expect(statements.find((line) => line.includes('add constraint logs_tenant_id_order_id'))).toEndWith(
      'references public.orders (tenant_id, id);',
    )
  })

  test('asks about a table out of reach that refers to an old key', async () => {
    const sessions =
      "export const sessions = pgTable('sessions', { customerId: uuid('customer_id').references(() => customers.id) })"
    const flags = ['customers.org_id', '--unreachable', 'public.sessions', 'public.orgs']
    const { code, file } = await adopt(`${schema}\n${sessions}`, ...flags)
    expect(code).toBe(1)
    expect(file).toContain(
      '-- QUESTION: public.sessions refers to public.customers by sessions_customer_id_customers_id_fk',
    )
  })

  test.each([
    [
      'nothing.org_id',
      '--tenant-from: nothing.org_id must be table.column, with one of these tables: public.customers, ',
    ],
    ['customers.org', '--tenant-from: public.customers has no column org'],
    ['customers.email', "--tenant-from: customers.email is text, and a tenant's id is a uuid"],
  ])('rejects %s and writes no migration', async (from, message) => {
    const { code, stderr, file } = await adopt(schema, from)
    expect([code, file]).toEqual([2, ''])
    expect(stderr).toStartWith(message)
  })

  test('does not overwrite a file that somebody edited', async () => {
    using project = createProject({ 'schema.ts': schema, 'drizzle/tenants.sql': '-- mine' })
    const init = ['init', '--schema', 'schema.ts', '--tenant-from', 'orgs.id']
    const { code, stderr } = await rowhouse(init, { cwd: project.folder })
    expect([code, readFileSync(join(project.folder, 'drizzle/tenants.sql'), 'utf8')]).toEqual([2, '-- mine'])
    expect(stderr).toBe('drizzle/tenants.sql exists with another text: move it away, and run the command again.\n')
  })

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

    test('keeps the tenants in a tenant column beside the named column', async () => {
      const orders =
        "export const orders = pgTable('orders', { id: id(), tenantId: uuid('tenant_id'), orgId: uuid('org_id').notNull() })"
      const outcome = await adopt(`${tenants}\n${orders}`, 'orders.org_id', 'customers.org_id')
      expect(updates(outcome)).toContain('update public.orders set tenant_id = org_id where tenant_id is null;')
    })
  })

  test('has nothing to write where every table has its tenant', async () => {
    const done = `import { pgTable, primaryKey, uuid } from 'drizzle-orm/pg-core'
      export const notes = pgTable('notes', { tenantId: uuid('tenant_id').notNull(), id: uuid('id').notNull() },
        (t) => [primaryKey({ columns: [t.tenantId, t.id] })])`
    using project = createProject({ 'schema.ts': done })
    const init = ['init', '--schema', 'schema.ts', '--tenant-from', 'notes.id']
    const { code, stdout } = await rowhouse(init, { cwd: project.folder })
    expect(code).toBe(0)
    expect(stdout).toEndWith(
      'Every table has the column tenant_id, and its keys begin with it: there is nothing to migrate.\n',
    )
  })
})
