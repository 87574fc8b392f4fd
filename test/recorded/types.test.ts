import { expect, test } from 'bun:test'
import { asOwner, createDatabase } from '../database.ts'
import { newTenant, tenantColumnType } from '../tenants.ts'
import { logOf } from './log.ts'
import { everyValue } from './values.ts'

// The text of a value in an entry and in the trash, cast back, is the value.

const sql = asOwner(await createDatabase())
await sql.unsafe(`create type mood as enum ('sad', 'ok'); create type pair as (a int, b text); create domain pairs as pair;
  create domain counts as int[]; create domain share as float8 check (value < 2)`)

const more: [string, string][] = [
  ['pairs', `row(1, 'a,"b')::pair`],
  ['counts', "'[2:4]={1,null,3}'"],
  ['share', "'-0'"],
  ['tstzrange', "'[2026-02-01 10:00+00, infinity)'"],
  ['point', "'(0.1, -0)'"],
  ['bit varying', "B'0101'"],
  ['inet', "'10.0.0.1/8'"],
  ['tsvector', `'''a b'':1A c:2'`],
  ['uuid', `'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'`],
  ['boolean', 'true'],
  ['date', "'infinity'"],
  ['timetz', "'04:05:06-08:30'"],
  ['real', "'1e-30'"],
  ['jsonb', `'{"a": 1.10, "b": [null]}'`],
]

test.each([...everyValue, ...more])('a value of type %s comes back: %s', async (type, value) => {
  const tenant = newTenant()
  const table = `t_${crypto.randomUUID().replaceAll('-', '')}`
  await sql.unsafe(`create table ${table} (tenant_id ${tenantColumnType}, id int, v ${type}, primary key (tenant_id, id));
    select tenancy.audit('${table}'); select tenancy.trash('${table}');
    create table copy_${table} as select * from ${table}; insert into ${table} values ('${tenant}', 1, ${value}), ('${tenant}', 2, null);
    insert into copy_${table} table ${table}; delete from ${table}`)
  const [created, none] = await logOf(tenant, sql)
  const [row] = await sql.unsafe(
    `select v::text as before, ($1::text::${type})::text as after from copy_${table} where id = 1`,
    [created?.changes?.v?.to ?? null],
  )
  expect(row?.after).toBe(row?.before)
  expect(row?.before).toBeString()
  expect(none?.changes).toEqual({ id: { from: null, to: '2' } })
  await sql.begin(async (tx) => {
    await tx`select set_config('app.current_tenant', ${tenant}, true)`
    await tx`select tenancy.restore(${table}::regclass, '1'), tenancy.restore(${table}::regclass, '2')`
  })
  const [same] = await sql.unsafe(`select count(*)::int as n from ${table} join copy_${table} as c using (tenant_id, id)
    where ${table}.v::text is not distinct from c.v::text`)
  expect(same?.n).toBe(2)
})
