import { afterAll, describe, expect, test } from 'bun:test'
import { createIsolationCheck } from '../../src/isolation/index.ts'
import { dropPlainRoles, plainDatabase, plainTable, tenantIs } from './plain-database.ts'

afterAll(dropPlainRoles)

const row = (table: string) => `insert into ${table} (org_id) values (gen_random_uuid());`
const demonstrations = /^(rows-without-tenant|rows-of-another-tenant|tenant-expression)$/

describe('the report demonstrates', () => {
  test('a policy that shows rows of others to a tenant', async () => {
    const { owner, role, report } = await plainDatabase()
    await owner.unsafe(`
      ${plainTable('notes', 'is_public boolean default true', role, `${tenantIs} or is_public and current_setting('app.org')::uuid is not null`)}
      ${row('notes')}`)
    const { findings } = await report()
    expect(findings[0]).toMatchObject({
      level: 'error',
      check: 'rows-of-another-tenant',
      object: 'public.notes',
      problem: 'it returns rows of other tenants',
    })
  })

  test('a view with its owner’s rights', async () => {
    const { owner, role, report } = await plainDatabase()
    await owner.unsafe(
      `${row('customers')} create view everybody as select org_id, name from customers; grant select on everybody to ${role}`,
    )
    const { findings } = await report()
    expect(findings[0]).toMatchObject({ check: 'rows-without-tenant', object: 'public.everybody' })
  })

  test('no leak in a shared view, nor by rows that belong to no tenant', async () => {
    const { owner, role, report } = await plainDatabase()
    await owner.unsafe(`
      ${row('customers')} create view everybody as select org_id, name from customers; grant select on everybody to ${role};
      ${plainTable('templates', 'text text', role, `${tenantIs} or org_id is null and current_setting('app.org') <> ''`)}
      alter table templates alter column org_id drop not null; insert into templates default values;`)
    const { findings } = await report(['public.everybody'])
    expect(findings.filter(({ check }) => demonstrations.test(check))).toEqual([])
  })

  test('demonstrated leaks before every other error', async () => {
    const { owner, role, report } = await plainDatabase()
    await owner.unsafe(`
      create table plans (id int primary key); grant delete on plans to ${role};
      alter table customers add plan int references plans on delete cascade;
      ${plainTable('open', 'note text', role, 'true')} ${row('open')}`)
    const { findings } = await report()
    const errors = findings.filter(({ level }) => level === 'error')
    expect(errors.map(({ check }) => check)).toEqual([
      'rows-without-tenant',
      'foreign-key-cascade',
      'policy-text',
      'reachable-without-tenant',
    ])
  })
})

test('the check of a start queries no view', async () => {
  const { owner, role, url } = await plainDatabase()
  await owner.unsafe(
    `${row('customers')} create view everybody as select org_id, name from customers; grant select on everybody to ${role}`,
  )
  const isolation = createIsolationCheck({ url, tenantColumn: 'org_id' })
  const findings = await isolation.inspect().finally(() => isolation.close())
  expect(findings.filter(({ object }) => object === 'public.everybody').map(({ check }) => check)).toEqual(['view'])
})

describe('the isolation matrix', () => {
  /** The states of one table: SELECT, INSERT, UPDATE, DELETE. */
  async function statesOf(database: Awaited<ReturnType<typeof plainDatabase>>, name: string) {
    const table = (await database.report()).tables.find(({ table }) => table === name)
    return [table?.select, table?.insert, table?.update, table?.delete].map((access) => access?.state)
  }

  test('says what was tried, and what privileges and policies protect', async () => {
    expect(await statesOf(await plainDatabase(), 'public.customers')).toEqual([
      'tried',
      'protected',
      'protected',
      'protected',
    ])
  })

  test('says what leaks', async () => {
    const database = await plainDatabase()
    await database.owner.unsafe(`
      ${plainTable('open', 'note text', database.role)} ${row('open')}
      create policy reading on open for select using (true); create policy writing on open for insert with check (true);`)
    expect(await statesOf(database, 'public.open')).toEqual(['leaks', 'leaks', 'protected', 'protected'])
  })

  test('says what leaks without row-level security, as far as there are privileges', async () => {
    const database = await plainDatabase()
    await database.owner.unsafe(`create table audit (org_id uuid); grant insert, delete on audit to ${database.role}`)
    expect(await statesOf(database, 'public.audit')).toEqual(['protected', 'leaks', 'protected', 'leaks'])
  })

  test('has the views of tenant tables: by the rights that they run with', async () => {
    const database = await plainDatabase()
    const { owner, role } = database
    await owner.unsafe(`
      ${row('customers')}
      create view own_rows with (security_invoker = true) as select * from customers;
      create view names with (security_invoker = true) as select name from own_rows;
      create view everybody as select * from customers;
      create view everybodys_names as select name from customers;
      create materialized view counted as select org_id, count(*) from customers group by org_id;
      create view today as select current_date as day;
      create view locked as select * from customers;
      grant select, insert on own_rows, everybody to ${role};
      grant select on names, everybodys_names, counted, today to ${role};`)
    expect(await statesOf(database, 'public.own_rows')).toEqual(['tried', 'protected', 'protected', 'protected'])
    expect(await statesOf(database, 'public.names')).toEqual(['protected', 'protected', 'protected', 'protected'])
    expect(await statesOf(database, 'public.everybody')).toEqual(['leaks', 'not proved', 'protected', 'protected'])
    expect(await statesOf(database, 'public.everybodys_names')).toEqual([
      'not proved',
      'protected',
      'protected',
      'protected',
    ])
    expect(await statesOf(database, 'public.counted')).toEqual(['leaks', 'protected', 'protected', 'protected'])
    const tables = (await database.report(['public.counted'])).tables.map(({ table }) => table)
    expect(tables.filter((table) => /today|locked|counted/.test(table))).toEqual([])
  })

  test('takes no query of an empty view with its owner’s rights for a proof', async () => {
    const database = await plainDatabase()
    await database.owner.unsafe(
      `create view everybody as select * from customers; grant select on everybody to ${database.role}`,
    )
    expect((await statesOf(database, 'public.everybody'))[0]).toBe('not proved')
  })

  test('says what it cannot judge', async () => {
    const database = await plainDatabase()
    await database.owner.unsafe(
      plainTable('notes', 'text text', database.role, 'org_id in (select org_id from customers)'),
    )
    expect(await statesOf(database, 'public.notes')).toEqual(['not proved', 'not proved', 'not proved', 'not proved'])
  })

  test('trusts a sound restrictive policy over permissive ones', async () => {
    const database = await plainDatabase()
    await database.owner.unsafe(`
      ${plainTable('open', 'note text', database.role, 'true')} create policy all_restrictive on open as restrictive using (${tenantIs});
      ${plainTable('half', 'note text', database.role, 'true')}
      create policy half_restrictive on half as restrictive using (true) with check (${tenantIs});
      ${plainTable('writes', 'note text', database.role, 'true')}
      create policy writes_restrictive on writes as restrictive with check (${tenantIs});`)
    expect(await statesOf(database, 'public.open')).toEqual(['tried', 'protected', 'protected', 'protected'])
    expect(await statesOf(database, 'public.writes')).toEqual(['leaks', 'protected', 'leaks', 'leaks'])
    expect(await statesOf(database, 'public.half')).toEqual(['leaks', 'protected', 'leaks', 'leaks'])
  })
})
