import { describe, expect, test } from 'bun:test'
import { asOwner, createBareDatabase } from '../database.ts'
import { everyValue } from './values.ts'

// What PostgreSQL does, on which the audit trail and the trash are built.
const sql = asOwner(await createBareDatabase())

await sql.unsafe(`
  create table parents (id int primary key);
  create table children (id int primary key, parent int references parents on delete cascade);
  create table grandchildren (id int primary key, child int references children on delete cascade);
  create table notes (id int primary key, parent int references parents on delete set null);
  create table before_update (id int, depth int);
  create table seen (relation text, op text, id int, batch text, depth int);
  create function begin_batch() returns trigger language plpgsql as $$ begin
    if pg_trigger_depth() = 1 then perform set_config('facts.batch', gen_random_uuid()::text, true); end if;
    return null; end $$;
  create function see() returns trigger language plpgsql as $$ begin
    insert into seen values (tg_table_name, tg_op, (coalesce(to_jsonb(old), to_jsonb(new)) ->> 'id')::int,
      current_setting('facts.batch', true), pg_trigger_depth());
    return null; end $$;
`)
await sql.unsafe(`
  create function note_depth() returns trigger language plpgsql as $$ begin
    insert into before_update values (new.id, pg_trigger_depth()); return new; end $$;
  create trigger note_depth before update on notes for each row execute function note_depth()`)
for (const table of ['parents', 'children', 'grandchildren', 'notes'])
  await sql.unsafe(`
    create trigger begin_batch before delete on ${table} for each statement execute function begin_batch();
    create trigger see after delete or update on ${table} for each row execute function see();`)

async function seenAfter(work: string) {
  await sql.unsafe(`
    truncate parents, children, grandchildren, notes, seen, before_update;
    insert into parents values (1), (2); insert into children values (10, 1), (11, 1); insert into grandchildren values (100, 10);
    insert into notes values (1000, 1)`)
  await sql.begin((tx) => tx.unsafe(work))
  return await sql`select * from seen order by relation, id`
}

describe('a local setting that a statement trigger makes at depth 1', () => {
  test('reaches the triggers of rows that fall by a cascade, at every level, and of those set to null', async () => {
    const seen = await seenAfter('delete from parents where id = 1')
    expect(seen.map(({ relation, op, id, depth }) => [relation, op, id, depth])).toEqual([
      ['children', 'DELETE', 10, 1],
      ['children', 'DELETE', 11, 1],
      ['grandchildren', 'DELETE', 100, 1],
      ['notes', 'UPDATE', 1000, 1],
      ['parents', 'DELETE', 1, 1],
    ])
    expect(new Set(seen.map(({ batch }) => batch)).size).toBe(1)
  })

  test('differs between two statements of one transaction, also in one millisecond', async () => {
    const seen = await seenAfter('delete from children where id = 11; delete from parents where id = 1')
    const batchOf = (wanted: number) => seen.find(({ id }) => id === wanted)?.batch
    expect(batchOf(11)).not.toBe(batchOf(1))
    expect(batchOf(10)).toBe(batchOf(1))
  })

  // The statements of referential actions leave their AFTER triggers to the statement that caused them.
  test('is read at depth 2 before a row is set to null, and at depth 1 when an UPDATE of its own sets it', async () => {
    await seenAfter('delete from parents where id = 1')
    expect([...(await sql`select id, depth from before_update`)]).toEqual([{ id: 1000, depth: 2 }])
    await seenAfter('update notes set parent = null')
    expect([...(await sql`select id, depth from before_update`)]).toEqual([{ id: 1000, depth: 1 }])
  })
})

await sql.unsafe(`create type mood as enum ('sad', 'ok'); create type pair as (a int, b text)`)

/** Whether a value of a type is the same after a way through other values. */
async function survives(type: string, value: string, way: string): Promise<boolean> {
  await sql.unsafe(`drop table if exists kept; create table kept (v ${type}); insert into kept values (${value})`)
  const [row] = await sql.unsafe(
    `select r.v::text is not distinct from kept.v::text as it from kept, lateral (${way}) as r`,
  )
  return row?.it
}
const asJsonb = 'select (jsonb_populate_record(null::kept, to_jsonb(kept))).v'
const asTextOf = (type: string) => `select (kept.v::text)::${type} as v`

test.each(everyValue)('a value of type %s survives as text: %s', async (type, value) => {
  expect(await survives(type, value, asTextOf(type))).toBe(true)
})

test('as jsonb, a null in JSON, the text of JSON, minus zero and the bounds of an array do not survive', async () => {
  const lost = []
  for (const [type, value] of everyValue) if (!(await survives(type, value, asJsonb))) lost.push(`${type} ${value}`)
  expect(lost).toEqual([
    "double precision '-0'",
    `json '{"b": 1, "a": 2, "a": 3}'`,
    "json 'null'",
    "jsonb 'null'",
    "int[] '[2:4]={1,null,3}'",
    "jsonb[] array['null'::jsonb, null]",
  ])
})
