import { expect, test } from 'bun:test'
import { and, eq } from 'drizzle-orm'
import * as pg from 'drizzle-orm/pg-core'
import { Hono } from 'hono'
import { rowVersion } from '../../src/conditions/index.ts'
import { openDatabase } from '../database/shared-database.ts'
import { asOwner, createDatabase } from '../database.ts'
import { newTenant, tenantColumnType, withTenant } from '../tenants.ts'

const database = await createDatabase()
await asOwner(database).unsafe(`
  create table notes (tenant_id ${tenantColumnType} not null default tenancy.current_tenant_id(), id int not null, words text not null,
    version int not null default 7, primary key (tenant_id, id));
  select tenancy.protect('notes')`)
const notes = pg.pgTable('notes', {
  id: pg.integer('id').notNull(),
  words: pg.text('words').notNull(),
  version: pg.integer('version').notNull().default(7),
})
const db = openDatabase({ url: database.appUrl })

const noteVersion = rowVersion(notes.version)
const changedNote = noteVersion.preparedUpdate(notes, ['id'], (tx, { set, condition, placeholders: { id } }) =>
  tx
    .update(notes)
    .set(set)
    .where(and(eq(notes.id, id), condition))
    .returning({ id: notes.id }),
)
const deletedNote = noteVersion.prepared(['id'], (tx, { id }, condition) =>
  tx
    .delete(notes)
    .where(and(eq(notes.id, id), condition))
    .returning({ id: notes.id }),
)

/** Runs the work for a new tenant with the note 1. */
const withNote = <T>(work: () => Promise<T>) =>
  withTenant(newTenant(), async () => {
    await db.write((tx) => tx.insert(notes).values({ id: 1, words: 'first' }))
    return work()
  })

/** What a request with these headers expects of the version. */
async function expectedBy(headers: Record<string, string>) {
  const app = new Hono().get('/', (c) => c.json(noteVersion.expected(c) ?? null))
  return (await (await app.request('/', { headers })).json()) ?? undefined
}

test('a prepared write has the condition of the request', () =>
  withNote(async () => {
    const current = await expectedBy({ 'If-Match': noteVersion.etag(7) })
    const other = await expectedBy({ 'If-None-Match': noteVersion.etag(7) })
    const change = (expected: typeof current) =>
      db.write((tx) => changedNote(tx, { words: 'second' }, { id: 1 }, expected))
    const remove = (expected: typeof current) => db.write((tx) => deletedNote(tx, { id: 1 }, expected))
    expect([await change(other), await remove(other)]).toEqual([[], []])
    expect([await change(current), await remove(current)]).toEqual([[{ id: 1 }], [{ id: 1 }]])
  }))

test('without a condition the SQL of a prepared write has none', () =>
  withNote(async () => {
    db.sent.length = 0
    await db.write((tx) => changedNote(tx, { words: 'second' }, { id: 1 }, undefined))
    await db.write((tx) => deletedNote(tx, { id: 1 }, undefined))
    const where = db.sent.filter((text) => text.includes('notes')).map((text) => text.split(' where ')[1])
    expect(where).toEqual(['"notes"."id" = $2 returning "id"', '"notes"."id" = $1 returning "id"'])
  }))
