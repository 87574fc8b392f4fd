import { describe, expect, test } from 'bun:test'
import { sql } from 'drizzle-orm'
import { users } from '../../db/schema/users.ts'
import {
  type Connection,
  createTenantDatabase,
  mapped,
  type ProtocolViolation,
  prepared,
  type StatementResult,
  type TenantDatabase,
  TenantNotConfirmed,
  type TenantTx,
} from '../../src/database/index.ts'
import { asOwner, createDatabase, main } from '../database.ts'
import { newTenant, tenantIds, withTenant } from '../tenants.ts'
import {
  addUser,
  backendOf,
  countUsers,
  failureOf,
  openDatabase,
  setsTenant,
  tenantWithUser,
} from './shared-database.ts'
import { watchedPool } from './watched-pool.ts'

/** A tenant database whose first transaction gets a false confirmation of its settings. */
function openWithFalseResult(falsify: (rows: unknown[][]) => unknown[][]) {
  let count = 0
  const answer = (text: string, given: StatementResult) =>
    setsTenant(text) && count++ === 0 ? { ...given, rows: falsify(given.rows) } : given
  return openDatabase({}, { answer })
}

const foreign = newTenant()

const falseResults: [string, (rows: unknown[][]) => unknown[][]][] = [
  ['another tenant', () => [[foreign, '']]],
  ['no tenant', () => [['', '']]],
  ['null', () => [[null, null]]],
  ['no row', () => []],
  ['another request', (rows) => rows.map(([tenant]) => [tenant, 'r-2'])],
]
const newUser = prepared(['email', 'name'], (tx, values) => tx.insert(users).values(values))
const unlucky = () => ({ name: 'unlucky', email: `${crypto.randomUUID()}@rowhouse.example` })
const countPrepared = prepared([], (tx) => tx.select({ count: sql`count(*)` }).from(users))

describe('a tenant that PostgreSQL does not confirm', () => {
  describe.each<[string, (tx: TenantTx) => PromiseLike<unknown>]>([
    ['a prepared query', (tx) => countPrepared(tx, {})],
    ['a query', (tx) => tx.$count(users)],
    ['queries', (tx) => mapped([tx.$count(users), countPrepared(tx, {})], (counts) => counts)],
  ])('of work that returns %s', (_work, work) => {
    test.each(falseResults)('fails the call and gives no row: %s', async (_name, falsify) => {
      let isFalse = false
      const answer = (text: string, given: StatementResult) =>
        isFalse && setsTenant(text) ? { ...given, rows: falsify(given.rows) } : given
      await using db = openDatabase({}, { answer })
      const { tenant } = await tenantWithUser(db)
      isFalse = true
      const seen: unknown[] = []
      const reading = () => db.read((tx) => mapped(work(tx), (rows) => seen.push(rows)))
      expect(await withTenant(tenant, () => failureOf(reading()))).toBeInstanceOf(TenantNotConfirmed)
      expect(seen).toEqual([])
    })
  })

  test.each(falseResults)(
    'fails the call, hands no row to the work and commits nothing: %s',
    async (_name, falsify) => {
      await using db = openWithFalseResult(falsify)
      const tenant = newTenant()
      const handedOut: unknown[] = []
      const work = async (tx: TenantTx) => {
        handedOut.push(await addUser(tx))
      }
      expect(await withTenant(tenant, () => failureOf(db.write(work)))).toBeInstanceOf(TenantNotConfirmed)
      expect(handedOut).toEqual([])
      expect(await countUsers(tenant)).toBe(0)
    },
  )

  test.each(falseResults)('fails work that begins with a savepoint that fails: %s', async (_name, falsify) => {
    await using db = openWithFalseResult(falsify)
    const work = async (tx: TenantTx) => {
      await failureOf(tx.transaction((inner) => inner.execute(sql`select 1 / 0`)))
      await addUser(tx)
    }
    const tenant = newTenant()
    expect(await withTenant(tenant, () => failureOf(db.write(work)))).toBeInstanceOf(TenantNotConfirmed)
    expect(await countUsers(tenant)).toBe(0)
  })

  test('destroys the connection, and the next call gets a new one', async () => {
    const seen: Connection[] = []
    await using db = openDatabase(
      {},
      {
        before: (_text, connection) => seen.includes(connection) || seen.push(connection),
        answer: (text, given) => (seen.length === 1 && setsTenant(text) ? { ...given, rows: [] } : given),
      },
    )
    await withTenant(newTenant(), () => failureOf(db.read(backendOf)))
    expect(seen.map(({ fault }) => fault)).toEqual(['closed'])
    await withTenant(newTenant(), () => db.read(backendOf))
    expect(seen.map(({ fault }) => fault)).toEqual(['closed', undefined])
  })
})

describe('a protocol violation is reported with its number', () => {
  const watch = (tampering: Parameters<typeof watchedPool>[1]) => {
    const violations: ProtocolViolation[] = []
    const connections = watchedPool({ url: main.appUrl }, tampering)
    const db = createTenantDatabase({
      connections,
      onProtocolViolation: (violation) => violations.push(violation),
      ...tenantIds,
    })
    return { db, violations, [Symbol.asyncDispose]: () => db.close() }
  }
  const call = (db: TenantDatabase) => withTenant(newTenant(), () => failureOf(db.write((tx) => addUser(tx))))

  test('when PostgreSQL does not confirm the tenant', async () => {
    const falsify = (text: string, given: StatementResult) => (setsTenant(text) ? { ...given, rows: [] } : given)
    await using watched = watch({ answer: falsify })
    for (let n = 0; n < 2; n += 1) await call(watched.db)
    const what = 'PostgreSQL did not confirm the tenant of this transaction'
    expect(watched.violations).toEqual([
      { what, count: 1 },
      { what, count: 2 },
    ])
  })

  test.each([
    ['begin', 'begin', 'notice 25001 at begin'],
    ['commit', 'rollback', 'notice 25P01 at commit'],
  ])('when another client used the connection before %s', async (before, command, what) => {
    await using watched = watch({
      async before(text, connection) {
        if (text === before) await connection.command(command)
      },
    })
    await call(watched.db)
    expect(watched.violations.map((violation) => violation.what)).toEqual([what])
  })

  test('but not for a transaction that was confirmed', async () => {
    await using watched = watch({})
    await withTenant(newTenant(), () => watched.db.write((tx) => addUser(tx)))
    expect(watched.violations).toEqual([])
  })
})

describe('a transaction whose connection another client used', () => {
  test('fails when a transaction was already open, and destroys the connection', async () => {
    let isUsed = false
    await using db = openDatabase(
      {},
      {
        async before(text, connection) {
          if (text !== 'begin' || isUsed) return
          isUsed = true
          await connection.command('begin')
        },
      },
    )
    const tenant = newTenant()
    const lost = withTenant(tenant, () => failureOf(db.write((tx) => addUser(tx))))
    expect(await lost).toMatchObject({ code: 'SERVICE_UNAVAILABLE' })
    await withTenant(tenant, () => db.write((tx) => addUser(tx)))
    expect(await countUsers(tenant)).toBe(1)
  })

  test.each(['read', 'write'] as const)(
    'fails when a later message shows it, and calls no function: db.%s',
    async (mode) => {
      const database = await createDatabase()
      await asOwner(database).unsafe(`create function warn() returns int language plpgsql as
      $$ begin raise warning 'there is already a transaction in progress' using errcode = '25001'; return 1; end $$`)
      await using db = openDatabase({ url: database.appUrl })
      const called: string[] = []
      const work = async (tx: TenantTx) => {
        tx.afterCommit(() => called.push('called'))
        await tx.$count(users)
        await tx.execute(sql`select warn()`)
      }
      expect(await withTenant(newTenant(), () => failureOf(db[mode](work)))).toMatchObject({
        code: 'SERVICE_UNAVAILABLE',
      })
      expect(called).toEqual([])
    },
  )

  test('fails when it was ended before its COMMIT', async () => {
    let isUsed = false
    await using db = openDatabase(
      {},
      {
        async before(text, connection) {
          if (text !== 'commit' || isUsed) return
          isUsed = true
          await connection.command('rollback')
        },
      },
    )
    const tenant = newTenant()
    expect(await withTenant(tenant, () => failureOf(db.write((tx) => addUser(tx))))).toMatchObject({
      message: expect.stringContaining('25P01'),
    })
    expect(await countUsers(tenant)).toBe(0)
  })
})

describe('a commit', () => {
  test('that is answered with ROLLBACK in the message of the queries fails the call and closes the connection', async () => {
    let isWrong = false
    const seen: Connection[] = []
    const before = (_text: string, connection: Connection) => isWrong && seen.push(connection)
    const answer = (text: string, given: StatementResult) =>
      isWrong && text === 'commit' ? { ...given, command: 'ROLLBACK' } : given
    await using db = openDatabase({}, { before, answer })
    const { tenant } = await tenantWithUser(db)
    isWrong = true
    expect(
      await withTenant(tenant, () => failureOf(db.write((tx) => [tx.$count(users), tx.$count(users)]))),
    ).toMatchObject({
      message: 'Protocol violation: COMMIT was answered with ROLLBACK',
    })
    expect(seen[0]?.fault).toBe('closed')
  })

  test('that loses its connection rejects with SERVICE_UNAVAILABLE and never succeeds', async () => {
    const database = await createDatabase()
    const sql = asOwner(database)
    await sql.unsafe(`
      create function hang_up() returns trigger language plpgsql as
        $$ begin perform pg_terminate_backend(pg_backend_pid()); return null; end $$;
      create constraint trigger hang_up after insert on users deferrable initially deferred
        for each row when (new.name = 'unlucky') execute function hang_up()`)
    await using db = openDatabase({ url: database.appUrl })
    const { tenant } = await tenantWithUser(db)
    expect(await withTenant(tenant, () => failureOf(db.write((tx) => addUser(tx, 'unlucky'))))).toMatchObject({
      code: 'SERVICE_UNAVAILABLE',
    })
    expect(await withTenant(tenant, () => db.read((tx) => tx.$count(users)))).toBe(1)
  })

  test.each<[string, (tx: TenantTx) => PromiseLike<unknown>]>([
    ['in the message of one query', (tx) => newUser(tx, unlucky())],
    ['in the message of the queries', (tx) => mapped([newUser(tx, unlucky()), newUser(tx, unlucky())], () => {})],
    ['in a message of its own', async (tx) => await addUser(tx, 'unlucky')],
  ])('that violates a deferred constraint keeps its connection: %s', async (_name, work) => {
    const database = await createDatabase()
    await asOwner(database).unsafe(`
      create function refuse() returns trigger language plpgsql as
        $$ begin raise exception 'no' using errcode = '23514'; end $$;
      create constraint trigger refuse after insert on users deferrable initially deferred
        for each row when (new.name = 'unlucky') execute function refuse()`)
    await using db = openDatabase({ url: database.appUrl, size: 1 })
    const backend = () => withTenant(newTenant(), () => db.read(backendOf))
    const before = await backend()
    expect(await withTenant(newTenant(), () => failureOf(db.write(work)))).toMatchObject({ code: '23514' })
    expect(await backend()).toBe(before)
  })

  test('that is not reached, because a value cannot be encoded, keeps its connection', async () => {
    await using db = openDatabase({ size: 1 })
    const backend = () => withTenant(newTenant(), () => db.read(backendOf))
    const before = await backend()
    const work = async (tx: TenantTx) => await tx.execute(sql`select ${{ a: 1n }}::jsonb`)
    expect(await withTenant(newTenant(), () => failureOf(db.write(work)))).toBeInstanceOf(TypeError)
    expect(await backend()).toBe(before)
  })

  test('that violates a deferred constraint fails with its error', async () => {
    const database = await createDatabase()
    const sql = asOwner(database)
    await sql.unsafe(`
      create function refuse() returns trigger language plpgsql as
        $$ begin raise exception 'no' using errcode = '23514'; end $$;
      create constraint trigger refuse after insert on users deferrable initially deferred
        for each row when (new.name = 'unlucky') execute function refuse()`)
    await using db = openDatabase({ url: database.appUrl })
    const { tenant } = await tenantWithUser(db)
    expect(await withTenant(tenant, () => failureOf(db.write((tx) => addUser(tx, 'unlucky'))))).toMatchObject({
      code: '23514',
    })
    expect(await withTenant(tenant, () => db.read((tx) => tx.$count(users)))).toBe(1)
  })
})
