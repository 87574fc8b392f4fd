import { describe, expect, test } from 'bun:test'
import { and, eq, sql } from 'drizzle-orm'
import * as pg from 'drizzle-orm/pg-core'
import { Hono } from 'hono'
import { etagOf, notModified, rowOf, rowVersion, type Version, writtenRow } from '../../src/conditions/index.ts'
import { unverified } from '../../src/context/index.ts'
import { ApiError, createErrorHandler } from '../../src/errors/index.ts'
import { header, tenant } from '../../src/resolution/index.ts'
import { type TestClient, testClient } from '../../src/testing/index.ts'
import { openDatabase } from '../database/shared-database.ts'
import { asOwner, createDatabase } from '../database.ts'
import { newTenant, tenantColumnType, tenantIds } from '../tenants.ts'

// A table of a user's own, whose versions have every kind, and plain queries of Drizzle.

const database = await createDatabase()
await asOwner(database).unsafe(`
  create table notes (tenant_id ${tenantColumnType} not null default tenancy.current_tenant_id(), id int not null, words text not null default '',
    at timestamptz(3) not null default '2026-01-31 12:00:00.123Z', plain timestamp(0) not null default '2026-01-31 12:00:00',
    fine timestamptz not null default '2026-01-31 12:00:00.123456Z', small int not null default 7, big bigint not null default 9007199254740993,
    exact numeric not null default 1.10, name text not null default 'a "quoted", {b\\r} %41 ü', primary key (tenant_id, id));
  select tenancy.protect('notes')`)
const notes = pg.pgTable('notes', {
  id: pg.integer('id').notNull(),
  words: pg.text('words').notNull(),
  at: pg.timestamp('at', { withTimezone: true, precision: 3 }).notNull(),
  plain: pg.timestamp('plain', { precision: 0 }).notNull(),
  fine: pg.timestamp('fine', { withTimezone: true, mode: 'string' }).notNull(),
  small: pg.integer('small').notNull(),
  big: pg.bigint('big', { mode: 'bigint' }).notNull(),
  exact: pg.numeric('exact').notNull(),
  name: pg.text('name').notNull(),
})
type Name = 'at' | 'plain' | 'fine' | 'small' | 'big' | 'exact' | 'name'
/** Another value, as close as the type allows. */
const next: Record<Name, string> = {
  at: "at + interval '1 millisecond'",
  plain: "plain + interval '1 second'",
  fine: "fine + interval '1 microsecond'",
  small: 'small + 1',
  big: 'big + 1',
  exact: '1.100',
  name: "name || ' '",
}
const db = openDatabase({ url: database.appUrl })
const missing = () => new ApiError('NOT_FOUND')

/** An app whose notes have this column as their version, and the client of a new tenant with the note 1. */
async function build(name: Name, wire?: number) {
  const version = rowVersion<pg.PgColumn>(notes[name], { wire })
  const app = new Hono().onError(createErrorHandler())
  app.use(tenant({ from: header('X-Tenant-Id'), auth: unverified(), ...tenantIds }))
  app.put('/', async (c) => c.json(await db.write((tx) => tx.execute(sql`insert into notes (id) values (1)`))))
  app.post('/', async (c) =>
    c.json(await db.write((tx) => tx.execute(sql.raw(`update notes set ${name} = ${next[name]}`)))),
  )
  app.get('/', async (c) => {
    const [row] = await db.read((tx) => tx.select().from(notes))
    if (!row) throw missing()
    return notModified(c, version.etag(row[name])) ?? c.text('changed')
  })
  app.patch('/', async (c) => {
    const expected = version.expected(c)
    const written = await db.write((tx) =>
      writtenRow(
        tx
          .update(notes)
          .set({ words: 'changed' })
          .where(and(eq(notes.id, 1), version.condition(expected)))
          .returning({ id: notes.id }),
        expected && tx.select({ id: notes.id }).from(notes).where(eq(notes.id, 1)),
      ),
    )
    return c.json(rowOf(written, missing))
  })
  const client = testClient(app).as(newTenant())
  await client.send('PUT', '/')
  return client
}
const tagOf = async (client: TestClient) => (await client.get('/')).headers.get('ETag') ?? ''
const statusOf = async (client: TestClient, method: string, headers: Record<string, string>) =>
  (await client.send(method, '/', { headers })).status

test.each(Object.keys(next) as Name[])('a row whose version is %s is read and written by its tag', async (name) => {
  const client = await build(name)
  const tag = await tagOf(client)
  expect(tag).toMatch(/^"[!#-~]+"$/)
  expect(await statusOf(client, 'GET', { 'If-None-Match': tag })).toBe(304)
  expect(await statusOf(client, 'PATCH', { 'If-Match': `"other", ${tag}` })).toBe(200)
  expect(await statusOf(client, 'PATCH', { 'If-None-Match': tag })).toBe(412)
  await client.send('POST', '/')
  expect(await tagOf(client)).not.toBe(tag)
  expect(await statusOf(client, 'GET', { 'If-None-Match': tag })).toBe(200)
  expect(await statusOf(client, 'PATCH', { 'If-Match': tag })).toBe(412)
  expect(await statusOf(client, 'PATCH', { 'If-None-Match': tag })).toBe(200)
})

test.each(Object.keys(next) as Name[])(
  'a tag that no %s has is no version, and no error of PostgreSQL',
  async (name) => {
    const client = await build(name)
    const start = (await tagOf(client)).replace(/[^-]*"$/, '')
    const texts = [
      '',
      '%00',
      '%',
      '%4',
      'x',
      '%37',
      '99999999999999999999',
      '-1',
      'NaN',
      'infinity',
      '7,8',
      '\\',
      'zzzzzzzzzz',
      '-zzzzzzzzzz',
      '%EF%BF%BD',
    ]
    const tags = texts.map((text) => `${start}${text}"`)
    for (const tag of [...tags, `"1-${'x'.repeat(16)}-7"`, '"7"'])
      expect([tag, await statusOf(client, 'PATCH', { 'If-Match': tag })]).toEqual([tag, 412])
  },
)

test('a client reads every row again when the form on the wire has another number', async () => {
  const old = await tagOf(await build('small', 1))
  const client = await build('small', 2)
  expect((await tagOf(client)).slice(0, 3)).toBe('"2-')
  expect(await statusOf(client, 'GET', { 'If-None-Match': old })).toBe(200)
  expect(await statusOf(client, 'PATCH', { 'If-Match': old })).toBe(412)
})

test('only a write with a condition sends the query that looks for the row', async () => {
  const client = await build('small')
  db.sent.length = 0
  await statusOf(client, 'PATCH', {})
  expect(db.sent.filter((text) => text.includes('notes')).length).toBe(1)
  db.sent.length = 0
  await statusOf(client, 'PATCH', { 'If-Match': '*' })
  expect(db.sent.filter((text) => text.includes('notes')).length).toBe(2)
})

describe('a column is refused', () => {
  const table = pg.pgTable('t', {
    nullable: pg.integer('nullable'),
    fine: pg.timestamp('fine', { withTimezone: true }).notNull(),
    micro: pg.timestamp('micro', { precision: 6 }).notNull(),
    day: pg.date('day', { mode: 'date' }).notNull(),
    extra: pg.jsonb('extra').notNull(),
    flag: pg.boolean('flag').notNull(),
  })
  test.each([
    ['nullable', 'a column that is NOT NULL (got nullable)'],
    ['fine', 'a timestamp of precision 3 (got fine, whose type is timestamp with time zone)'],
    ['micro', 'a timestamp of precision 3 (got micro, whose type is timestamp (6))'],
    ['day', 'a timestamp of precision 3 (got day, whose type is date)'],
    ['extra', 'a column of dates, numbers or text (got extra, whose type is jsonb)'],
    ['flag', 'a column of dates, numbers or text (got flag, whose type is boolean)'],
  ] as const)('%s', (name, problem) => {
    expect(() => rowVersion<pg.PgColumn>(table[name])).toThrow(new RegExp(RegExp.escape(problem)))
  })
})

describe('a tag outside of any tenant', () => {
  test.each<[Version, string]>([
    [new Date('2026-01-31T12:00:00.123Z'), '"1-ml29f9ff"'],
    [new Date(-1), '"1--1"'],
    [7, '"1-7"'],
    [9_007_199_254_740_993n, '"1-9007199254740993"'],
    ['a "b", ü\n', '"1-a%20%22b%22%2C%20%C3%BC%0A"'],
  ])('of %p is %s', (version, tag) => {
    expect(etagOf(version)).toBe(tag)
  })

  test.each([1.5, Number.NaN, 2 ** 53, new Date(Number.NaN)])('of %p is refused', (version) => {
    expect(() => etagOf(version)).toThrow('An ETag needs a valid date or a whole number')
  })
})
