import { describe, expect, test } from 'bun:test'
import { eq, type SQL, sql } from 'drizzle-orm'
import * as pg from 'drizzle-orm/pg-core'
import { prepared, preparedUpdate, TransactionMisuse } from '../../src/database/index.ts'
import { asOwner, createDatabase } from '../database.ts'
import { newTenant, tenantColumnType, withTenant } from '../tenants.ts'
import { failureOf, openDatabase } from './shared-database.ts'

const database = await createDatabase()
await asOwner(database).unsafe(`
  create table notes (tenant_id ${tenantColumnType} not null default tenancy.current_tenant_id(), n int not null, token text, made text,
    changed int, at timestamptz, day date, tags text[], amount numeric, extra jsonb, primary key (tenant_id, n));
  select tenancy.protect('notes')`)

let made = 0
const columns = {
  tenantId: pg.uuid('tenant_id').notNull().default(sql`tenancy.current_tenant_id()`),
  n: pg.integer('n').notNull(),
  at: pg.timestamp('at', { withTimezone: true }),
  day: pg.date('day', { mode: 'date' }),
  tags: pg.text('tags').array(),
  amount: pg.numeric('amount', { mode: 'number' }),
  extra: pg.jsonb('extra'),
}
/** Drizzle makes values of these columns for each row that is inserted or updated. */
const notes = pg.pgTable('notes', {
  ...columns,
  token: pg.text('token').$defaultFn(() => `token ${++made}`),
  made: pg.text('made').$onUpdate((): SQL => sql`statement_timestamp()::text`),
  changed: pg.integer('changed').$onUpdate(() => ++made),
})
const db = openDatabase({ url: database.appUrl })
const newNote = prepared(['n'], (tx, { n }) =>
  tx
    .insert(notes)
    .values({ n: n as never })
    .returning(),
)
const changedNote = preparedUpdate(notes, ['n'], (tx, { set, placeholders: { n } }) =>
  tx.update(notes).set(set).where(eq(notes.n, n)).returning(),
)

describe('a value that Drizzle generates', () => {
  test('is a new one for each call of a prepared insert', async () => {
    const insert = (n: number) => withTenant(newTenant(), () => db.write((tx) => newNote(tx, { n })))
    const [[first], [second]] = [await insert(1), await insert(2)]
    expect(first?.token).toStartWith('token ')
    expect(second?.token).not.toBe(first?.token)
    expect(second?.changed).not.toBe(first?.changed)
    expect(second?.made).not.toBe(first?.made)
  })

  test('is a new one for each call of a prepared update', async () => {
    const tenant = newTenant()
    const update = () => withTenant(tenant, () => db.write((tx) => changedNote(tx, { amount: 1.5 }, { n: 1 })))
    await withTenant(tenant, () => db.write((tx) => newNote(tx, { n: 1 })))
    const [[first], [second]] = [await update(), await update()]
    expect([first?.amount, second?.amount]).toEqual([1.5, 1.5])
    expect(second?.changed).not.toBe(first?.changed)
    expect(second?.made).not.toBe(first?.made)
  })

  test('is refused as SQL with a value in it, which all calls would share', async () => {
    const shared = pg.pgTable('notes', {
      ...columns,
      token: pg.text('token').$defaultFn((): SQL => sql`${++made}::text`),
    })
    const insert = prepared(['n'], (tx, { n }) => tx.insert(shared).values({ n: n as never }))
    const error = await withTenant(newTenant(), () => failureOf(db.write((tx) => insert(tx, { n: 1 }))))
    expect(error).toBeInstanceOf(TransactionMisuse)
    expect(String(error)).toContain('token')
  })
})

describe('NULL as the value of a prepared query', () => {
  const all = { at: new Date(0), day: new Date(0), tags: ['a', 'b'], amount: 1.5, extra: { a: 1 } }
  const none = { at: null, day: null, tags: null, amount: null, extra: null }

  test('is NULL in an update of every type', async () => {
    const tenant = newTenant()
    const update = (set: typeof all | typeof none) =>
      withTenant(tenant, () => db.write((tx) => changedNote(tx, set, { n: 1 })))
    await withTenant(tenant, () => db.write((tx) => newNote(tx, { n: 1 })))
    expect((await update(all))[0]).toMatchObject(all)
    expect((await update(none))[0]).toMatchObject(none)
    const isNull = sql<boolean>`extra is null`
    expect(await withTenant(tenant, () => db.read((tx) => tx.select({ isNull }).from(notes)))).toEqual([
      { isNull: true },
    ])
  })

  test('is NULL in an insert of every type', async () => {
    const insert = prepared(['n', 'at', 'day', 'tags', 'amount', 'extra'], (tx, values) =>
      tx
        .insert(notes)
        .values(values as never)
        .returning(),
    )
    const written = (values: typeof all | typeof none) =>
      withTenant(newTenant(), () => db.write((tx) => insert(tx, { n: 1, ...values })))
    expect((await written(all))[0]).toMatchObject(all)
    expect((await written(none))[0]).toMatchObject(none)
  })
})
