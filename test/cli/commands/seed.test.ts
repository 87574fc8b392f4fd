import { describe, expect, test } from 'bun:test'
import { demo } from '../../../db/schema/demo.ts'
import { seedMany, tenantIdOf, usersEach } from '../../../db/seed-many.ts'
import { asOwner, createBareDatabase, createDatabase, open } from '../../database.ts'
import { seedDemo } from '../run.ts'

/** A database for one test: seeded ids are the same in each database. */
async function prepareDatabase() {
  const database = await createDatabase()
  const owner = asOwner(database)
  const counts = (table: 'users' | 'tasks') =>
    owner`select tenant_id as tenant, count(*)::int as count from ${owner(table)} group by 1 order by 1`
  return { owner, counts, db: open(database, 3), env: { DATABASE_URL: database.appUrl } }
}

const each = (tenants: number, count: number) =>
  Array.from({ length: tenants }, (_, n) => ({ tenant: tenantIdOf(n + 1), count }))

describe('bun run seed', () => {
  test('gives Acme and Globex a user and two tasks each, also when it runs twice', async () => {
    const { counts, env } = await prepareDatabase()
    await seedDemo([], { env })
    expect(await seedDemo([], { env })).toEqual({
      code: 0,
      stdout: 'The tenants Acme and Globex have a user and two tasks each.\n',
      stderr: '',
    })
    const tenants = [demo.acme.tenantId, demo.globex.tenantId]
    expect([...(await counts('users'))]).toEqual(tenants.map((tenant) => ({ tenant, count: 1 })))
    expect([...(await counts('tasks'))]).toEqual(tenants.map((tenant) => ({ tenant, count: 2 })))
  })

  test('gives many tenants users and tasks as the serving role, and reports them in one line', async () => {
    const { counts, env } = await prepareDatabase()
    const { code, stdout, stderr } = await seedDemo(['--tenants', '3', '--tasks', '25'], { env })
    expect([code, stderr]).toEqual([0, ''])
    expect(stdout).toMatch(
      /^3 tenants have 5 users and 25 tasks each; 0 had them before\. 90 rows in .* per second\.\n$/,
    )
    expect([...(await counts('users'))]).toEqual(each(3, usersEach))
    expect([...(await counts('tasks'))]).toEqual(each(3, 25))
  })

  const wrong: [string[], string][] = [
    [
      ['--tenants', '0'],
      "option '--tenants <n>' argument '0' is invalid. It must be a whole number from 1 to 1000000.",
    ],
    [['--tenants', 'many'], "argument 'many' is invalid. It must be a whole number from 1 to"],
    [['--tasks', '1.5'], "option '--tasks <n>' argument '1.5' is invalid. It must be a whole number from 0 to"],
    [['--tasks', '99999999999'], "argument '99999999999' is invalid"],
    [['--tasks'], "option '--tasks <n>' argument missing"],
  ]
  test.each(wrong)('rejects %p with the allowed values', async (flags, message) => {
    const { code, stdout, stderr } = await seedDemo(flags)
    expect([code, stdout]).toEqual([2, ''])
    expect(stderr).toContain(message)
  })

  test.each([[[]], [['--tenants', '2']]])(
    'reports that an empty database must be migrated first (%p)',
    async (flags) => {
      const { appUrl } = await createBareDatabase()
      const { code, stdout, stderr } = await seedDemo(flags, { env: { DATABASE_URL: appUrl } })
      expect([code, stdout]).toEqual([2, ''])
      expect(stderr).toMatch(/^relation "users" does not exist\n.*\bfirst\b.*"bunx rowhouse migrate"\.\n$/)
    },
  )

  test('fails without a database in one message without the password', async () => {
    const env = { DATABASE_URL: 'postgres://app_user:s3cret@127.0.0.1:1/nowhere' }
    const { code, stdout, stderr } = await seedDemo(['--tenants', '2'], { env })
    expect([code, stdout]).toEqual([2, ''])
    expect(stderr).toMatch(/ECONNREFUSED.*\nStart PostgreSQL/)
    expect(stderr).not.toContain('s3cret')
  })
})

describe('seeding many tenants', () => {
  test('writes no row twice', async () => {
    const { db } = await prepareDatabase()
    const amount = { tenants: 4, tasks: 10, connections: 3 }
    expect(await seedMany(db, amount)).toEqual({ rows: 60, complete: 0 })
    expect(await seedMany(db, amount)).toEqual({ rows: 0, complete: 4 })
  })

  test('continues where an interrupted run stopped', async () => {
    const { db, counts } = await prepareDatabase()
    const amount = { tenants: 3, tasks: 25, connections: 2, batchRows: 10 }
    const interrupt = (rows: number) => {
      if (rows === 10) throw new Error('Interrupted')
    }
    await expect(seedMany(db, amount, interrupt)).rejects.toThrow('Interrupted')
    await seedMany(db, amount)
    expect([...(await counts('tasks'))]).toEqual(each(3, 25))
    expect(await seedMany(db, { ...amount, tasks: 26 })).toEqual({ rows: 3, complete: 0 })
  })

  test('commits in batches of limited size', async () => {
    const { db, owner } = await prepareDatabase()
    await seedMany(db, { tenants: 2, tasks: 25, connections: 2, batchRows: 10 })
    const batches = await owner`select count(*)::int as count from tasks group by tenant_id, xmin::text order by 1`
    expect(batches.map(({ count }) => count)).toEqual([5, 5, 10, 10, 10, 10])
  })

  test('reports every row, found or written, so that a progress bar reaches 100 %', async () => {
    const { db } = await prepareDatabase()
    const reported = async () => {
      const steps: number[] = []
      await seedMany(db, { tenants: 1, tasks: 25, connections: 1, batchRows: 10 }, (rows) => steps.push(rows))
      return steps
    }
    expect(await reported()).toEqual([usersEach + 10, 10, 5])
    expect(await reported()).toEqual([usersEach + 25])
  })
})
