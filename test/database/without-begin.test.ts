import { describe, expect, test } from 'bun:test'
import { sql } from 'drizzle-orm'
import { integer, pgTable } from 'drizzle-orm/pg-core'
import { users } from '../../db/schema/users.ts'
import { runsWithoutBegin } from '../../src/database/ending.ts'
import {
  type Connection,
  createTenantDatabase,
  mapped,
  prepared,
  query,
  TenantNotConfirmed,
  type TenantTx,
} from '../../src/database/index.ts'
import { findDatabaseError } from '../../src/errors/index.ts'
import { asOwner, createDatabase, main } from '../database.ts'
import { newTenant, tenantIds, withTenant } from '../tenants.ts'
import { countUsers, failureOf, openDatabase, setsTenant, tenantWithUser, until } from './shared-database.ts'
import { watchedPool } from './watched-pool.ts'

// PostgreSQL runs all statements up to one Sync in one transaction (chapter 55.2.3, "Pipelining").

const count = prepared([], (tx) => tx.select({ count: sql<number>`count(*)::int` }).from(users))
const insert = prepared(['email', 'name'], (tx, values) => tx.insert(users).values(values))
const insertUser = (tx: TenantTx, name = 'Ada') =>
  insert(tx, { email: `${crypto.randomUUID()}@rowhouse.example`, name })
const setAll = prepared(['name'], (tx, { name }) => tx.update(users).set({ name: sql`${name}` }))
const removeAll = prepared([], (tx) => tx.delete(users))
const pid = prepared([], (tx) => tx.select({ pid: sql<number>`pg_backend_pid()` }).from(users).limit(1))

const skew = pgTable('skew', { key: integer(), value: integer() })
const selectsOff = prepared([], (tx) =>
  tx.select({ off: sql`set_config('transaction_read_only', 'off', true)` }).from(sql`generate_series(1, 1)`),
)

/** A watched database whose login is checked, which the first transaction does with BEGIN. */
async function opened(
  options: Parameters<typeof openDatabase>[0] = {},
  tampering?: Parameters<typeof openDatabase>[1],
) {
  const db = openDatabase(options, tampering)
  const { tenant } = await tenantWithUser(db)
  db.sent.length = 0
  return Object.assign(db, { tenant })
}
const wordsOf = (sent: readonly string[]) => sent.map((text) => (setsTenant(text) ? 'set' : text))

describe('one statement that the work returns', () => {
  test.each(['read', 'write'] as const)(
    'goes without BEGIN and COMMIT when it is prepared, out of a %s',
    async (mode) => {
      await using db = await opened()
      expect(await withTenant(db.tenant, () => db[mode]((tx) => count(tx, {})))).toEqual([{ count: 1 }])
      expect(wordsOf(db.sent)).toEqual(['set', 'select count(*)::int from "users"'])
    },
  )

  test.each([
    ['INSERT', (tx: TenantTx) => insertUser(tx)],
    ['UPDATE', (tx: TenantTx) => setAll(tx, { name: 'Grace' })],
    ['DELETE', (tx: TenantTx) => removeAll(tx, {})],
    ['a mapped SELECT', (tx: TenantTx) => mapped(count(tx, {}), ([row]) => row?.count)],
  ])('goes without BEGIN and COMMIT: %s', async (_kind, work: (tx: TenantTx) => PromiseLike<unknown>) => {
    await using db = await opened()
    await withTenant(db.tenant, () => db.write(work))
    expect(db.sent).toHaveLength(2)
  })

  test('has BEGIN and COMMIT, and a clean connection behind it, when it is not prepared', async () => {
    await using db = await opened()
    await withTenant(db.tenant, () => db.write((tx) => tx.$count(users)))
    expect(wordsOf(db.sent).slice(0, 2)).toEqual(['begin', 'set'])
    expect(db.sent.slice(-1)).toEqual(['commit'])
    expect(db.sent).toContain('reset all')
  })

  test('may go without BEGIN only when it cannot commit in the middle', () => {
    const alone = [
      'select 1',
      '/* a comment */ (select 1)',
      'values (1)',
      'with one as (select 1) select',
      'merge into users',
    ]
    expect(alone.filter((text) => !runsWithoutBegin(text))).toEqual([])
    const others = ['table users', 'explain analyze select 1', 'set local work_mem = 65536', 'lock table users']
    expect(others.filter(runsWithoutBegin)).toEqual([])
  })

  test('has BEGIN and COMMIT in messages of their own where all clients share a session', async () => {
    const connections = watchedPool({ url: main.ownerUrl })
    const db = createTenantDatabase({ connections, role: 'app_user', ...tenantIds })
    const work = () => withTenant(newTenant(), () => db.write((tx) => count(tx, {})))
    await work()
    await work()
    const text = 'select count(*)::int from "users"'
    expect(wordsOf(connections.sent).slice(-4)).toEqual(['begin', 'set', text, 'commit'])
    await db.close()
  })
})

describe('a message without BEGIN', () => {
  test('leaves no tenant and no other setting behind', async () => {
    const left: unknown[] = []
    const setting = `select current_setting('app.current_tenant', true) as tenant, current_setting('app.request_id', true) as request,
      current_setting('transaction_read_only') as "readOnly"`
    let isOver = false
    const before = async (_text: string, connection: Connection) => {
      if (isOver) left.push(...(await query(connection, setting)))
      isOver = false
    }
    await using db = await opened({}, { before })
    await withTenant(db.tenant, () => db.read((tx) => count(tx, {})))
    isOver = true
    await withTenant(db.tenant, () => db.read((tx) => count(tx, {})))
    expect(left).toEqual([{ tenant: '', request: '', readOnly: 'off' }])
  })

  test('is read only out of a read, and its statement cannot change that', async () => {
    await using db = await opened()
    const tenant = newTenant()
    const failing = (work: (tx: TenantTx) => PromiseLike<unknown>) =>
      withTenant(tenant, async () => findDatabaseError(await failureOf(db.read(work)))?.sqlstate)
    expect(await failing((tx) => insertUser(tx))).toBe('25006')
    const off = sql`set_config('transaction_read_only', 'off', true)`
    const turnsOff = prepared([], (tx) => tx.insert(users).values({ email: 'ada@rowhouse.example', name: off }))
    expect(await failing((tx) => turnsOff(tx, {}))).toBe('25006')
    expect(await failing((tx) => selectsOff(tx, {}))).toBe('25001')
    expect(await countUsers(tenant)).toBe(0)
  })

  test('that fails leaves nothing, and the connection is used again', async () => {
    await using db = await opened()
    const name = sql`(1 / (random() * 0)::int)::text`
    const failing = prepared([], (tx) =>
      tx.insert(users).values([
        { email: newTenant(), name: 'Ada' },
        { email: 'x@y.example', name },
      ]),
    )
    await withTenant(db.tenant, async () => {
      const [before] = await db.read((tx) => pid(tx, {}))
      const error = await failureOf(db.write((tx) => failing(tx, {})))
      expect(findDatabaseError(error)?.sqlstate).toBe('22012')
      expect(error).not.toBeInstanceOf(TenantNotConfirmed)
      expect(await db.read((tx) => pid(tx, {}))).toEqual([before] as never)
    })
    expect(await countUsers(db.tenant)).toBe(1)
    expect(db.sent).not.toContain('rollback')
  })

  test('that a deferred constraint refuses behind its last statement fails', async () => {
    const database = await createDatabase()
    const owner = asOwner(database)
    await owner.unsafe(`
      create function refuse() returns trigger language plpgsql as
        $$ begin raise exception 'no' using errcode = '23514'; end $$;
      create constraint trigger refuse after insert on users deferrable initially deferred
        for each row when (new.name = 'unlucky') execute function refuse()`)
    await using db = await opened({ url: database.appUrl })
    const error = await withTenant(db.tenant, () => failureOf(db.write((tx) => insertUser(tx, 'unlucky'))))
    expect(error).toMatchObject({ code: '23514' })
    expect(wordsOf(db.sent)).toHaveLength(2)
    expect(await owner`select from users`).toHaveLength(1)
  })

  test('that cannot be serialized runs again, and changes its rows once', async () => {
    const database = await createDatabase()
    const owner = asOwner(database)
    await owner.unsafe(`
      create table skew (key int, value int);
      insert into skew values (1, 0), (2, 0);
      grant select, update on skew to app_user;
      do $$ begin
        execute format('alter database %I set default_transaction_isolation = serializable', current_database());
      end $$`)
    await using db = await opened({ url: database.appUrl })
    const other = await owner.reserve()
    await other`begin isolation level serializable`
    await other`select sum(value) from skew`
    await other`update skew set value = value + 1 where key = 2`
    const gate = await owner.reserve()
    await gate`select pg_advisory_lock(90001)`
    const held = sql`(select pg_advisory_xact_lock(90001 + 0 * sum(value)::int)::text = '' from skew)`
    const update = prepared([], (tx) => tx.update(skew).set({ value: sql`value + 1` }).where(sql`key = 1 and ${held}`))
    const written = withTenant(db.tenant, () => db.write((tx) => update(tx, {})))
    await until(async () => (await gate`select from pg_locks where locktype = 'advisory' and not granted`).length > 0)
    await other`commit`
    await gate`select pg_advisory_unlock(90001)`
    await written
    for (const reserved of [other, gate]) reserved.release()
    expect(await owner`select value from skew order by key`).toEqual([{ value: 1 }, { value: 1 }] as never)
    expect(db.sent.filter(setsTenant)).toHaveLength(2)
  })

  test.each([
    ['that fails', (tx: TenantTx) => insertUser(tx, '')],
    ['that succeeds', (tx: TenantTx) => insertUser(tx)],
  ])('on a connection inside of a transaction destroys the connection, and nothing stays: %s', async (_what, work) => {
    let begins = false
    const seen: Connection[] = []
    const violations: string[] = []
    const connections = watchedPool(
      { url: main.appUrl },
      {
        async before(text, connection) {
          if (!begins || !setsTenant(text)) return
          begins = false
          seen.push(connection)
          await connection.command('begin')
        },
      },
    )
    const db = createTenantDatabase({
      connections,
      onProtocolViolation: ({ what }) => violations.push(what),
      ...tenantIds,
    })
    const { tenant } = await tenantWithUser(db)
    begins = true
    await withTenant(tenant, () => failureOf(db.write(work)))
    expect(violations).toEqual([expect.stringContaining('a transaction was open')])
    expect(seen.map(({ fault }) => fault)).toEqual(['closed'])
    expect(await withTenant(tenant, () => db.read((tx) => tx.$count(users)))).toBe(1)
    await db.close()
  })
})
