import { describe, expect, test } from 'bun:test'
import { sql } from 'drizzle-orm'
import { users } from '../../db/schema/users.ts'
import { withTenant } from '../../src/context/index.ts'
import { type Connection, createTenantDatabase, query, type TenantTx } from '../../src/database/index.ts'
import { findDatabaseError } from '../../src/errors/index.ts'
import { asOwner, createDatabase, main, newTenant } from '../database.ts'
import { countUsers, failureOf, openDatabase, setsTenant, tenantWithUser, until } from './shared-database.ts'
import { watchedPool } from './watched-pool.ts'

// PostgreSQL runs all statements up to one Sync in one transaction (chapter 55.2.3, "Pipelining").

const insertUser = (tx: TenantTx, name = 'Ada') =>
  tx.insert(users).values({ email: `${crypto.randomUUID()}@rowhouse.example`, name })

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
  test.each(['read', 'write'] as const)('goes without BEGIN and COMMIT, out of a %s', async (mode) => {
    await using db = await opened()
    expect(await withTenant(db.tenant, () => db[mode]((tx) => tx.execute(sql`select count(*) from users`)))).toEqual([
      { count: '1' },
    ] as never)
    expect(wordsOf(db.sent)).toEqual(['set', 'select count(*) from users'])
  })

  test.each([
    'select 1',
    '/* a comment */ (select 1)',
    'values (1)',
    'with one as (select 1) select from one',
    "insert into users (email, name) values ('ada@rowhouse.example', 'Ada')",
    "update users set name = 'Ada'",
    'delete from users',
    'merge into users using (select 1) as one on false when matched then do nothing',
  ])('needs no BEGIN when it is: %s', async (text) => {
    await using db = await opened()
    await withTenant(db.tenant, () => db.write((tx) => tx.execute(sql.raw(text))))
    expect(wordsOf(db.sent)).toEqual(['set', text])
  })

  test.each(['table users', 'explain select 1', 'set local work_mem = 65536', 'lock table users in row share mode'])(
    'has BEGIN and COMMIT when it is of another kind: %s',
    async (text) => {
      await using db = await opened()
      await withTenant(db.tenant, () => db.write((tx) => tx.execute(sql.raw(text))))
      expect(wordsOf(db.sent)).toEqual(['begin', 'set', text, 'commit'])
    },
  )

  test('has BEGIN and COMMIT in messages of their own where all clients share a session', async () => {
    const connections = watchedPool({ url: main.ownerUrl })
    const db = createTenantDatabase({ connections, role: 'app_user' })
    const read = () => withTenant(newTenant(), () => db.read((tx) => tx.execute(sql`select 1`)))
    await read()
    await withTenant(newTenant(), () => db.write((tx) => tx.execute(sql`select 2`))) // waits for the COMMIT of the read
    expect(wordsOf(connections.sent).slice(-4)).toEqual(['begin', 'set', 'select 2', 'commit'])
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
    await withTenant(db.tenant, () => db.read((tx) => tx.$count(users)))
    isOver = true
    await withTenant(db.tenant, () => db.read((tx) => tx.$count(users)))
    expect(left).toEqual([{ tenant: '', request: '', readOnly: 'off' }])
  })

  test('is read only out of a read, and its statement cannot change that', async () => {
    await using db = await opened()
    const tenant = newTenant()
    const failing = (work: (tx: TenantTx) => PromiseLike<unknown>) =>
      withTenant(tenant, async () => findDatabaseError(await failureOf(db.read(work)))?.sqlstate)
    expect(await failing((tx) => insertUser(tx))).toBe('25006')
    const turnsOff = sql`with off as materialized (select set_config('transaction_read_only', 'off', true) as off),
      added as (insert into users (email, name) select 'ada@rowhouse.example', off from off returning id) select from added, off`
    expect(await failing((tx) => tx.execute(turnsOff))).toBe('25006')
    expect(await countUsers(tenant)).toBe(0)
  })

  test('that fails leaves nothing, and the connection is used again', async () => {
    await using db = await opened()
    const tenant = newTenant()
    const pidOf = () => db.read((tx) => tx.execute<{ pid: number }>(sql`select pg_backend_pid() as pid`))
    await withTenant(tenant, async () => {
      const [before] = await pidOf()
      const failing = sql`insert into users (email, name) select 'ada@rowhouse.example', (1 / (n - 1))::text from generate_series(2, 1, -1) n`
      expect(findDatabaseError(await failureOf(db.write((tx) => tx.execute(failing))))?.sqlstate).toBe('22012')
      expect(await pidOf()).toEqual([before] as never)
    })
    expect(await countUsers(tenant)).toBe(0)
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
    const update = sql`with seen as materialized (select sum(value) as sum from skew),
      held as materialized (select pg_advisory_xact_lock(90001 + 0 * sum::int) from seen)
      update skew set value = value + 1 from held where key = 1`
    const written = withTenant(db.tenant, () => db.write((tx) => tx.execute(update)))
    await until(async () => (await gate`select from pg_locks where locktype = 'advisory' and not granted`).length > 0)
    await other`commit`
    await gate`select pg_advisory_unlock(90001)`
    await written
    for (const reserved of [other, gate]) reserved.release()
    expect(await owner`select value from skew order by key`).toEqual([{ value: 1 }, { value: 1 }] as never)
    expect(db.sent.filter(setsTenant)).toHaveLength(2)
  })

  test.each([
    ['that fails', 'select 1 / 0'],
    ['that succeeds', "insert into users (email, name) values ('ada@rowhouse.example', 'Ada')"],
  ])('on a connection inside of a transaction destroys the connection, and nothing stays: %s', async (_what, text) => {
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
    const db = createTenantDatabase({ connections, onProtocolViolation: ({ what }) => violations.push(what) })
    const { tenant } = await tenantWithUser(db)
    begins = true
    await withTenant(tenant, () => failureOf(db.write((tx) => tx.execute(sql.raw(text)))))
    expect(violations).toEqual([expect.stringContaining('a transaction was open')])
    expect(seen.map(({ fault }) => fault)).toEqual(['closed'])
    expect(await withTenant(tenant, () => db.read((tx) => tx.$count(users)))).toBe(1)
    await db.close()
  })
})
