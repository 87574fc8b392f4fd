import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { checks, createWallCheck, type Finding } from '../../src/walls/index.ts'
import { asOwner, createBareDatabase, type TestDatabase } from '../database.ts'
import { faults, role, shared, sound, soundRole } from './somebody-elses.ts'

// Somebody else's database: another schema, tenant column, function, setting and role, and none of our SQL.
const database = await createBareDatabase()
const owner = asOwner(database)
const as = (username: string, { ownerUrl }: TestDatabase) =>
  Object.assign(new URL(ownerUrl), { username, password: 'x' }).href

async function inspect(): Promise<Finding[]> {
  const walls = createWallCheck({ url: as(role, database), tenantColumn: 'org_id', shared })
  try {
    // What the release of this server has is no fault of the fixture.
    return (await walls.inspect()).filter(({ check }) => check !== 'server-release')
  } finally {
    await walls.close()
  }
}

const isStatement = ({ remedy }: Finding) => /;( -- .*)?$/.test(remedy) && !remedy.includes('…')
const lines = (findings: Finding[]) => findings.map(({ check, object, problem }) => `${check} | ${object} | ${problem}`)

beforeAll(async () => {
  await owner.unsafe(soundRole + sound)
})
afterAll(async () => {
  await owner.unsafe(`drop owned by ${role} cascade; drop role ${role}; drop role if exists ${role}_group`)
})

describe('in somebody else’s database the doctor', () => {
  test('finds nothing where nothing is wrong', async () => {
    expect(await inspect()).toEqual([])
  })

  test(`finds every one of ${Object.keys(faults).length} faults, and invents none`, async () => {
    for (const { sql } of Object.values(faults)) await owner.unsafe(sql)
    const expected = Object.values(faults).flatMap(({ finds }) => finds.map((find) => find.join(' | ')))
    expect(lines(await inspect()).sort()).toEqual(expected.sort())
  })

  test('was shown something for every check that it has', () => {
    // These need a database of ours, or none at all: test/db/sabotaged-*.test.ts, answers.test.ts and test/db/wall-message.test.ts.
    const elsewhere = [
      'no-table',
      'not-tried',
      'row-security-active',
      'server-release',
      'tenant-answer',
      'tenant-function',
      'unreadable',
    ]
    const shown = Object.values(faults).flatMap(({ finds }) => finds.map(([check]) => check))
    expect([...new Set([...shown, ...elsewhere])].sort()).toEqual(checks.map(({ check }) => check).sort())
  })

  test('says statements that mend what it found', async () => {
    const before = await inspect()
    for (const { remedy } of before.filter(isStatement)) await owner.unsafe(remedy)
    const after = lines(await inspect())
    expect(lines(before.filter(isStatement)).filter((line) => after.includes(line))).toEqual([])
  })

  test('says statements that mend keys and references of the usual kind, one look after the other', async () => {
    const usual = await createBareDatabase()
    const usualOwner = asOwner(usual)
    const policies = (name: string) => `
      alter table ${name} enable row level security; alter table ${name} force row level security;
      create policy own on ${name} using (org_id = (select crm.current_org()));
      create policy tenant_fence on ${name} as restrictive using (true);
      grant select, insert, update on ${name} to ${role};`
    await usualOwner.unsafe(`${sound}
      create table crm.parents (id uuid primary key, org_id uuid not null default crm.current_org());
      create table crm.children (id uuid primary key, org_id uuid not null default crm.current_org(),
        parent_id uuid references crm.parents on delete set null);
      create index on crm.children (parent_id); ${policies('crm.parents')} ${policies('crm.children')}`)
    const look = async () => {
      const walls = createWallCheck({ url: as(role, usual), tenantColumn: 'org_id', shared })
      const found = await walls.inspect().finally(() => walls.close())
      return found.filter(({ object }) => object.startsWith('crm.'))
    }
    for (let n = 0; n < 2; n += 1)
      for (const { remedy } of (await look()).filter(isStatement)) await usualOwner.unsafe(remedy)
    const left = await look()
    await usualOwner.unsafe(`drop owned by ${role} cascade`)
    expect(left).toEqual([])
  })
})
