import { describe, expect, test } from 'bun:test'
import { asOwner, createDatabase } from '../database.ts'
import { newTenant, tenantColumnType } from '../tenants.ts'
import { logOf } from './log.ts'

// Tables of every shape, by the owner, who works without a tenant: an entry takes it from the row.

const sql = asOwner(await createDatabase())
await sql.unsafe('create schema billing; create schema "Odd ""One"')
const keyed = (rest: string, key = 'id') => `(tenant_id ${tenantColumnType}, ${rest}, primary key (tenant_id, ${key}))`
const quoted = (text: string) => `'${text.replaceAll("'", "''")}'`
const record = (table: string) => `select tenancy.audit(${quoted(table)}); select tenancy.trash(${quoted(table)});`

/** Resource, target and changes of the entries of a tenant. */
const seenOf = async (tenant: string) =>
  (await logOf(tenant, sql)).map(({ action, resource, target_id, changes }) => [action, resource, target_id, changes])
const keptOf = async (tenant: string) =>
  [...(await sql`select resource, target_id, "row" from tenancy.trash where tenant_id = ${tenant} order by id`)].map(
    ({ resource, target_id, row }) => [resource, target_id, row],
  )

describe('a table', () => {
  test.each([
    ['outside of public', 'billing.invoices', 'billing.invoices'],
    ['with upper case, blanks and quotes', '"Odd ""One"."It\'s ""A"" Table"', `Odd "One.It's "A" Table`],
    ['with a dot in its name', 'public."billing.invoices"', 'public.billing.invoices'],
    ['with two dots, outside of public', 'billing."a.b.c"', 'billing.a.b.c'],
  ])('%s has its own name, and comes back from the trash', async (_, table, resource) => {
    const tenant = newTenant()
    await sql.unsafe(`create table ${table} ${keyed(`id int, "A ""b"".c" text`)}; ${record(table)}
      insert into ${table} values ('${tenant}', 1, 'x'); delete from ${table} where id = 1`)
    expect(await seenOf(tenant)).toEqual([
      ['created', resource, '1', { id: { from: null, to: '1' }, 'A "b".c': { from: null, to: 'x' } }],
      ['deleted', resource, '1', { id: { from: '1', to: null }, 'A "b".c': { from: 'x', to: null } }],
    ])
    const restored = sql.begin(async (tx) => {
      await tx`select set_config('app.current_tenant', ${tenant}, true)`
      return (await tx`select tenancy.restore(${table}::regclass, '1') as n`)[0]?.n
    })
    expect(await restored).toBe(1)
    expect((await seenOf(tenant)).at(-1)?.slice(0, 3)).toEqual(['restored', resource, '1'])
    expect(await sql.unsafe(`select from ${table} where "A ""b"".c" = 'x'`)).toHaveLength(1)
  })

  test('whose schema has a dot in its name is refused', async () => {
    await sql.unsafe(`create schema "a.b"; create table "a.b".c ${keyed('id int')}`)
    for (const call of ['audit', 'trash'])
      expect(await sql.unsafe(`select tenancy.${call}('"a.b".c')`).then(String, String)).toMatch(/dot in its name/)
  })

  test('without a primary key beside its tenant column is refused', async () => {
    await sql.unsafe(`create table keyless (tenant_id ${tenantColumnType} primary key)`)
    for (const call of ['audit', 'trash'])
      expect(await sql.unsafe(`select tenancy.${call}('keyless')`).then(String, String)).toMatch(/has no primary key/)
  })

  test('with a key of several columns names a row by a JSON array, in the order of the key', async () => {
    const tenant = newTenant()
    await sql.unsafe(`create table prices ${keyed('price numeric, locale text, code int', 'code, locale')}; ${record('prices')}
      insert into prices values ('${tenant}', 1.10, 'de"', 7); delete from prices`)
    expect((await seenOf(tenant)).map(([, , target]) => target)).toEqual(Array(2).fill('["7", "de\\""]'))
    expect(await keptOf(tenant)).toMatchObject([['prices', '["7", "de\\""]', { price: '1.10' }]])
  })

  test('with 60 columns has each of them in the entry', async () => {
    const tenant = newTenant()
    const columns = Array.from({ length: 60 }, (_, n) => `c${n} int`)
    await sql.unsafe(`create table wide ${keyed(`id int, ${columns}`)}; ${record('wide')}
      insert into wide values ('${tenant}', 1, ${columns.map((_, n) => n)}); update wide set c59 = 0`)
    const [created, updated] = await logOf(tenant, sql)
    expect(Object.keys(created?.changes ?? {})).toHaveLength(61)
    expect(updated?.changes).toEqual({ c59: { from: '59', to: '0' } })
  })

  test('that is partitioned is named in entries and in the trash, and not its partitions', async () => {
    const tenant = newTenant()
    await sql.unsafe(`create table measures ${keyed('id int, n int')} partition by range (id);
      create table measures_low partition of measures for values from (0) to (100); ${record('measures')}
      create table measures_high (n int, id int not null, tenant_id ${tenantColumnType} not null);
      alter table measures attach partition measures_high for values from (100) to (200);
      insert into measures values ('${tenant}', 1, 1), ('${tenant}', 100, 1);
      update measures set n = 2; delete from measures; insert into measures_high values (1, 150, '${tenant}')`)
    const rows = await seenOf(tenant)
    expect(rows.map(([action, , target]) => `${action} ${target}`)).toEqual([
      ...['created 1', 'created 100', 'updated 1', 'updated 100', 'deleted 1', 'deleted 100', 'created 150'],
    ])
    expect(new Set(rows.map(([, resource]) => resource))).toEqual(new Set(['measures']))
    expect((await keptOf(tenant)).map(([resource, target]) => [resource, target])).toEqual([
      ['measures', '1'],
      ['measures', '100'],
    ])
  })

  test('that inherits is a table of its own: it is recorded under its own name, if it is audited itself', async () => {
    const tenant = newTenant()
    await sql.unsafe(`create table animals ${keyed('id int')}; ${record('animals')}
      create table cats (name text, primary key (tenant_id, id)) inherits (animals);
      insert into cats values ('${tenant}', 1, 'Tom'); ${record('cats')} update animals set id = 2`)
    expect(await seenOf(tenant)).toEqual([['updated', 'cats', '2', { id: { from: '1', to: '2' } }]])
  })
})

test('a table that is renamed is recorded and restored under its new name', async () => {
  const tenant = newTenant()
  await sql.unsafe(`create table olds ${keyed('id int')}; ${record('olds')} alter table olds rename to news;
    insert into news values ('${tenant}', 1); delete from news`)
  await sql.begin(async (tx) => {
    await tx`select set_config('app.current_tenant', ${tenant}, true)`
    await tx`select tenancy.restore('public.news', '1')`
  })
  expect((await seenOf(tenant)).map(([action, resource]) => `${action} ${resource}`)).toEqual([
    ...['created news', 'deleted news', 'restored news'],
  ])
})

test('a row that moves to another tenant with another key is named by the key that it had there', async () => {
  const [from, to] = [newTenant(), newTenant()]
  await sql.unsafe(`create table pairs (tenant_id ${tenantColumnType}, a int, b int, primary key (tenant_id, a, b)); ${record('pairs')}
    insert into pairs values ('${from}', 1, 2); update pairs set tenant_id = '${to}', a = 7`)
  expect((await seenOf(from)).at(-1)?.slice(0, 3)).toEqual(['deleted', 'pairs', '["1", "2"]'])
  expect((await seenOf(to)).at(-1)?.slice(0, 3)).toEqual(['created', 'pairs', '["7", "2"]'])
})

test('a column that is redacted and ignored makes no entry alone', async () => {
  const tenant = newTenant()
  await sql.unsafe(`create table quiet ${keyed('id int, seen text, n int')};
    select tenancy.audit('quiet', redact => '{seen}', ignore => '{seen}');
    insert into quiet values ('${tenant}', 1, 'a', 1); update quiet set seen = 'b'; update quiet set seen = 'c', n = 2`)
  expect((await logOf(tenant, sql)).slice(1).map(({ changes }) => changes)).toEqual([{ n: { from: '1', to: '2' } }])
})

test('the tenant column cannot be redacted', async () => {
  await sql.unsafe(`create table secretive ${keyed('id int')}`)
  const message = await sql`select tenancy.audit('secretive', redact => '{tenant_id}')`.catch(String)
  expect(message).toContain('secretive names its rows by a redacted column')
})

test('a row that the owner moves to another tenant is deleted in the log of the one, and created in the log of the other', async () => {
  const [from, to] = [newTenant(), newTenant()]
  await sql.unsafe(`create table moves ${keyed('id int, n int, s text')}; ${record('moves')}
    insert into moves values ('${from}', 1, 5, 'kept'); update moves set tenant_id = '${to}', n = 6`)
  expect((await seenOf(from)).at(-1)).toEqual([
    'deleted',
    'moves',
    '1',
    { id: { from: '1', to: null }, n: { from: '5', to: null }, s: { from: 'kept', to: null } },
  ])
  expect(await seenOf(to)).toEqual([
    [
      'created',
      'moves',
      '1',
      { id: { from: null, to: '1' }, n: { from: null, to: '6' }, s: { from: null, to: 'kept' } },
    ],
  ])
  // Nothing links the two: no salt, no hash.
  await sql`select tenancy.append_audit_logs(1000)`
  const salts = await sql`select distinct salt from tenancy.audit_entries where resource = 'moves'`
  expect(salts).toHaveLength(3)
})
