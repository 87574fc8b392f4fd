import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { checks, createWallCheck, type Finding } from '../../src/walls/index.ts'
import { asOwner, createBareDatabase } from '../database.ts'
import { faults, role, shared, sound } from './somebody-elses.ts'

// Somebody else's database: another schema, tenant column, function, setting and role, and none of our SQL.
const database = await createBareDatabase()
const owner = asOwner(database)
const url = Object.assign(new URL(database.ownerUrl), { username: role, password: 'x' }).href

async function inspect(): Promise<Finding[]> {
  const walls = createWallCheck({ url, tenantColumn: 'org_id', shared })
  try {
    // What the release of this server has is no fault of the fixture.
    return (await walls.inspect()).filter(({ check }) => check !== 'server-release')
  } finally {
    await walls.close()
  }
}

const lines = (findings: Finding[]) => findings.map(({ check, object, problem }) => `${check} | ${object} | ${problem}`)

beforeAll(async () => {
  await owner.unsafe(sound)
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
    // These need a database of ours, or none at all: test/db/sabotaged-*.test.ts and test/db/wall-message.test.ts.
    const elsewhere = ['no-table', 'row-security-active', 'server-release', 'tenant-function', 'unreadable']
    const shown = Object.values(faults).flatMap(({ finds }) => finds.map(([check]) => check))
    expect([...new Set([...shown, ...elsewhere])].sort()).toEqual(checks.map(({ check }) => check).sort())
  })

  test('says statements that mend what it found', async () => {
    const isStatement = ({ remedy }: Finding) => /;( -- .*)?$/.test(remedy) && !remedy.includes('…')
    const before = await inspect()
    for (const { remedy } of before.filter(isStatement)) await owner.unsafe(remedy)
    const after = lines(await inspect())
    expect(lines(before.filter(isStatement)).filter((line) => after.includes(line))).toEqual([])
  })
})
