import { describe, expect, test } from 'bun:test'
import { eq, sql } from 'drizzle-orm'
import pg from 'pg'
import { users } from '../../db/schema/users.ts'
import {
  countUpTo,
  exists,
  mapped,
  one,
  prepared,
  type StatementResult,
  TenantNotConfirmed,
  type TenantTx,
  TransactionMisuse,
} from '../../src/database/index.ts'
import { findDatabaseError } from '../../src/errors/index.ts'
import { db } from '../database.ts'
import { newTenant, withTenant } from '../tenants.ts'
import { addUser, countUsers, failureOf, openDatabase, setsTenant, tenantWithUser } from './shared-database.ts'

const idsOf = (tx: TenantTx) => tx.select({ id: users.id }).from(users)
const userById = prepared(['id'], (tx, { id }) => tx.select().from(users).where(eq(users.id, id)))
const countAll = countUpTo(users, 100)
const insertUser = (tx: TenantTx, name = 'Ada') =>
  tx
    .insert(users)
    .values({ email: `${crypto.randomUUID()}@rowhouse.example`, name })
    .returning({ id: users.id })

const allIds = prepared([], (tx) => tx.select({ id: users.id }).from(users))
const newUser = prepared(['email'], (tx, { email }) => tx.insert(users).values({ email, name: 'Ada' }).returning())
const newEmail = () => ({ email: `${crypto.randomUUID()}@rowhouse.example` })

/** A watched database whose login is checked, with a tenant that has one user. */
async function opened(tampering?: Parameters<typeof openDatabase>[1]) {
  const db = openDatabase({}, tampering)
  await withTenant(newTenant(), () => db.read((tx) => tx.execute(sql`select 1`)))
  const known = await tenantWithUser(db)
  db.sent.length = 0
  return Object.assign(db, known)
}
const wordsOf = (sent: readonly string[]) => sent.map((text) => (setsTenant(text) ? 'set' : text.split(' ')[0]))

describe('queries that the work returns', () => {
  test('go in one message with BEGIN and COMMIT, out of a read', async () => {
    await using db = await opened()
    const read = () => db.read((tx) => [allIds(tx, {}), countAll(tx)])
    expect(await withTenant(db.tenant, read)).toEqual([[{ id: db.userId }], 1])
    expect(wordsOf(db.sent)).toEqual(['begin', 'set', 'select', 'select', 'commit'])
  })

  test('go in one message with BEGIN and COMMIT, out of a write', async () => {
    await using db = await opened()
    const tenant = newTenant()
    const [[user], total] = await withTenant(tenant, () => db.write((tx) => [newUser(tx, newEmail()), countAll(tx)]))
    expect(user?.id).toBeString()
    expect(total).toBe(1)
    expect(wordsOf(db.sent)).toEqual(['begin', 'set', 'insert', 'select', 'commit'])
    expect(await countUsers(tenant)).toBe(1)
  })

  test('that are not prepared go in one message with what cleans the connection behind them', async () => {
    await using db = await opened()
    const work = (tx: TenantTx) => [tx.$count(users), idsOf(tx)]
    expect(await withTenant(db.tenant, () => db.write(work))).toEqual([1, [{ id: db.userId }]])
    const words = wordsOf(db.sent)
    expect(words.slice(0, 6)).toEqual(['begin', 'set', 'select', 'select', 'select', 'set']) // the fifth compares the settings
    expect(words).toContain('discard')
    expect(words.at(-1)).toBe('commit')
  })

  test.each([
    ['one of Drizzle', false, idsOf],
    ['a count', false, (tx) => tx.$count(users)],
    ['SQL', false, (tx) => tx.execute(sql`select 1`)],
    ['a prepared one', true, (tx) => userById(tx, { id: crypto.randomUUID() })],
    ['a bounded count', true, countAll],
    ['a mapped one', false, (tx) => one(idsOf(tx))],
  ] satisfies [string, boolean, (tx: TenantTx) => PromiseLike<unknown>][])(
    'leave no transaction open: %s',
    async (_kind, isPrepared, work: (tx: TenantTx) => PromiseLike<unknown>) => {
      await using db = await opened()
      await withTenant(db.tenant, () => db.read(work))
      expect(db.sent.filter((text) => text === 'commit')).toHaveLength(isPrepared ? 0 : 1)
      const seen = await withTenant(db.tenant, () =>
        db.write((tx) => tx.execute(sql`select pg_current_xact_id_if_assigned() as id`)),
      )
      expect(seen).toEqual([{ id: null }] as never)
    },
  )

  test('are read only, out of a read', async () => {
    const error = await withTenant(newTenant(), () => failureOf(db.read((tx) => insertUser(tx))))
    expect(findDatabaseError(error)?.sqlstate).toBe('25006')
  })

  test('see one snapshot, out of a read', async () => {
    const [row] = await withTenant(newTenant(), () =>
      db.read((tx) => [
        tx.execute<{ level: string }>(sql`select current_setting('transaction_isolation') as level`),
        tx.$count(users),
      ]),
    )
    expect(row).toEqual([{ level: 'repeatable read' }] as never)
  })

  test('leave nothing when one of them fails, out of a write', async () => {
    await using db = await opened()
    const tenant = newTenant()
    const work = withTenant(tenant, () => failureOf(db.write((tx) => [insertUser(tx), tx.execute(sql`select 1 / 0`)])))
    expect(findDatabaseError(await work)?.sqlstate).toBe('22012')
    expect(await work).not.toBeInstanceOf(TenantNotConfirmed)
    expect(await countUsers(tenant)).toBe(0)
    expect(await withTenant(tenant, () => db.read((tx) => tx.$count(users)))).toBe(0)
  })

  test('leave nothing when one of them cannot be built, out of a write', async () => {
    const tenant = newTenant()
    const refused = (tx: TenantTx) => tx.update(users).set({})
    await withTenant(tenant, () => failureOf(db.write((tx) => [insertUser(tx), refused(tx)])))
    expect(await countUsers(tenant)).toBe(0)
  })

  test('commit nothing beside a query that is neither returned nor awaited', async () => {
    await using db = await opened()
    const tenant = newTenant()
    const work = (tx: TenantTx) => {
      allIds(tx, {})
      return newUser(tx, newEmail())
    }
    expect(await withTenant(tenant, () => failureOf(db.write(work)))).toBeInstanceOf(TransactionMisuse)
    expect(await countUsers(tenant)).toBe(0)
  })

  test('give no rows when the tenant was not confirmed', async () => {
    const answer = (text: string, given: StatementResult) =>
      setsTenant(text) ? { ...given, rows: [[newTenant(), '']] } : given
    await using db = openDatabase({}, { answer })
    const seen: unknown[] = []
    const work = (tx: TenantTx) => mapped(tx.$count(users), (count) => seen.push(count))
    for (let n = 0; n < 2; n += 1)
      expect(await withTenant(newTenant(), () => failureOf(db.read(work)))).toBeInstanceOf(TenantNotConfirmed)
    expect(seen).toEqual([])
  })

  test('join an open transaction', async () => {
    const { tenant } = await tenantWithUser(db)
    const counts = await withTenant(tenant, () =>
      db.write(async (tx) => {
        await addUser(tx)
        return [...(await db.read((inner) => [inner.$count(users)])), await db.read((inner) => countAll(inner))]
      }),
    )
    expect(counts).toEqual([2, 2])
  })

  test('may be none', async () => {
    await using db = await opened()
    const work: TenantTx[] = []
    expect(await withTenant(db.tenant, () => db.write((tx) => work.map((_each) => tx.$count(users))))).toEqual([])
    expect(db.sent).toEqual([])
  })

  test('are waited for when the work has sent others before', async () => {
    await using db = await opened()
    const results: unknown[] = []
    const work = (tx: TenantTx) => {
      void idsOf(tx).then((rows) => results.push(rows))
      return tx.$count(users)
    }
    expect(await withTenant(db.tenant, () => db.write(work))).toBe(1)
    expect(results).toEqual([[{ id: db.userId }]])
    expect(db.sent.at(-1)).toBe('commit')
  })
})

describe('a query that is started behind the returned ones', () => {
  test('is refused, because their COMMIT is in the message', async () => {
    await using db = await opened()
    const late: unknown[] = []
    const work = (tx: TenantTx) => {
      queueMicrotask(() => void failureOf(tx.execute(sql`select 'late'`).execute()).then((error) => late.push(error)))
      return tx.$count(users)
    }
    await withTenant(db.tenant, () => db.read(work))
    expect(late).toEqual([expect.any(TransactionMisuse)])
    expect(db.sent).not.toContain(`select 'late'`)
  })
})

describe('a prepared query or a bounded count', () => {
  test.each([
    ['a prepared query', (tx: TenantTx) => userById(tx, { id: crypto.randomUUID() })],
    ['a bounded count', countAll],
    ['a mapped one', (tx: TenantTx) => mapped(countAll(tx), String)],
  ])('that is neither awaited nor returned fails its transaction: %s', async (_kind, query) => {
    const tenant = newTenant()
    const forgets = async (tx: TenantTx) => {
      await addUser(tx)
      query(tx)
    }
    expect(await withTenant(tenant, () => failureOf(db.write(forgets)))).toBeInstanceOf(TransactionMisuse)
    expect(await countUsers(tenant)).toBe(0)
  })

  test('that is awaited twice is sent once', async () => {
    await using db = await opened()
    const work = async (tx: TenantTx) => {
      const query = countAll(tx)
      return [await query, await query]
    }
    expect(await withTenant(db.tenant, () => db.read(work))).toEqual([1, 1])
    expect(db.sent.filter((text) => text.includes('count('))).toHaveLength(1)
  })
})

describe('a mapping', () => {
  test('of the first row returns it, or undefined', async () => {
    const { tenant, userId } = await tenantWithUser(db)
    const find = (id: string) => withTenant(tenant, () => db.read((tx) => one(userById(tx, { id }))))
    expect(await find(userId)).toMatchObject({ id: userId })
    expect(await find(crypto.randomUUID())).toBeUndefined()
  })

  test('to whether a row exists returns a boolean', async () => {
    const { tenant, userId } = await tenantWithUser(db)
    const isThere = (id: string) => withTenant(tenant, () => db.read((tx) => exists(userById(tx, { id }))))
    expect([await isThere(userId), await isThere(crypto.randomUUID())]).toEqual([true, false])
  })

  test('of several queries gets the result of each', async () => {
    await using db = await opened()
    const both = (tx: TenantTx) =>
      mapped([allIds(tx, {}), countAll(tx)], ([rows, total]) => ({ ids: rows.length, total }))
    expect(await withTenant(db.tenant, () => db.write((tx) => both(tx)))).toEqual({ ids: 1, total: 1 })
    expect(wordsOf(db.sent)).toEqual(['begin', 'set', 'select', 'select', 'commit'])
  })

  test('that throws is misuse, and nothing is retried', async () => {
    const tenant = newTenant()
    let calls = 0
    const refuse = () => {
      calls += 1
      throw Object.assign(new pg.DatabaseError('no', 0, 'error'), { code: '40001' })
    }
    const error = await withTenant(tenant, () => failureOf(db.write((tx) => mapped(insertUser(tx), refuse))))
    expect(error).toBeInstanceOf(TransactionMisuse)
    expect((error as Error).message).toContain('may run after COMMIT')
    expect(calls).toBe(1)
  })
})
