import { expect, test } from 'bun:test'
import { eq } from 'drizzle-orm'
import * as pg from 'drizzle-orm/pg-core'
import { tenantColumns } from '../../src/context/index.ts'
import { restore } from '../../src/trash/index.ts'
import { everyValue } from '../recorded/values.ts'
import { tenantColumnType, tenantIds } from '../tenants.ts'
import { listDeleted, newKitTenant, owner } from './tables.ts'

const columns = everyValue.map(([type], index) => `v${index} ${type}`)
await owner.unsafe(`
  create type mood as enum ('sad', 'ok'); create type pair as (a int, b text);
  create table values_of_types (
    tenant_id ${tenantColumnType} not null default tenancy.current_tenant_id(), id uuid not null default tenancy.uuid_v7(),
    created_at timestamptz(3) not null default now(), updated_at timestamptz(3) not null default now(),
    ${columns.join(', ')}, primary key (tenant_id, id));
  select tenancy.protect('public.values_of_types'), tenancy.trash('public.values_of_types')`)

/** The column that Drizzle has for a type, under the name of its place. */
function columnOf(type: string, name: string) {
  const ofType = pg.customType<{ data: unknown }>({ dataType: () => type })
  switch (type) {
    case 'bigint':
      return pg.bigint(name, { mode: 'bigint' })
    case 'numeric':
      return pg.numeric(name)
    case 'double precision':
      return pg.doublePrecision(name)
    case 'text':
      return pg.text(name)
    case 'char(5)':
      return pg.char(name, { length: 5 })
    case 'timestamptz':
      return pg.timestamp(name, { withTimezone: true, mode: 'string' })
    case 'time':
      return pg.time(name)
    case 'interval':
      return pg.interval(name)
    case 'json':
      return pg.json(name)
    case 'jsonb':
      return pg.jsonb(name)
    case 'int[]':
      return pg.integer(name).array()
    case 'jsonb[]':
      return pg.jsonb(name).array()
    case 'text[]':
      return pg.text(name).array()
    default:
      return ofType(name)
  }
}
const values = Object.fromEntries(everyValue.map(([type], index) => [`v${index}`, columnOf(type, `v${index}`)]))
const table = pg.pgTable('values_of_types', { ...tenantColumns(tenantIds), ...values }, (t) => [
  pg.primaryKey({ columns: [t.tenantId, t.id] }),
])

const texts = everyValue.map((_, index) => `v${index}::text`).join(', ')
/** The row of a tenant: the texts of all its values, its times among them. */
const textsOf = async (tenant: string) =>
  await owner.unsafe(
    `select id, created_at::text, updated_at::text, ${texts} from values_of_types where tenant_id = $1`,
    [tenant],
  )

async function withRow() {
  const one = newKitTenant()
  const [row] = await owner.unsafe(
    `insert into values_of_types (tenant_id, created_at, updated_at, ${everyValue.map((_, index) => `v${index}`)})
      values ($1, '2001-02-03 04:05:06.789Z', '2002-02-03 04:05:06.789Z', ${everyValue.map(([, value]) => value)}) returning id`,
    [one.tenant],
  )
  return { ...one, id: String(row?.id) }
}

test('a value of every type comes back exactly, and so do createdAt and updatedAt', async () => {
  const { tenant, write, id } = await withRow()
  const before = [...(await textsOf(tenant))]
  await write((tx) => tx.delete(table).where(eq(table.id, id)))
  expect(await textsOf(tenant)).toHaveLength(0)
  expect(await write((tx) => restore(tx, table, id))).toBeDefined()
  expect([...(await textsOf(tenant))]).toEqual(before)
})

test('a list of the trash has the values that Drizzle gives for the table', async () => {
  const { tenant, write, id } = await withRow()
  const [before] = await write((tx) => tx.select().from(table))
  await write((tx) => tx.delete(table).where(eq(table.id, id)))
  const [listed] = await listDeleted(table, 'createdAt', tenant)
  expect(listed).toEqual({ ...before, deletedAt: expect.any(Date), deletedBy: null } as never)
  expect(Object.is(listed?.v3, -0)).toBe(true)
})

test('a row of nulls comes back with its nulls', async () => {
  const { tenant, write, id } = await withRow()
  await owner.unsafe(`update values_of_types set ${everyValue.map((_, index) => `v${index} = null`)} where id = $1`, [
    id,
  ])
  const before = [...(await textsOf(tenant))]
  const [row] = await write((tx) => tx.select().from(table))
  await write((tx) => tx.delete(table).where(eq(table.id, id)))
  expect((await listDeleted(table, 'createdAt', tenant))[0]).toMatchObject(row ?? {})
  await write((tx) => restore(tx, table, id))
  expect([...(await textsOf(tenant))]).toEqual(before)
})
