import { describe, expect, test } from 'bun:test'
import { asOwner, createDatabase } from '../database.ts'
import { newTenant, tenantColumnType } from '../tenants.ts'
import { addUserWithTask, as, logOf, owner } from './log.ts'

test('an entry says who, in which request, which row, and each column that differs', async () => {
  const tenant = newTenant()
  const { user, task } = await addUserWithTask(tenant)
  await as({ tenant, actor: 'grace', request: 'r-1' }, `update tasks set status = 'done', description = 'x'`)
  await as({ tenant, actor: 'grace', request: 'r-2' }, `delete from tasks`)
  const [, created, updated, deleted] = await logOf(tenant)
  const row = { resource: 'tasks', target_id: task, source: 'request', reason: null, position: null }
  expect(created).toMatchObject({ ...row, action: 'created', actor: 'ada', request_id: 'r-0' })
  expect(created?.changes).toMatchObject({ title: { from: null, to: 'mine' }, user_id: { from: null, to: user } })
  expect(created?.changes).not.toHaveProperty('description')
  expect(created?.changes).not.toHaveProperty('tenant_id')
  expect(updated).toMatchObject({ ...row, action: 'updated', actor: 'grace', request_id: 'r-1' })
  expect(updated?.changes).toEqual({ status: { from: 'todo', to: 'done' }, description: { from: null, to: 'x' } })
  expect(deleted).toMatchObject({ ...row, action: 'deleted', actor: 'grace', request_id: 'r-2' })
  expect(deleted?.changes).toMatchObject({ title: { from: 'mine', to: null }, status: { from: 'done', to: null } })
})

test('work of the service without a request has the source "trigger"', async () => {
  const tenant = newTenant()
  await addUserWithTask(tenant, undefined, { tenant, actor: 'a job' })
  expect((await logOf(tenant)).map(({ source, actor }) => [source, actor])).toEqual(Array(2).fill(['trigger', 'a job']))
})

test('one statement over 1,000 rows makes 1,000 entries, each with the actor and the id of the request', async () => {
  const tenant = newTenant()
  const { user } = await addUserWithTask(tenant)
  const insert = `insert into tasks (title, user_id) select 'task ' || n, '${user}' from generate_series(1, 1000) as n`
  await as({ tenant, actor: 'ada', request: 'r-1' }, insert)
  await as({ tenant, actor: 'grace', request: 'r-2' }, `update tasks set status = 'done' where title <> 'mine'`)
  const rows = await owner`
    select action, actor, request_id, count(distinct target_id)::int as rows, count(*)::int as entries
    from tenancy.audit_trail where tenant_id = ${tenant} and request_id <> 'r-0' group by 1, 2, 3 order by 1`
  expect([...rows]).toEqual([
    { action: 'created', actor: 'ada', request_id: 'r-1', rows: 1000, entries: 1000 },
    { action: 'updated', actor: 'grace', request_id: 'r-2', rows: 1000, entries: 1000 },
  ])
})

describe('no entry is made', () => {
  test.each([
    ['by an update to the same values', 'update tasks set title = title, status = status'],
    ['by an update of ignored columns alone', 'update tasks set updated_at = now()'],
    [
      'by an update that a later one takes back in another form of the same value',
      `update tasks set title = title || ''`,
    ],
    ['by an update of no row', `update tasks set title = 'x' where false`],
    ['by a read', 'select * from tasks'],
  ])('%s', async (_, text) => {
    const tenant = newTenant()
    await addUserWithTask(tenant)
    const before = await logOf(tenant)
    await as({ tenant }, text)
    expect(await logOf(tenant)).toEqual(before)
  })

  test('by work that is rolled back, with or without a savepoint', async () => {
    const tenant = newTenant()
    await addUserWithTask(tenant)
    const before = await logOf(tenant)
    await as({ tenant }, `savepoint s; update tasks set title = 'x'; delete from tasks; rollback to s; select 1`)
    await as({ tenant }, `update tasks set title = 'x'; rollback; begin`)
    expect(await logOf(tenant)).toEqual(before)
  })
})

describe('a column that is redacted', async () => {
  const sql = asOwner(await createDatabase())
  await sql.unsafe(`
    create type pair as (a int, b text);
    create table secrets (tenant_id ${tenantColumnType}, id int, a text, c pair, j json, jb jsonb, l text[], n int, primary key (tenant_id, id));
    select tenancy.audit('public.secrets', redact => '{a,c,j,jb,l}')`)

  test('is in no entry, on neither side of a change, whatever its type', async () => {
    const tenant = newTenant()
    const row = (word: string) =>
      `'${word}', row(1, '${word}')::pair, '{"k":"${word}"}', '{"k":"${word}"}', array['${word}']`
    await sql.unsafe(`insert into secrets values ('${tenant}', 1, ${row('before')}, 1);
      update secrets set (a, c, j, jb, l) = (${row('after')}); update secrets set a = null, n = 2; delete from secrets`)
    const entries = await logOf(tenant, sql)
    const hidden = { from: '[redacted]', to: '[redacted]' }
    expect(entries[1]?.changes).toEqual({ a: hidden, c: hidden, j: hidden, jb: hidden, l: hidden })
    expect(entries[2]?.changes).toEqual({ a: { from: '[redacted]', to: null }, n: { from: '1', to: '2' } })
    expect(entries[3]?.changes).toMatchObject({ c: { from: '[redacted]', to: null }, n: { from: '2', to: null } })
    const [dump] = await sql`select string_agg(e::text, '') as text from tenancy.audit_trail e`
    expect(dump?.text).not.toMatch(/before|after/)
  })

  test('and does not change makes no entry', async () => {
    const tenant = newTenant()
    await sql.unsafe(`insert into secrets (tenant_id, id, a) values ('${tenant}', 1, 'x'); update secrets set a = 'x'`)
    expect(await logOf(tenant, sql)).toHaveLength(1)
  })

  test.each([
    ['that does not exist', '{nothing}', /has no column nothing/],
    ['of the primary key', '{id}', /names its rows by a redacted column/],
    ['that a generated column reads', '{email}', /address is computed from a redacted column/],
  ])('%s is refused', async (_, redact, message) => {
    await sql.unsafe(`create table if not exists derived (tenant_id ${tenantColumnType}, id int, email text,
      address text generated always as (lower(email)) stored, primary key (tenant_id, id))`)
    const audit = sql`select tenancy.audit('public.derived', redact => ${redact})`
    expect(await audit.then(String, String)).toMatch(message)
    expect(await sql`select from pg_trigger where tgrelid = 'derived'::regclass`).toHaveLength(0)
  })
})

test('the address of a user is in no entry of its service, after updates and a delete', async () => {
  const tenant = newTenant()
  const mark = crypto.randomUUID()
  const insert = `insert into users (email, name) values ('${mark}@a.example', 'Ada')`
  await as({ tenant }, `${insert}; update users set email = '${mark}@b.example'; delete from users`)
  const [dump] =
    await owner`select string_agg(e::text, '') as text from tenancy.audit_trail e where tenant_id = ${tenant}`
  expect(dump?.text).toContain('[redacted]')
  expect(dump?.text).not.toContain(mark)
})
