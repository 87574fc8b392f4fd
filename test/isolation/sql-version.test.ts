import { afterAll, describe, expect, test } from 'bun:test'
import { createIsolationCheck, type Finding, sqlVersion } from '../../src/isolation/index.ts'
import { asOwner, createDatabase } from '../database.ts'
import { connectAsAppUser, sqlstateOf } from '../db/app-user.ts'

const database = await createDatabase()
const owner = asOwner(database)
const isolation = createIsolationCheck({ url: database.appUrl, shared: [] })
afterAll(() => isolation.close())

/** The findings with a comment of the schema. */
async function inspectWith(comment: string | null): Promise<Finding[]> {
  await owner`select set_config('test.comment', ${comment ?? ''}, false)`
  await owner.unsafe(`do $$ begin
    execute format('comment on schema tenancy is %L', nullif(current_setting('test.comment'), '')); end $$`)
  return (await isolation.inspect()).filter(({ check }) => check === 'sql-version')
}
const problem = (version: number) =>
  `its SQL has version ${version}, and this release of Rowhouse brings version ${sqlVersion}`

describe('the check sql-version', () => {
  test('finds nothing in a database of this version', async () => {
    expect(await inspectWith(`rowhouse sql ${sqlVersion}`)).toEqual([])
  })

  test.each([
    [
      'an earlier one',
      `rowhouse sql ${sqlVersion - 1}`,
      problem(sqlVersion - 1),
      'Run "rowhouse upgrade", then "rowhouse migrate" as the owner of the database.',
    ],
    [
      'a later one',
      'rowhouse sql 999999999',
      problem(999_999_999),
      'Deploy the release of Rowhouse that migrated the database, or a later one: it brings version 999999999.',
    ],
  ])('warns of %s, with the remedy', async (_, comment, problem, remedy) => {
    expect(await inspectWith(comment)).toMatchObject([{ level: 'warning', object: 'tenancy', problem, remedy }])
  })

  test.each([null, 'rowhouse sql 9999999999', '\u001b[2Jrowhouse sql 2', 'rowhouse sql 2\nx'])(
    'takes the comment %j for that of the first version, and prints nothing of it',
    async (comment) => {
      expect((await inspectWith(comment)).map(({ problem }) => problem)).toEqual([problem(1)])
    },
  )
})

test('no version hides a fault of the isolation', async () => {
  await owner`alter table tasks disable row level security`
  const faults = []
  for (const comment of [`rowhouse sql ${sqlVersion}`, 'rowhouse sql 999999999', null]) {
    await inspectWith(comment)
    faults.push((await isolation.inspect()).filter(({ level }) => level === 'error'))
  }
  await owner`alter table tasks enable row level security`
  expect(faults[0]?.map(({ check }) => check)).toContain('row-security-enabled')
  expect(faults).toEqual([faults[0], faults[0], faults[0]] as Finding[][])
})

test('the serving role reads the version, and cannot change it', async () => {
  const serving = connectAsAppUser(database.appUrl)
  const comment = `rowhouse sql ${sqlVersion}`
  await inspectWith(comment)
  expect(await sqlstateOf(serving.unsafe(`comment on schema tenancy is 'rowhouse sql 7'`))).toBe('42501')
  const rows = await serving`
    select obj_description(oid, 'pg_namespace') as comment from pg_namespace where nspname = 'tenancy'`
  expect([...rows]).toEqual([{ comment }])
})
