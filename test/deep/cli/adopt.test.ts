import { expect, test } from 'bun:test'
import { renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { sql } from 'drizzle-orm'
import { drizzle } from 'drizzle-orm/postgres-js'
import { migrate } from 'drizzle-orm/postgres-js/migrator'
import { withTenant } from '../../../src/context/index.ts'
import { createPool, createTenantDatabase } from '../../../src/database/index.ts'
import { expectTenantIsolation } from '../../../src/testing/index.ts'
import { createProject, rowhouse } from '../../cli/run.ts'
import { asOwner, createBareDatabase } from '../../database.ts'

const before = `import { integer, pgTable, primaryKey, serial, text, uuid } from 'drizzle-orm/pg-core'
const id = () => uuid('id').primaryKey().defaultRandom()
export const orgs = pgTable('orgs', { id: id(), name: text('name').notNull() })
export const customers = pgTable('customers', {
  id: id(), orgId: uuid('org_id').notNull().references(() => orgs.id), email: text('email').notNull().unique() })
export const orders = pgTable('orders', {
  id: id(), customerId: uuid('customer_id').notNull().references(() => customers.id, { onDelete: 'cascade' }) })
export const lines = pgTable('lines', {
  orderId: uuid('order_id').notNull().references(() => orders.id, { onDelete: 'cascade' }), n: integer('n').notNull() },
  (t) => [primaryKey({ columns: [t.orderId, t.n] })])
export const notes = pgTable('notes', { id: serial('id').primaryKey(), orgId: uuid('org_id'),
  customerId: uuid('customer_id').notNull().references(() => customers.id) })`

const after = `import { sql } from 'drizzle-orm'
import { foreignKey, integer, pgTable, primaryKey, text, unique, uuid } from 'drizzle-orm/pg-core'
const tenantId = () => uuid('tenant_id').notNull().default(sql\`tenancy.current_tenant_id()\`)
const id = () => uuid('id').notNull().defaultRandom()
export const orgs = pgTable('orgs', { id: uuid('id').primaryKey().defaultRandom(), name: text('name').notNull() })
export const customers = pgTable('customers', {
  tenantId: tenantId(), id: id(), orgId: uuid('org_id').notNull().references(() => orgs.id), email: text('email').notNull() },
  (t) => [primaryKey({ columns: [t.tenantId, t.id] }), unique().on(t.tenantId, t.email)])
export const orders = pgTable('orders', { tenantId: tenantId(), id: id(), customerId: uuid('customer_id').notNull() },
  (t) => [primaryKey({ columns: [t.tenantId, t.id] }),
    foreignKey({ columns: [t.tenantId, t.customerId], foreignColumns: [customers.tenantId, customers.id] }).onDelete('cascade')])
export const lines = pgTable('lines', { tenantId: tenantId(), orderId: uuid('order_id').notNull(), n: integer('n').notNull() },
  (t) => [primaryKey({ columns: [t.tenantId, t.orderId, t.n] }),
    foreignKey({ columns: [t.tenantId, t.orderId], foreignColumns: [orders.tenantId, orders.id] }).onDelete('cascade')])
export const notes = pgTable('notes', { tenantId: tenantId(), id: integer('id').notNull().generatedByDefaultAsIdentity(),
  orgId: uuid('org_id'), customerId: uuid('customer_id').notNull() },
  (t) => [primaryKey({ columns: [t.tenantId, t.id] }),
    foreignKey({ columns: [t.tenantId, t.customerId], foreignColumns: [customers.tenantId, customers.id] })])`

const orgs = ['0198b9a4-0000-7000-8000-00000000000a', '0198b9a4-0000-7000-8000-00000000000b']

test('rows of a project with single-column keys get their tenant by the migration that init --tenant-from writes', async () => {
  const drizzleConfig = `export default { dialect: 'postgresql', schema: './schema.ts', out: './drizzle' }`
  using project = createProject({
    'schema.ts': before,
    'drizzle.config.ts': drizzleConfig,
    'rowhouse.config.ts': `export default { unreachable: ['public.orgs'] }`,
  })
  const database = await createBareDatabase()
  const env = { DATABASE_OWNER_URL: database.ownerUrl, DATABASE_URL: database.appUrl }
  const owner = asOwner(database)
  const run = (...parameters: string[]) => rowhouse(parameters, { cwd: project.folder, env })
  const generate = (name: string) => {
    const command = [process.execPath, 'node_modules/drizzle-kit/bin.cjs', 'generate', '--name', name]
    const { success, stdout } = Bun.spawnSync(command, { cwd: project.folder })
    if (!success) throw new Error(stdout.toString())
  }

  generate('tables')
  await migrate(drizzle(owner), { migrationsFolder: join(project.folder, 'drizzle') })
  for (const org of orgs) {
    await owner`insert into orgs values (${org}, 'Org')`
    const [customer] = await owner`insert into customers (org_id, email) values (${org}, ${org}) returning id`
    const [order] = await owner`insert into orders (customer_id) values (${String(customer?.id)}) returning id`
    await owner`insert into lines values (${String(order?.id)}, 1), (${String(order?.id)}, 2)`
    await owner`insert into notes (org_id, customer_id) values (${org}, ${String(customer?.id)})`
  }
  expect(await run('init', '--tenant-from', 'customers.org_id')).toMatchObject({ code: 0, stderr: '' })

  // The runtime remembers the module of the old schema and the configuration, so the new schema has another name.
  writeFileSync(join(project.folder, 'after.ts'), after)
  writeFileSync(join(project.folder, 'drizzle.config.ts'), drizzleConfig.replace('./schema.ts', './after.ts'))
  const changed = ['--schema', 'after.ts']
  generate('tenants')
  renameSync(join(project.folder, 'drizzle/tenants.sql'), join(project.folder, 'drizzle/0001_tenants.sql'))
  expect(await run('init', ...changed)).toMatchObject({ code: 0, stderr: '' })
  expect(await run('check', ...changed)).toMatchObject({ code: 0, stderr: '' })
  expect(await run('migrate')).toMatchObject({ code: 0, stderr: '' })

  const tables = [
    ['customers', 1],
    ['orders', 1],
    ['lines', 2],
    ['notes', 1],
  ] as const
  for (const [table, count] of tables) {
    const rows = await owner`select tenant_id, count(*)::int as count from ${owner(table)} group by 1 order by 1`
    expect([...rows]).toEqual(orgs.map((tenant_id) => ({ tenant_id, count })))
  }
  const connections = createPool({ url: database.appUrl, size: 1 })
  const insert = () =>
    withTenant(orgs[0] ?? '', async () => await db.write((tx) => tx.execute<{ id: number }>(newNote)))
  const db = createTenantDatabase({ connections })
  const newNote = sql`insert into notes (customer_id) select id from customers returning id`
  expect([...(await insert())]).toEqual([{ id: 3 }])
  const values = { 'public.customers': { org_id: orgs[0] } }
  await expectTenantIsolation(db, { unreachable: ['public.orgs'], values, print: () => {} })
  await db.close()
  expect(await run('doctor')).toMatchObject({ code: 0 })
}, 60_000)
