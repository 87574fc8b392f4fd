import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { randomBytes } from 'node:crypto'
import { createIsolationCheck, type Finding } from '../../src/isolation/index.ts'
import { asOwner, createBareDatabase } from '../database.ts'

// Each test has a database with the same policies and another tenant function.
const role = `expression_${randomBytes(4).toString('hex')}`
const administrator = asOwner(await createBareDatabase())
beforeAll(async () => {
  await administrator.unsafe(`create role ${role} login password 'x'`)
})
const databases: ReturnType<typeof asOwner>[] = []
afterAll(async () => {
  for (const owner of databases) await owner.unsafe(`drop owned by ${role} cascade`)
  await administrator.unsafe(`drop role ${role}`)
})

const setting = `nullif(current_setting('crm.org', true), '')`
const condition = 'org_id = (select crm.org())'

/** The findings for a function `crm.org()`, or for another condition of the policies. */
async function inspect(functions: string, policy = condition, more = ''): Promise<Finding[]> {
  const database = await createBareDatabase()
  const owner = asOwner(database)
  databases.push(owner)
  await owner.unsafe(`
    create schema crm; grant usage on schema crm to ${role}; ${functions};
    create table crm.notes (org_id uuid not null, id bigint, note text, primary key (org_id, id));
    alter table crm.notes enable row level security; alter table crm.notes force row level security;
    create policy own on crm.notes using (${policy}) with check (${policy});
    grant select on crm.notes to ${role}; ${more}`)
  const url = Object.assign(new URL(database.ownerUrl), { username: role, password: 'x' }).href
  const isolation = createIsolationCheck({ url, tenantColumn: 'org_id' })
  try {
    return await isolation.inspect()
  } finally {
    await isolation.close()
  }
}

const about = (findings: Finding[]) =>
  findings
    .filter(({ guarantee }) => guarantee === 3 || guarantee === 14)
    .map(({ check, problem }) => `${check}: ${problem}`)

const sql = (body: string, how = 'stable') =>
  `create function crm.org() returns uuid language sql ${how} set search_path = pg_catalog as $$ select ${body} $$`
const ignores = 'tenant-expression: its result does not follow the setting that it reads'
const falls = 'tenant-expression: it returns a tenant when the setting is empty'

describe('the check of the tenant expression', () => {
  test.each([
    ['accepts a function that reads the setting', sql(`${setting}::uuid`), condition, []],
    ['accepts a policy that reads the setting', '', `org_id = (select ${setting}::uuid)`, []],
    [
      'accepts a function that fails without a setting, with a warning',
      sql(`current_setting('crm.org')::uuid`),
      condition,
      ['policy-function-empty: it does not handle the empty setting that a transaction leaves behind'],
    ],
    ['accepts a claim', '', `org_id = (select (${setting}::json ->> 'org')::uuid)`, []],
    [
      'reports a SET clause that pins the tenant',
      `${sql(`${setting}::uuid`)};
      alter function crm.org() set crm.org = 'cccccccc-cccc-4ccc-8ccc-cccccccccccc'`,
      condition,
      [ignores],
    ],
    [
      'reports a fallback to a fixed tenant',
      sql(`coalesce(${setting}, 'cccccccc-cccc-4ccc-8ccc-cccccccccccc')::uuid`),
      condition,
      [falls],
    ],
    [
      'reports a result that a plan keeps',
      `
      create function crm.raw() returns uuid language sql immutable set search_path = pg_catalog
        as $$ select ${setting}::uuid $$;
      create function crm.org() returns uuid language plpgsql stable set search_path = pg_catalog
        as $$ begin return crm.raw(); end $$`,
      condition,
      [ignores],
    ],
    ['reports a constant', '', `org_id = 'cccccccc-cccc-4ccc-8ccc-cccccccccccc'`, [falls]],
    [
      'accepts a function that calls another one to read the setting',
      `create function crm.read(name text) returns text language sql stable set search_path = pg_catalog
        as $$ select nullif(current_setting(name, true), '') $$; ${sql(`crm.read('crm.org')::uuid`)}`,
      condition,
      [],
    ],
    [
      'warns of a function that reads the tenant from a table',
      `create table crm.now (org uuid); grant select on crm.now to ${role};
        create function crm.org() returns uuid language sql stable set search_path = pg_catalog
        as $$ select org from crm.now $$`,
      condition,
      ['not-tried: the setting that it reads cannot be determined'],
    ],
  ])('%s', async (_, functions, policy, expected) => {
    expect(about(await inspect(functions, policy))).toEqual(expected)
  })

  test('reports rows without a tenant when the role may read one column', async () => {
    const more = `revoke select on crm.notes from ${role}; grant select (note) on crm.notes to ${role};
      insert into crm.notes values ('cccccccc-cccc-4ccc-8ccc-cccccccccccc', 1)`
    const found = await inspect(
      sql(`coalesce(${setting}, 'cccccccc-cccc-4ccc-8ccc-cccccccccccc')::uuid`),
      condition,
      more,
    )
    expect(about(found)).toEqual(['rows-without-tenant: it returns rows without a tenant', falls])
  })

  test('returns the other findings when a table cannot be queried', async () => {
    const locked = `create function crm.late() returns boolean language sql volatile as $$ select pg_sleep(5) is null $$;
      create policy late on crm.notes for select using (${condition} and crm.late());
      insert into crm.notes values ('cccccccc-cccc-4ccc-8ccc-cccccccccccc', 1)`
    const late = 'org_id = (select crm.org()) or pg_sleep(5) is null'
    const found = await inspect(sql(`${setting}::uuid`), late, locked)
    expect(about(found)).toContain('not-tried: a query of it fails with 57014')
  })
})
