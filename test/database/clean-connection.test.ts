import { describe, expect, test } from 'bun:test'
import { sql } from 'drizzle-orm'
import { users } from '../../db/schema/users.ts'
import { openConnection, prepared, query, type TenantTx, TransactionMisuse } from '../../src/database/index.ts'
import { asOwner, createDatabase } from '../database.ts'
import { newTenant, withTenant } from '../tenants.ts'
import {
  allowed,
  createCarelessDatabase,
  nothingLeft,
  preparing,
  refused,
  stateOf,
  stateText,
} from './session-state.ts'
import { backendOf, failureOf, openDatabase, withSettings } from './shared-database.ts'

const { appUrl: url, ownerUrl } = await createCarelessDatabase()
type Database = ReturnType<typeof openDatabase>

const run = (text: string) => (tx: TenantTx) => tx.execute(sql.raw(text))
type InTransaction = <T>(db: Database, mode: 'read' | 'write', work: (tx: TenantTx) => PromiseLike<T>) => Promise<T>
const ways: [string, InTransaction][] = [
  ['awaits its query', (db, mode, work) => withTenant(newTenant(), () => db[mode](async (tx) => await work(tx)))],
  ['returns its query', (db, mode, work) => withTenant(newTenant(), () => db[mode](work))],
]
const idsOfUsers = prepared([], (tx) => tx.select({ id: users.id }).from(users))

test('a session shows what was left in it', async () => {
  const connection = openConnection({ url: ownerUrl })
  await connection.command(
    'listen jobs; set statement_timeout = 7000; set my.plan = enterprise; set role app_user; prepare mine as select 1',
  )
  await connection.command('select pg_advisory_lock(42); declare mine cursor with hold for select 1')
  const [state] = await query(connection, stateText)
  await connection.close()
  const settings = expect.stringContaining('statement_timeout = 7000')
  const expected = {
    settings,
    dates: null,
    plan: 'enterprise',
    channels: 'jobs',
    locks: '42',
    cursors: 'mine',
    prepared: 'mine',
    role: 'app_user',
  }
  expect(state).toEqual(expected)
})

describe.each(ways)('with work that %s,', (_way, inTransaction) => {
  /** What the next transaction of the connection finds. */
  const stateOfNext = (db: Database) => inTransaction(db, 'read', stateOf)

  describe('a statement that changes the session is refused before it is sent:', () => {
    test.each(refused)('%s', async (text) => {
      await using db = openDatabase({ url })
      for (const mode of ['read', 'write'] as const)
        expect(await failureOf(inTransaction(db, mode, run(text)))).toBeInstanceOf(TransactionMisuse)
      expect(db.sent).toEqual([])
    })
  })

  describe('the next transaction of the connection finds nothing of a statement that calls a function:', () => {
    test.each(allowed)('%s', async (text) => {
      await using db = openDatabase({ url })
      const backend = await inTransaction(db, 'read', backendOf)
      await inTransaction(db, 'write', run(text))
      expect(await stateOfNext(db)).toEqual(nothingLeft)
      await inTransaction(db, 'read', run(text)).catch(() => {}) // some are refused in a read
      expect(await stateOfNext(db)).toEqual(nothingLeft)
      const failing = async (tx: TenantTx) => [await run(text)(tx), await tx.execute(sql`select 1 / 0`)]
      expect(await failureOf(inTransaction(db, 'write', failing))).toMatchObject({ code: '22012' })
      expect(await stateOfNext(db)).toEqual(nothingLeft)
      expect(await inTransaction(db, 'read', backendOf)).toBe(backend)
    })
  })

  describe('a statement that a function prepares', () => {
    test.each(preparing)('fails its transaction, and the connection is never used again: %s', async (text) => {
      await using db = openDatabase({ url })
      const backend = await inTransaction(db, 'write', backendOf)
      const insert = async (tx: TenantTx) => [
        await tx.execute(sql`insert into numbered values (-1)`),
        await run(text)(tx),
      ]
      expect(await failureOf(inTransaction(db, 'write', insert))).toBeInstanceOf(Error)
      expect(await inTransaction(db, 'read', backendOf)).not.toBe(backend)
      expect(await inTransaction(db, 'read', run('select from numbered where n = -1'))).toEqual([] as never)
    })

    test.each(preparing)('is not there after a transaction that failed or only read: %s', async (text) => {
      await using db = openDatabase({ url })
      await inTransaction(db, 'read', run(text))
      expect(await stateOfNext(db)).toEqual(nothingLeft)
      const failing = async (tx: TenantTx) => [await run(text)(tx), await tx.execute(sql`select 1 / 0`)]
      await failureOf(inTransaction(db, 'write', failing))
      expect(await stateOfNext(db)).toEqual(nothingLeft)
    })
  })

  test('a transaction after one that deallocated the prepared statements succeeds', async () => {
    await using db = openDatabase({ url })
    const count = () => inTransaction(db, 'read', (tx) => idsOfUsers(tx, {}))
    await count()
    await inTransaction(db, 'write', run("select run('deallocate all')"))
    expect(await count()).toEqual([])
  })

  test('a setting in the URL of a connection stays', async () => {
    await using db = openDatabase({ url: withSettings({ 'my.plan': 'basic' }, url) })
    await inTransaction(
      db,
      'write',
      run("select set_config('my.plan', 'enterprise', false), set_config('DateStyle', 'SQL', false)"),
    )
    const read = run("select current_setting('my.plan') as plan, current_setting('DateStyle') as dates")
    expect(await inTransaction(db, 'read', read)).toMatchObject([{ plan: 'basic', dates: 'ISO, MDY' }])
  })

  test('what a connection asked for at its login stays, behind a pooler too', async () => {
    const database = await createDatabase()
    const owner = asOwner(database)
    const [row] = await owner`select current_database() as name`
    await owner`alter database ${owner(row?.name)} set DateStyle = 'SQL, DMY'`
    await owner`alter database ${owner(row?.name)} set client_encoding = 'LATIN1'`
    const name = "it's-mine"
    const named = new URL(database.appUrl)
    named.searchParams.set('application_name', name)
    await using db = openDatabase({ url: named.href })
    const read = run(
      `select current_setting('DateStyle') as dates, '€' as euro, current_setting('application_name') as name`,
    )
    const expected = [{ dates: 'ISO, MDY', euro: '€', name }]
    for (let n = 0; n < 3; n += 1) expect(await inTransaction(db, 'write', read)).toEqual(expected as never)
  })

  test('random numbers do not repeat for the next transaction', async () => {
    await using db = openDatabase({ url })
    const next = run('select random()::text as number')
    const seen: unknown[] = []
    for (let n = 0; n < 2; n += 1) {
      await inTransaction(db, 'write', run('select setseed(0.5)'))
      seen.push((await inTransaction(db, 'read', next))[0]?.number)
    }
    expect(seen[0]).not.toBe(seen[1])
  })

  test('the last number of a sequence is unknown to the next transaction', async () => {
    await using db = openDatabase({ url })
    await inTransaction(db, 'write', run('insert into numbered default values'))
    expect(await failureOf(inTransaction(db, 'read', run('select lastval()')))).toMatchObject({ code: '55000' })
  })

  test('a temporary table does not stand in for a table of the next transaction', async () => {
    const database = await createCarelessDatabase()
    const owner = asOwner(database)
    const [row] = await owner`select current_database() as name`
    await owner`grant temporary on database ${owner(row?.name)} to app_user`
    await using db = openDatabase({ url: database.appUrl })
    await inTransaction(db, 'write', run("select run('create temporary table users as select 1 as planted')"))
    expect(await inTransaction(db, 'read', (tx) => idsOfUsers(tx, {}))).toEqual([])
  })

  test('a transaction of prepared queries checks and cleans nothing', async () => {
    await using db = openDatabase({ url })
    await inTransaction(db, 'read', (tx) => idsOfUsers(tx, {}))
    db.sent.length = 0
    await inTransaction(db, 'write', (tx) => idsOfUsers(tx, {}))
    expect(db.sent.map((text) => text.split(' ')[0]).filter((word) => word !== 'select' && word !== 'begin')).toEqual(
      db.sent.includes('commit') ? ['commit'] : [],
    )
  })

  test('a prepared query whose text would change the session is refused when it is built', async () => {
    await using db = openDatabase({ url })
    const query = { getQuery: () => ({ sql: 'listen jobs', params: [] }), executeBy: () => Promise.resolve([]) }
    const listen = prepared([], () => ({ prepare: () => query as never })) // no builder of Drizzle makes such a text
    expect(await failureOf(inTransaction(db, 'read', async (tx) => await listen(tx, {})))).toBeInstanceOf(
      TransactionMisuse,
    )
  })
})
