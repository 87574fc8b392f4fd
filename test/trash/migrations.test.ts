import { expect, test } from 'bun:test'
import { eq } from 'drizzle-orm'
import * as pg from 'drizzle-orm/pg-core'
import { tenantColumns } from '../../src/context/index.ts'
import { findDatabaseError } from '../../src/errors/index.ts'
import { restore } from '../../src/trash/index.ts'
import { tenantColumnType, tenantIds } from '../tenants.ts'
import { listDeleted, newKitTenant, owner } from './tables.ts'

/** A table in its form before and after a migration, with a deleted row from before. */
async function migrated(migration: string) {
  const name = `notes_${crypto.randomUUID().slice(0, 8)}`
  await owner.unsafe(`
    create table ${name} (tenant_id ${tenantColumnType} not null default tenancy.current_tenant_id(), id integer not null,
      title varchar(20) not null, size integer not null, obsolete text, primary key (tenant_id, id));
    select tenancy.protect('public.${name}'), tenancy.trash('public.${name}')`)
  const one = newKitTenant()
  const before = pg.pgTable(name, { tenantId: tenantColumns(tenantIds).tenantId, id: pg.integer('id').primaryKey() })
  await owner.unsafe(`insert into ${name} values ($1, 7, 'Title', 2147483647, 'x')`, [one.tenant])
  await one.write((tx) => tx.delete(before).where(eq(before.id, 7)))
  await owner.unsafe(migration.replaceAll('notes', name))
  return { ...one, name, restored: () => one.write((tx) => restore(tx, before, '7')), all: () => one.rows(name) }
}
const table = (name: string, columns: Record<string, pg.PgColumnBuilderBase>) =>
  pg.pgTable(name, { tenantId: tenantColumns(tenantIds).tenantId, id: pg.integer('id').notNull(), ...columns }, (t) => [
    pg.primaryKey({ columns: [t.tenantId, t.id] }),
  ])

test('a column that was added since has its default, in the list and in the row', async () => {
  const { tenant, name, restored, all } = await migrated(
    `alter table notes add priority integer not null default 3, add mood text, add tags text[] not null default '{}'`,
  )
  const now = table(name, {
    title: pg.varchar('title', { length: 20 }).notNull(),
    priority: pg.integer('priority').notNull().default(3),
    mood: pg.text('mood'),
    tags: pg.text('tags').array().notNull().default([]),
  })
  expect((await listDeleted(now, 'priority', tenant))[0]).toMatchObject({ id: 7, priority: 3, mood: null, tags: [] })
  await restored()
  expect(await all()).toEqual([
    { id: 7, title: 'Title', size: 2147483647, obsolete: 'x', priority: 3, mood: null, tags: [] },
  ])
})

test('a column that was dropped is left out', async () => {
  const { tenant, name, restored, all } = await migrated('alter table notes drop obsolete')
  const now = table(name, { size: pg.integer('size').notNull() })
  expect((await listDeleted(now, 'size', tenant))[0]).toMatchObject({ id: 7, size: 2147483647 })
  await restored()
  expect(await all()).toEqual([{ id: 7, title: 'Title', size: 2147483647 }])
})

test('a type that was widened has the same value', async () => {
  const { tenant, name, restored, all } = await migrated(
    'alter table notes alter size type numeric(14, 2), alter title type text, alter id type bigint',
  )
  const now = table(name, { size: pg.numeric('size').notNull(), title: pg.text('title').notNull() })
  expect((await listDeleted(now, 'size', tenant))[0]).toMatchObject({ size: '2147483647.00', title: 'Title' })
  await restored()
  expect(await all()).toEqual([{ id: 7, title: 'Title', size: 2147483647, obsolete: 'x' }])
})

test.each([
  ['a column without a default', 'alter table notes add owner text; alter table notes alter owner set not null', null],
  ['a stricter check', 'alter table notes add constraint notes_size_check check (size < 10)', '_size_check'],
])('a row that the table does not accept any more stays in the trash: %s', async (_, migration, constraint) => {
  const { restored, trash, all } = await migrated(migration)
  const error = await restored().then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  const { sqlstate, conflict } = findDatabaseError(error) ?? {}
  expect([sqlstate, JSON.parse(conflict ?? '')]).toMatchObject(['RH021', { code: 'invalid', id: '7' }])
  if (constraint !== null) expect(JSON.parse(conflict ?? '').constraint).toEndWith(constraint)
  expect([await trash(), await all()]).toMatchObject([[expect.any(String)], []])
})
