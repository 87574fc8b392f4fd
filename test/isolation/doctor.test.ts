import { afterAll, describe, expect, test } from 'bun:test'
import { randomBytes } from 'node:crypto'
import { checks, createIsolationCheck, type Finding } from '../../src/isolation/index.ts'
import { asOwner, createBareDatabase, main } from '../database.ts'
import { faultsOf } from './faults/index.ts'
import { shared, thirdPartyDatabase, unreachable } from './third-party-database.ts'

// A database with another schema, tenant column, function, setting and role, and without the SQL of Rowhouse.
const suffix = randomBytes(4).toString('hex')
const left: (() => Promise<unknown>)[] = []

/** A database and a role for one test. */
async function create(name: string) {
  const role = `crm_${name}_${suffix}`
  const fixture = thirdPartyDatabase(role)
  const faults = faultsOf(fixture)
  const database = await createBareDatabase()
  const owner = asOwner(database)
  left.push(() =>
    owner.unsafe(`
      drop owned by ${role} cascade; drop role ${role};
      do $$ begin
        if exists (select from pg_roles where rolname = '${role}_group') then
          drop owned by ${role}_group; drop role ${role}_group;
        end if;
      end $$`),
  )
  await owner.unsafe(fixture.soundRole + fixture.sound)
  const url = Object.assign(new URL(database.ownerUrl), { username: role, password: 'x' }).href
  return {
    role,
    owner,
    faults: Object.values(faults),
    async applyFaults() {
      for (const { sql } of Object.values(faults)) await owner.unsafe(sql)
    },
    async inspect(): Promise<Finding[]> {
      const isolation = createIsolationCheck({ url, tenantColumn: 'org_id', shared, unreachable })
      try {
        // The release of the server is not a fault of the fixture.
        return (await isolation.inspect()).filter(({ check }) => check !== 'server-release')
      } finally {
        await isolation.close()
      }
    },
  }
}

const isStatement = ({ remedy }: Finding) => /;( -- .*)?$/.test(remedy) && !remedy.includes('…')
const lines = (findings: Finding[]) => findings.map(({ check, object, problem }) => `${check} | ${object} | ${problem}`)
const faults = faultsOf(thirdPartyDatabase('anybody'))
const [server] = await asOwner(main)<{ version: number }[]>`
  select current_setting('server_version_num')::int as version`
const version = server?.version ?? 0

afterAll(async () => {
  for (const leave of left) await leave()
})

describe('in a third-party database the doctor', () => {
  test('finds nothing in a sound database', async () => {
    const { inspect } = await create('sound')
    expect(await inspect()).toEqual([])
  })

  test(`finds every one of ${Object.keys(faults).length} faults, and nothing else`, async () => {
    const broken = await create('broken')
    await broken.applyFaults()
    const expected = broken.faults.flatMap(({ finds }) => finds.map((find) => find.join(' | ')))
    // With its attributes, memberships and tables the serving role has too many rights to run functions of the database.
    expected.push(
      `not-tried | ${broken.role} | its policies and their functions were not run: this login may do more than the serving role`,
    )
    expect(lines(await broken.inspect()).sort()).toEqual(expected.sort())
  })

  test('has a fault for every check', () => {
    // Other tests cover these: broken-*.test.ts, demonstrated.test.ts, tenant-expression.test.ts, start-message.test.ts,
    // database/signed-context.test.ts, db/tenant-directory.test.ts, recording.test.ts.
    const elsewhere = [
      'audit-default-partition',
      'audit-entries',
      'audit-trigger',
      'identity-update',
      'no-table',
      'not-tried',
      'recorder-function',
      'recorder-role',
      'recorder-table',
      'rows-of-another-tenant',
      'row-security-active',
      'signed-context',
      'server-release',
      'sql-version',
      'tenant-default',
      'tenant-expression',
      'tenant-function',
      'trash-trigger',
      'unreadable',
    ]
    const shown = Object.values(faults).flatMap(({ finds }) => finds.map(([check]) => check))
    expect([...new Set([...shown, ...elsewhere])].sort()).toEqual(checks.map(({ check }) => check).sort())
  })

  test.skipIf(version < 170_000)('finds MAINTAIN on a server that has it', async () => {
    const { owner, role, inspect } = await create('maintain')
    await owner.unsafe(`grant maintain on crm.sound to ${role}`)
    expect(lines(await inspect())).toContain('table-privileges | crm.sound | the serving role has MAINTAIN')
  })

  test('prints statements that fix its findings', async () => {
    const { owner, inspect, ...repaired } = await create('repaired')
    await repaired.applyFaults()
    const before = await inspect()
    for (const { remedy } of before.filter(isStatement)) await owner.unsafe(remedy)
    const after = lines(await inspect())
    expect(lines(before.filter(isStatement)).filter((line) => after.includes(line))).toEqual([])
  })

  test('prints statements that fix common keys and references in two runs', async () => {
    const { owner, role, inspect } = await create('usual')
    const policies = (name: string) => `
      alter table ${name} enable row level security; alter table ${name} force row level security;
      create policy own on ${name} using (org_id = (select crm.current_org()));
      create policy tenant_restrictive on ${name} as restrictive using (true);
      grant select, insert, update on ${name} to ${role};`
    await owner.unsafe(`
      create table crm.parents (id uuid primary key, org_id uuid not null default crm.current_org());
      create table crm.children (id uuid primary key, org_id uuid not null default crm.current_org(),
        parent_id uuid references crm.parents on delete set null);
      create index on crm.children (parent_id); ${policies('crm.parents')} ${policies('crm.children')}`)
    for (let n = 0; n < 2; n += 1)
      for (const { remedy } of (await inspect()).filter(isStatement)) await owner.unsafe(remedy)
    expect(await inspect()).toEqual([])
  })
})
