import { describe, expect, test } from 'bun:test'
import { sql } from 'drizzle-orm'
import { openConnection, query } from '../../src/database/index.ts'
import { assertRowSecurity, createIsolationCheck } from '../../src/isolation/index.ts'
import { asOwner, closeAfterwards, createDatabase, open } from '../database.ts'
import { pgbouncer, startPooler } from '../pooler.ts'
import { newTenant, withTenant } from '../tenants.ts'
import { withSettings } from './shared-database.ts'

/** Each changes what PostgreSQL's text of a value means. */
const odd = {
  DateStyle: 'SQL, DMY',
  IntervalStyle: 'sql_standard',
  bytea_output: 'escape',
  extra_float_digits: '-3',
  array_nulls: 'off',
}

/** The URL of the serving role without a pooler, whose sessions would keep the settings that they began with. */
const directUrl = ({ ownerUrl, appUrl }: { ownerUrl: string; appUrl: string }): string => {
  const { username, password } = new URL(appUrl)
  return Object.assign(new URL(ownerUrl), { username, password }).href
}

/** A database of its own whose defaults are odd. Sessions that began before keep their settings. */
async function createOddDatabase() {
  const database = await createDatabase()
  const owner = asOwner(database)
  const [row] = await owner`select current_database() as name`
  for (const [name, value] of Object.entries(odd))
    await owner.unsafe(`alter database ${row?.name} set ${name} = '${value}'`)
  return { ...database, directUrl: directUrl(database), name: String(row?.name), owner }
}

const values = sql`select '2024-02-03'::date as date, '2024-02-03 04:05:06'::timestamp as timestamp, 0.1::float8 + 0.2 as float,
  '-1 days +02:03:04'::interval as interval, '\\x5c00'::bytea::text as bytea, ${sql.param(['a', null])}::text[] as array`
const expected = {
  date: '2024-02-03',
  timestamp: '2024-02-03 04:05:06',
  float: 0.1 + 0.2,
  interval: '-1 days +02:03:04',
  bytea: '\\x5c00',
  array: ['a', null],
}
const readWith = (database: { ownerUrl: string; appUrl: string }) =>
  withTenant(newTenant(), () => open(database, 1).read((tx) => tx.execute(values)))

async function findingsOf(url: string) {
  const isolation = createIsolationCheck({ url })
  const findings = await isolation.inspect()
  await isolation.close()
  return findings.filter(({ check }) => check === 'text-format').map(({ object, problem }) => `${object}: ${problem}`)
}

describe('a database with text formats of its own', () => {
  test('changes no value that a tenant reads or writes', async () => {
    expect(await readWith(await createOddDatabase())).toEqual([expected] as never)
  })

  test.skipIf(!pgbouncer)('changes no value behind a transaction pooler', async () => {
    const database = await createOddDatabase()
    const pooler = await startPooler(database.directUrl)
    closeAfterwards({ close: pooler.stop })
    expect(await readWith({ ...database, appUrl: pooler.through(database.directUrl) })).toEqual([expected] as never)
  })

  test('changes no date for a role without defaults', async () => {
    const connection = openConnection({ url: (await createOddDatabase()).ownerUrl })
    closeAfterwards(connection)
    expect(await query(connection, "select '2024-02-03'::date as date")).toEqual([{ date: '2024-02-03' }] as never)
  })

  test('passes the isolation check, because the defaults of the role win', async () => {
    expect(await findingsOf((await createOddDatabase()).directUrl)).toEqual([])
  })
})

describe('the isolation check', () => {
  test.each([
    ['IntervalStyle', 'iso_8601'],
    ['extra_float_digits', '0'],
    ['bytea_output', 'escape'],
    ['array_nulls', 'off'],
  ])('refuses a role whose sessions misread values, and its remedy cures it: %s', async (name, value) => {
    const { name: database, owner, directUrl: url } = await createOddDatabase()
    await owner.unsafe(`alter role app_user in database ${database} set ${name} = '${value}'`)
    const isolation = createIsolationCheck({ url })
    const findings = await isolation.inspect()
    await isolation.close()
    expect(() => assertRowSecurity(findings)).toThrow(`app_user: ${name} is ${value}, so values are misread`)
    for (const { remedy } of findings.filter(({ check }) => check === 'text-format')) await owner.unsafe(remedy)
    expect(await findingsOf(url)).toEqual([])
  })

  test('reports a default that was changed after it connected', async () => {
    const { name, owner, directUrl: url } = await createOddDatabase()
    const isolation = createIsolationCheck({ url })
    closeAfterwards(isolation)
    assertRowSecurity(await isolation.inspect())
    await owner.unsafe(`alter role app_user in database ${name} set extra_float_digits = 0`)
    expect((await isolation.inspect()).map(({ check }) => check)).toContain('text-format')
  })

  test('reports a format of the session itself', async () => {
    const url = withSettings({ extra_float_digits: '0', array_nulls: 'false' }, directUrl(await createDatabase()))
    expect(await findingsOf(url)).toEqual([
      'app_user: array_nulls is off, so values are misread',
      'app_user: extra_float_digits is 0, so values are misread',
    ])
  })
})
