import * as pg from 'drizzle-orm/pg-core'
import { tenantColumns } from '../../../src/context/index.ts'
import { asOwner, createDatabase } from '../../database.ts'
import { tenantColumnType, tenantIds } from '../../tenants.ts'

// A database whose tables have a column of each type that a list is sorted by.

export const moods = ['sad', 'so so', 'happy'] as const
const mood = pg.pgEnum('mood', moods) // sorted as it is declared
const citext = pg.customType<{ data: string }>({ dataType: () => 'citext' })

const columns = () => ({
  whole: pg.integer('whole'),
  big: pg.bigint('big', { mode: 'number' }), // JavaScript rounds its values
  amount: pg.numeric('amount'),
  price: pg.numeric('price', { precision: 6, scale: 2 }),
  score: pg.doublePrecision('score'),
  single: pg.real('single'),
  instant: pg.timestamp('instant', { withTimezone: true }), // a Date has no microseconds
  second: pg.timestamp('second', { withTimezone: true, precision: 0 }),
  localTime: pg.timestamp('local_time'),
  day: pg.date('day'),
  clock: pg.time('clock'),
  isDone: pg.boolean('is_done'),
  reference: pg.uuid('reference'),
  mood: mood('mood'),
  words: pg.text('words'),
  code: pg.varchar('code', { length: 12 }),
  letters: pg.char('letters', { length: 5 }),
  folded: citext('folded'),
})
const firmColumns = columns()
for (const column of Object.values(firmColumns)) column.notNull()

export type Column = keyof ReturnType<typeof columns>
export const columnNames = Object.keys(firmColumns) as Column[] // as its type says

/** The columns in SQL: their names and types, and a value for the rows that get none. */
export const inSql: Record<Column, { name: string; type: string; preset: string }> = {
  whole: { name: 'whole', type: 'integer', preset: '0' },
  big: { name: 'big', type: 'bigint', preset: '0' },
  amount: { name: 'amount', type: 'numeric', preset: '0' },
  price: { name: 'price', type: 'numeric(6, 2)', preset: '0' },
  score: { name: 'score', type: 'double precision', preset: '0' },
  single: { name: 'single', type: 'real', preset: '0' },
  instant: { name: 'instant', type: 'timestamptz', preset: '2026-01-01 00:00:00Z' },
  second: { name: 'second', type: 'timestamptz(0)', preset: '2026-01-01 00:00:00Z' },
  localTime: { name: 'local_time', type: 'timestamp', preset: '2026-01-01 00:00:00' },
  day: { name: 'day', type: 'date', preset: '2026-01-01' },
  clock: { name: 'clock', type: 'time', preset: '12:00' },
  isDone: { name: 'is_done', type: 'boolean', preset: 'false' },
  reference: { name: 'reference', type: 'uuid', preset: '00000000-0000-0000-0000-000000000000' },
  mood: { name: 'mood', type: 'mood', preset: 'sad' },
  words: { name: 'words', type: 'text', preset: '' },
  code: { name: 'code', type: 'varchar(12)', preset: '' },
  letters: { name: 'letters', type: 'char(5)', preset: '' },
  folded: { name: 'folded', type: 'citext', preset: '' },
}

const textColumns: readonly Column[] = ['words', 'code', 'letters', 'folded']

/** The table whose columns may be NULL. */
export const loose = pg.pgTable('loose', { ...tenantColumns(tenantIds), ...columns() }, (t) => [
  pg.primaryKey({ columns: [t.tenantId, t.id] }),
])
/** The table whose columns are NOT NULL. */
export const firm = pg.pgTable('firm', { ...tenantColumns(tenantIds), ...firmColumns }, (t) => [
  pg.primaryKey({ columns: [t.tenantId, t.id] }),
])
/** The table with a key of two texts. */
export const phrases = pg.pgTable(
  'phrases',
  {
    tenantId: tenantColumns(tenantIds).tenantId,
    code: pg.text('code').notNull(),
    locale: pg.varchar('locale', { length: 10 }).notNull(),
    rank: pg.integer('rank'),
  },
  (t) => [pg.primaryKey({ columns: [t.tenantId, t.code, t.locale] })],
)

const tenantId = `tenant_id ${tenantColumnType} not null default tenancy.current_tenant_id()`
const ids = `${tenantId}, id uuid not null default tenancy.uuid_v7(), created_at timestamptz(3) not null default now(),
  updated_at timestamptz(3) not null default now(), primary key (tenant_id, id)`
const looseColumns = Object.values(inSql).map(({ name, type }) => `${name} ${type}`)
const presetColumns = Object.values(inSql).map(
  ({ name, type, preset }) => `${name} ${type} not null default '${preset}'`,
)

export const database = await createDatabase()
export const owner = asOwner(database)
await owner.unsafe(`
  create extension citext;
  create type mood as enum (${moods.map((word) => `'${word}'`).join()});
  create table loose (${ids}, ${looseColumns.join()});
  create table firm (${ids}, ${presetColumns.join()});
  create table phrases (${tenantId}, code text not null, locale varchar(10) not null, rank integer,
    primary key (tenant_id, code, locale));
  select tenancy.protect('public.loose'), tenancy.protect('public.firm'), tenancy.protect('public.phrases')`)

/** What a test writes into a row: the text of PostgreSQL for each column. */
export type Values = { id?: string } & Partial<Record<Column, string | null>>

/** Inserts rows of a tenant and returns their ids. */
export async function addRows(table: 'loose' | 'firm', tenant: string, rows: readonly Values[]): Promise<string[]> {
  const given = [...new Set(rows.flatMap((row) => Object.keys(row)))] as (Column | 'id')[] // as Values has them
  const names = given.map((key) => (key === 'id' ? key : inSql[key].name))
  const types = given.map((key) => (key === 'id' ? 'uuid' : inSql[key].type))
  const added = await owner.unsafe(
    `insert into ${table} (tenant_id${names.map((name) => `, ${name}`).join('')})
      select $1::text::${tenantColumnType}${types.map((type, at) => `, (one ->> ${at})::${type}`).join('')}
      from jsonb_array_elements($2::text::jsonb) with ordinality as rows (one, place) order by place returning id`,
    [tenant, JSON.stringify(rows.map((row) => given.map((key) => row[key] ?? null)))],
  )
  return added.map(({ id }) => String(id))
}

/** A sort in SQL, as `-whole,words` means it, ended by the key in the direction of the last column. */
export function orderOf(sort: string): string {
  const fields = sort
    .split(',')
    .map((field) => ({ key: field.replace(/^-/, '') as Column, isDown: field.startsWith('-') }))
  const direction = (isDown: boolean) => (isDown ? 'desc' : 'asc')
  const columns = fields.map(({ key, isDown }) => {
    const collation = textColumns.includes(key) ? ' collate "C"' : ''
    return `${inSql[key].name}${collation} ${direction(isDown)}`
  })
  return [...columns, `id ${direction(fields.at(-1)?.isDown ?? false)}`].join()
}

/** The ids of a tenant's rows in the order of one query. */
export async function idsInOrder(table: 'loose' | 'firm', tenant: string, sort: string, where = ''): Promise<string[]> {
  const rows = await owner.unsafe(`select id from ${table} where tenant_id = $1 ${where} order by ${orderOf(sort)}`, [
    tenant,
  ])
  return rows.map(({ id }) => String(id))
}
