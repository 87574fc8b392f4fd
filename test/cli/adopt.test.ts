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
      'create unique index customers_code on public.customers (tenant_id, lower(code)) where code is not null;',
      'alter table public.lines drop constraint lines_order_id_n_pk, add constraint lines_tenant_id_order_id_n_pk primary key (tenant_id, order_id, n);',
      'alter table public.orders drop constraint orders_pkey, add constraint orders_tenant_id_id_pk primary key (tenant_id, id);',
      'alter table public.lines add constraint lines_tenant_id_order_id_orders_tenant_id_id_fk foreign key (tenant_id, order_id) references public.orders (tenant_id, id) on delete cascade;',
      'alter table public.orders add constraint orders_tenant_id_customer_id_customers_tenant_id_id_fk foreign key (tenant_id, customer_id) references public.customers (tenant_id, id) on delete cascade;',
    ])
  })

  test('makes identities of serials, whose numbers go on', async () => {
    const { statements, stdout } = await adopt(
      `import { pgTable, serial, uuid } from 'drizzle-orm/pg-core'
      export const notes = pgTable('notes', { id: serial('id').primaryKey(), orgId: uuid('org_id').notNull() })
      export const orgs = pgTable('orgs', { id: uuid('id').primaryKey() })`,
      'notes.org_id',
    )
    expect(statements.slice(1, 5)).toEqual([
      'alter table public.notes alter column id drop default;',
      "do $$ begin execute concat('drop sequence ', pg_get_serial_sequence('public.notes', 'id')); end $$;",
      'alter table public.notes alter column id add generated by default as identity;',
      "select setval(pg_get_serial_sequence('public.notes', 'id'), coalesce(max(id), 0) + 1, false) from public.notes;",
    ])
    expect(stdout).toContain('generatedByDefaultAsIdentity()')
  })

  test('says what it locks, and that nothing has run', async () => {
    const { file, stdout } = await adopt(schema, 'customers.org_id')
    expect(file).toContain('-- The columns. ACCESS EXCLUSIVE on each table, until the end of the transaction')
    expect(stdout).toContain('drizzle/tenants.sql written: it locks each table until its end. No command runs it.')
  })

  test('says that the generated migration keeps the statements which the file does not have', async () => {
    const { stdout } = await adopt(schema, 'customers.org_id')
    expect(stdout).toContain(
      'In drizzle/0000_tenants.sql, put drizzle/tenants.sql in the place of the statements about its columns and keys. Keep all others,',
    )
    expect(stdout).not.toContain('mv drizzle/tenants.sql')
  })

  test('prints the flags as a configuration for the next commands', async () => {
    const { stdout } = await adopt(schema, 'customers.org_id', '--shared', 'public.lines')
    expect(stdout).toContain('Save this as rowhouse.config.ts:')
    expect(stdout).toContain('shared: ["public.lines"],\n')
    expect(stdout).toContain('unreachable: ["public.orgs"],\n')
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

  test('asks for the schema of a table whose name two schemas have', async () => {
    const two = `import { pgSchema, pgTable, uuid } from 'drizzle-orm/pg-core'
      const columns = () => ({ id: uuid('id').primaryKey(), orgId: uuid('org_id').notNull() })
      export const customers = pgTable('customers', columns())
      export const others = pgSchema('sales').table('customers', columns())`
    const { code, stderr } = await adopt(two, 'customers.org_id')
    expect(code).toBe(2)
    expect(stderr).toStartWith(
      '--tenant-from: customers.org_id is in public.customers and sales.customers: write the schema, as public.customers.org_id',
    )
    expect((await adopt(two, 'sales.customers.org_id', 'public.customers.org_id')).code).toBe(0)
  })

  test('rejects the key of a table that the tenant columns refer to', async () => {
    const directory = `import { pgTable, uuid } from 'drizzle-orm/pg-core'
      export const companies = pgTable('companies', { id: uuid('id').primaryKey() })
      export const members = pgTable('members', { id: uuid('id').primaryKey(), orgId: uuid('org_id').notNull().references(() => companies.id) })`
    const { code, stderr, file } = await adopt(directory, 'companies.id', '--tenant-column', 'org_id')
    expect([code, file]).toEqual([2, ''])
    expect(stderr).toStartWith(
      '--tenant-from: the tenant column of public.members refers to public.companies, so each row of public.companies is a tenant',
    )
  })

  test('does not ask about a table out of reach whose reference has the tenant', async () => {
    const done = `import { foreignKey, pgTable, primaryKey, uuid } from 'drizzle-orm/pg-core'
      const columns = () => ({ tenantId: uuid('tenant_id').notNull(), id: uuid('id').notNull() })
      export const notes = pgTable('notes', columns(), (t) => [primaryKey({ columns: [t.tenantId, t.id] })])
      export const jobs = pgTable('jobs', { ...columns(), noteId: uuid('note_id') }, (t) => [
        foreignKey({ columns: [t.tenantId, t.noteId], foreignColumns: [notes.tenantId, notes.id] })])`
    const { code, stdout } = await adopt(done, 'notes.id', '--unreachable', 'public.jobs')
    expect(code).toBe(0)
    expect(stdout).toEndWith('there is nothing to migrate.\n')
  })

  test('does not ask about a table out of reach that refers to a key that stays', async () => {
    const done = `import { pgTable, uuid } from 'drizzle-orm/pg-core'
      export const notes = pgTable('notes', { tenantId: uuid('tenant_id').notNull().primaryKey() })
      export const jobs = pgTable('jobs', { noteId: uuid('note_id').references(() => notes.tenantId) })`
    const { code, stdout } = await adopt(done, 'notes.tenant_id', '--unreachable', 'public.jobs')
    expect(code).toBe(0)
    expect(stdout).toEndWith('there is nothing to migrate.\n')
  })

  test('prints the values that the isolation test needs for references to tables out of reach', async () => {
    const { stdout } = await adopt(schema, 'customers.org_id')
    expect(stdout).toContain("values: { 'public.customers': { org_id: '…' } }")
    expect(stdout).not.toContain("'public.orders': {")
  })

  describe('unique keys', () => {
    /** The statements about unique keys of one table. */
    const uniqueKeys = async (columns: string, keys: string, ...flags: string[]) => {
      const imports =
        "import { sql } from 'drizzle-orm'\nimport { pgTable, text, unique, uniqueIndex, uuid } from 'drizzle-orm/pg-core'"
      const members = `export const members = pgTable('members', { orgId: uuid('org_id').notNull(), ${columns} }, (t) => [${keys}])`
      const outcome = await adopt(`${imports}\n${members}`, 'members.org_id', ...flags)
      return { ...outcome, statements: outcome.statements.filter((line) => /unique|index/.test(line)) }
    }

    test('of an index without a name have the names of drizzle-kit', async () => {
      const { statements } = await uniqueKeys("email: text('email')", 'uniqueIndex().on(t.email)')
      expect(statements).toEqual([
        'drop index public.members_email_index;',
        'create unique index members_tenant_id_email_index on public.members (tenant_id, email);',
      ])
    })

    test('of an index that has the tenant later begin with it', async () => {
      const flags = ['--tenant-column', 'org_id']
      const { statements } = await uniqueKeys("email: text('email')", 'uniqueIndex().on(t.email, t.orgId)', ...flags)
      expect(statements).toEqual([
        'drop index public.members_email_org_id_index;',
        'create unique index members_org_id_email_index on public.members (org_id, email);',
      ])
    })

    test('of columns that are named by casing have the names of drizzle-kit', async () => {
      const columns = 'emailAddress: text(), nickName: text().unique()'
      const keys = 'unique().on(t.emailAddress), uniqueIndex().on(t.emailAddress)'
      const { statements } = await uniqueKeys(columns, keys, '--casing', 'snake_case')
      expect(statements).toEqual([
        'alter table public.members drop constraint members_emailAddress_unique, add constraint members_tenant_id_emailAddress_unique unique (tenant_id, email_address);',
        'alter table public.members drop constraint members_nickName_unique, add constraint members_tenant_id_nickName_unique unique (tenant_id, nick_name);',
        'drop index public.members_email_address_index;',
        'create unique index members_tenant_id_email_address_index on public.members (tenant_id, email_address);',
      ])
    })

    test('of an index keep the order, the operator classes, the expressions and the options', async () => {
      const index = `uniqueIndex('members_key').on(t.a.desc().nullsLast(), t.b.op('text_pattern_ops'), t.c.desc(), t.d.nullsFirst(), sql\`lower(\${t.a}) desc\`).with({ fillfactor: 70 })`
      const columns = ['a', 'b', 'c', 'd'].map((name) => `${name}: text('${name}')`).join(', ')
      const { statements } = await uniqueKeys(columns, index)
      expect(statements).toEqual([
        'drop index public.members_key;',
        'create unique index members_key on public.members (tenant_id, a desc nulls last, b text_pattern_ops, c desc nulls last, d nulls first, lower(a) desc) with (fillfactor=70);',
      ])
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
