import { afterAll, describe, expect, test } from 'bun:test'
import { dropPlainRoles, isError, plainDatabase, plainTable } from './plain-database.ts'

afterAll(dropPlainRoles)

describe('in a database that Rowhouse did not set up', () => {
  test('sound policies have no error', async () => {
    const { find } = await plainDatabase()
    expect(await find(isError)).toEqual([])
  })

  test('UPDATE of the tenant column under a sound WITH CHECK is a warning', async () => {
    const { find } = await plainDatabase()
    expect(await find(({ check }) => check === 'tenant-update')).toEqual([
      'warning tenant-update public.customers',
      'warning tenant-update public.invoices',
    ])
  })

  test('no habit of Rowhouse is reported: a default of the tenant, ids that no update changes', async () => {
    const { find } = await plainDatabase()
    expect(await find(({ check }) => check === 'tenant-default' || check === 'identity-update')).toEqual([])
  })

  test('a policy that reads another table is a warning, because the doctor cannot judge it', async () => {
    const { owner, role, find } = await plainDatabase()
    await owner.unsafe(`
      ${plainTable('members', 'user_id uuid', role)}
      ${plainTable('notes', 'text text', role, "org_id in (select org_id from members where user_id = current_setting('app.user')::uuid)")}`)
    expect(
      await find(({ object }) => object === 'public.notes').then((all) => all.filter((one) => /policy/.test(one))),
    ).toEqual(['warning restrictive-policy-missing public.notes', 'warning policy-text public.notes'])
  })

  test('a policy for all rows is an error', async () => {
    const { owner, role, find } = await plainDatabase()
    await owner.unsafe(plainTable('open', 'note text', role, 'true'))
    expect(await find(isError)).toEqual(['error policy-text public.open'])
  })

  test('a table that the serving role cannot reach is at most a warning', async () => {
    const { owner, find } = await plainDatabase()
    await owner.unsafe('create table audit (org_id uuid, what text)')
    expect(await find(({ check }) => check === 'row-security-enabled')).toEqual([
      'warning row-security-enabled public.audit',
    ])
  })

  test('a table that it can reach without row-level security is an error', async () => {
    const { owner, role, find } = await plainDatabase()
    await owner.unsafe(`create table audit (org_id uuid, what text); grant select on audit to ${role}`)
    expect(await find(isError)).toEqual(['error row-security-enabled public.audit'])
  })

  test('a table without a tenant column is a warning when it has policies of its own', async () => {
    const { owner, role, find } = await plainDatabase()
    await owner.unsafe(`
      create table lines (invoice_id uuid, price int); grant select on lines to ${role}; alter table lines enable row level security;
      create policy own on lines using (exists (select from invoices where id = invoice_id));
      create table prices (price int); grant select on prices to ${role};`)
    expect(await find(({ check }) => check === 'reachable-without-tenant')).toEqual([
      'error reachable-without-tenant public.prices',
      'warning reachable-without-tenant public.lines',
    ])
  })

  test('a view with its owner’s rights is an error when it reads a tenant table, itself or through another view', async () => {
    const { owner, role, find } = await plainDatabase()
    await owner.unsafe(`
      create view names as select name from customers; create view first_names as select left(name, 1) as letter from names;
      create view today as select current_date as day; grant select on names, first_names, today to ${role}`)
    expect(await find(({ check }) => check === 'view')).toEqual([
      'error view public.first_names',
      'error view public.names',
      'warning view public.today',
    ])
  })

  test('TRUNCATE is an error, TRIGGER and REFERENCES are warnings', async () => {
    const { owner, role, find } = await plainDatabase()
    await owner.unsafe(`grant truncate, trigger, references on customers to ${role}`)
    expect(await find(({ check }) => /^(table-privileges|references-privilege)$/.test(check))).toEqual([
      'error table-privileges public.customers',
      'warning table-privileges public.customers',
      'warning references-privilege public.customers',
    ])
  })

  test('CREATEDB is a warning, CREATEROLE is an error', async () => {
    const { owner, role, find } = await plainDatabase()
    await owner.unsafe(`alter role ${role} createdb createrole`)
    expect(await find(({ check }) => check === 'role-attributes')).toEqual([
      `error role-attributes ${role}`,
      `warning role-attributes ${role}`,
    ])
  })

  test('a membership in pg_monitor is a warning, one in pg_read_server_files an error', async () => {
    const { owner, role, find } = await plainDatabase()
    await owner.unsafe(`grant pg_monitor, pg_read_server_files to ${role}`)
    const found = await find(({ check }) => check === 'role-membership')
    expect(found[0]).toBe(`error role-membership ${role}`)
    expect(found).toContain(`warning role-membership ${role}`)
  })
})

test('a database whose policies read the setting of the kit keeps the levels of Rowhouse', async () => {
  const { owner, role, find } = await plainDatabase()
  await owner.unsafe(`
    alter policy org on customers using (org_id = current_setting('app.current_tenant')::uuid);
    alter policy org on invoices using (org_id = current_setting('app.current_tenant')::uuid);
    revoke update on customers from ${role}`)
  expect(await find(({ check }) => check === 'tenant-update')).toEqual(['error tenant-update public.invoices'])
})
