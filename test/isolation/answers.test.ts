import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { randomBytes } from 'node:crypto'
import { createIsolationCheck, type Finding } from '../../src/isolation/index.ts'
import { asOwner, createBareDatabase } from '../database.ts'

// What policies ask for the tenant, in a database each: the same policies, with another function behind them.
const role = `answers_${randomBytes(4).toString('hex')}`
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

/** What the doctor says of a function `crm.org()`, or of whatever the policies ask instead. */
async function inspect(functions: string, asked = condition, more = ''): Promise<Finding[]> {
  const database = await createBareDatabase()
  const owner = asOwner(database)
  databases.push(owner)
  await owner.unsafe(`
    create schema crm; grant usage on schema crm to ${role}; ${functions};
    create table crm.notes (org_id uuid not null, id bigint, note text, primary key (org_id, id));
    alter table crm.notes enable row level security; alter table crm.notes force row level security;
    create policy own on crm.notes using (${asked}) with check (${asked});
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
const follows = 'tenant-answer: it does not follow the setting that it reads'
const gives = 'tenant-answer: it gives a tenant where none is set'

describe('of what policies ask for the tenant the doctor says', () => {
  test.each([
    ['nothing, when it reads the setting', sql(`${setting}::uuid`), condition, []],
    ['nothing, when the policy itself does', '', `org_id = (select ${setting}::uuid)`, []],
    [
      'nothing, when it fails without a setting',
      sql(`current_setting('crm.org')::uuid`),
      condition,
      ['policy-function-empty: it does not handle the empty setting that a transaction leaves behind'],
    ],
    ['nothing, when the tenant is in a claim', '', `org_id = (select (${setting}::json ->> 'org')::uuid)`, []],
    [
      'that its own SET clause pins it',
      `${sql(`${setting}::uuid`)};
      alter function crm.org() set crm.org = 'cccccccc-cccc-4ccc-8ccc-cccccccccccc'`,
      condition,
      [follows],
    ],
    [
      'that it falls back to somebody',
      sql(`coalesce(${setting}, 'cccccccc-cccc-4ccc-8ccc-cccccccccccc')::uuid`),
      condition,
      [gives],
    ],
    [
      'that a plan keeps its first answer',
      `
      create function crm.raw() returns uuid language sql immutable set search_path = pg_catalog
        as $$ select ${setting}::uuid $$;
      create function crm.org() returns uuid language plpgsql stable set search_path = pg_catalog
        as $$ begin return crm.raw(); end $$`,
      condition,
      [follows],
    ],
    ['that it is one and the same tenant', '', `org_id = 'cccccccc-cccc-4ccc-8ccc-cccccccccccc'`, [gives]],
    [
      'nothing, when another function reads it',
      `create function crm.read(name text) returns text language sql stable set search_path = pg_catalog
        as $$ select nullif(current_setting(name, true), '') $$; ${sql(`crm.read('crm.org')::uuid`)}`,
      condition,
      [],
    ],
    [
      'that nobody can see what it reads',
      `create table crm.now (org uuid); grant select on crm.now to ${role};
        create function crm.org() returns uuid language sql stable set search_path = pg_catalog
        as $$ select org from crm.now $$`,
      condition,
      ['not-tried: it does not show which setting it reads'],
    ],
  ])('%s', async (_, functions, asked, expected) => {
    expect(about(await inspect(functions, asked))).toEqual(expected)
  })

  test('that a table shows rows without a tenant, though the role may read one column alone', async () => {
    const more = `revoke select on crm.notes from ${role}; grant select (note) on crm.notes to ${role};
      insert into crm.notes values ('cccccccc-cccc-4ccc-8ccc-cccccccccccc', 1)`
    const found = await inspect(
      sql(`coalesce(${setting}, 'cccccccc-cccc-4ccc-8ccc-cccccccccccc')::uuid`),
      condition,
      more,
    )
    expect(about(found)).toEqual(['rows-without-tenant: it shows rows without a tenant', gives])
  })

  test('what it found, though a table cannot be looked at', async () => {
    const locked = `create function crm.late() returns boolean language sql volatile as $$ select pg_sleep(5) is null $$;
      create policy late on crm.notes for select using (${condition} and crm.late());
      insert into crm.notes values ('cccccccc-cccc-4ccc-8ccc-cccccccccccc', 1)`
    const late = 'org_id = (select crm.org()) or pg_sleep(5) is null'
    const found = await inspect(sql(`${setting}::uuid`), late, locked)
    expect(about(found)).toContain('not-tried: a look at it fails with 57014')
  })
})
