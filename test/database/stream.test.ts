import { describe, expect, test } from 'bun:test'
import { asc, eq, sql } from 'drizzle-orm'
import { users } from '../../db/schema/users.ts'
import { type StatementResult, type TenantTx, TransactionMisuse } from '../../src/database/index.ts'
import { findDatabaseError } from '../../src/errors/index.ts'
import { db } from '../database.ts'
import { newTenant, withTenant } from '../tenants.ts'
import { addUser, backendOf, failureOf, openDatabase, tenantWithUser, terminate } from './shared-database.ts'

const total = 2500
const numbers = (tx: TenantTx, last = total) =>
  tx.select({ n: sql<number>`n` }).from(sql`generate_series(1, ${last}::int) as n`)
const openCursors = async (tx: TenantTx) => [
  ...(await tx.execute(sql`select name from pg_catalog.pg_cursors where name <> ''`)),
]

/** A database that records how many rows each message returned. */
function openCounting() {
  const counts: number[] = []
  const answer = (text: string, result: StatementResult) => {
    if (text.startsWith('fetch')) counts.push(result.rows.length)
    return result
  }
  return Object.assign(openDatabase({}, { answer }), { counts })
}

async function read<Row>(rows: AsyncIterable<Row>, most = Number.POSITIVE_INFINITY): Promise<Row[]> {
  const found: Row[] = []
  for await (const row of rows) {
    found.push(row)
    if (found.length === most) break
  }
  return found
}

describe('a stream', () => {
  test('has every row once, in the order of the query, and never more than a batch in memory', async () => {
    await using database = openCounting()
    const rows = await withTenant(newTenant(), () =>
      database.read((tx) => read(tx.stream(numbers(tx), { batch: 1000 }))),
    )
    expect(rows).toEqual(Array.from({ length: total }, (_, index) => ({ n: index + 1 })))
    expect(database.counts).toEqual([1000, 1000, 500])
  })

  test('has rows as the query maps them, with its parameters', async () => {
    const { tenant, userId } = await tenantWithUser(db)
    const [row] = await withTenant(tenant, () =>
      db.read((tx) => read(tx.stream(tx.select().from(users).where(eq(users.id, userId))))),
    )
    expect(row).toMatchObject({ id: userId, name: 'Ada', createdAt: expect.any(Date) })
  })

  test.each([0, 1, 3, 4])('of %d rows in batches of two ends after the last row', async (last) => {
    const work = (tx: TenantTx) => read(tx.stream(numbers(tx, last), { batch: 2 }))
    expect(await withTenant(newTenant(), () => db.read(work))).toHaveLength(last)
  })

  test('has no rows of another tenant', async () => {
    const [a] = [await tenantWithUser(db), await tenantWithUser(db)]
    const work = (tx: TenantTx) => read(tx.stream(tx.select({ id: users.id }).from(users), { batch: 1 }))
    expect(await withTenant(a.tenant, () => db.read(work))).toEqual([{ id: a.userId }])
  })

  test('lets other queries run between its batches', async () => {
    const tenant = newTenant()
    const work = async (tx: TenantTx) => {
      for await (const { n } of tx.stream(numbers(tx, 4), { batch: 2 })) await addUser(tx, `user ${n}`)
      return await tx.select({ name: users.name }).from(users).orderBy(asc(users.name))
    }
    expect(await withTenant(tenant, () => db.write(work))).toHaveLength(4)
  })

  test('lets a savepoint be taken back between its batches', async () => {
    const work = async (tx: TenantTx) => {
      const found: number[] = []
      for await (const { n } of tx.stream(numbers(tx, 4), { batch: 2 })) {
        await tx.transaction((inner) => inner.execute(sql`select 1 / 0`)).catch(() => {})
        found.push(n)
      }
      return found
    }
    expect(await withTenant(newTenant(), () => db.write(work))).toEqual([1, 2, 3, 4])
  })
})

describe('the end of a stream', () => {
  test.each([1, 2500])('closes it, after %d rows', async (most) => {
    const work = async (tx: TenantTx) => {
      await read(tx.stream(numbers(tx)), most)
      expect(await openCursors(tx)).toEqual([])
      return await read(tx.stream(numbers(tx, 2)))
    }
    expect(await withTenant(newTenant(), () => db.read(work))).toHaveLength(2)
  })

  test('is the end of the transaction, of the savepoint, or a failure, whichever comes first', async () => {
    await using database = openDatabase()
    const begin = async (tx: TenantTx) => void (await tx.stream(numbers(tx))[Symbol.asyncIterator]().next())
    await withTenant(newTenant(), () =>
      database.write(async (tx) => {
        await tx.transaction(begin)
        expect(await openCursors(tx)).toEqual([])
        await tx.transaction(async (inner) => [await begin(inner), inner.rollback()]).catch(() => {})
        expect(await openCursors(tx)).toEqual([])
        await begin(tx)
      }),
    )
    await withTenant(newTenant(), () => failureOf(database.write(async (tx) => [await begin(tx), tx.rollback()])))
    await withTenant(newTenant(), () => database.write(async (tx) => expect(await openCursors(tx)).toEqual([])))
  })

  test('comes with the transaction for a loop that goes on, in the transaction of another tenant too', async () => {
    await using database = openDatabase()
    const escaped: AsyncIterator<unknown>[] = []
    const begin = async (tx: TenantTx) => {
      const rows = tx.stream(numbers(tx), { batch: 1 })[Symbol.asyncIterator]()
      escaped.push(rows)
      await rows.next()
    }
    for (let n = 0; n < 2; n += 1) await withTenant(newTenant(), () => database.read(begin))
    const next = (index: number) => failureOf(Promise.resolve(escaped[index]?.next()))
    const b = await tenantWithUser(database)
    await withTenant(b.tenant, () =>
      database.read(async (tx) => {
        expect(await next(0)).toBeInstanceOf(TransactionMisuse)
        expect(await read(tx.stream(tx.select({ id: users.id }).from(users)))).toEqual([{ id: b.userId }])
      }),
    )
    expect(await next(1)).toBeInstanceOf(TransactionMisuse)
  })
})

describe('a stream is refused', () => {
  test('while another one of the transaction is open', async () => {
    const work = async (tx: TenantTx) => {
      for await (const _ of tx.stream(numbers(tx))) {
        expect(await failureOf(read(tx.stream(numbers(tx))))).toBeInstanceOf(TransactionMisuse)
        const inSavepoint = tx.transaction((inner) => read(inner.stream(numbers(inner))))
        expect(await failureOf(inSavepoint)).toBeInstanceOf(TransactionMisuse)
        break
      }
      return await read(tx.stream(numbers(tx, 1)))
    }
    expect(await withTenant(newTenant(), () => db.read(work))).toHaveLength(1)
  })

  test('for a statement that is no SELECT, and for a batch of no rows', async () => {
    await withTenant(newTenant(), () =>
      db.write(async (tx) => {
        const insert = tx.insert(users).values({ email: 'a@a.example', name: 'A' }).returning()
        expect(() => tx.stream(insert)).toThrow(TransactionMisuse)
        expect(() => tx.stream(numbers(tx), { batch: 0 })).toThrow(TypeError)
      }),
    )
  })

  test('in the context of another tenant', async () => {
    const work = async (tx: TenantTx) => {
      const rows = tx.stream(numbers(tx), { batch: 1 })[Symbol.asyncIterator]()
      await rows.next()
      expect(await withTenant(newTenant(), () => failureOf(rows.next()))).toBeInstanceOf(TransactionMisuse)
    }
    await withTenant(newTenant(), () => db.read(work))
  })
})

describe('a failure of a stream', () => {
  const failsAt = (tx: TenantTx, last: number) =>
    tx.select({ n: sql<number>`6 / (${last}::int - n)` }).from(sql`generate_series(1, 10) as n`)

  test('fails its transaction, as that of a query does', async () => {
    const seen: unknown[] = []
    const work = async (tx: TenantTx) => {
      await addUser(tx)
      for await (const row of tx.stream(failsAt(tx, 4), { batch: 2 })) seen.push(row)
    }
    const error = await withTenant(newTenant(), () => failureOf(db.write(work)))
    expect(findDatabaseError(error)?.sqlstate).toBe('22012')
    expect(seen).toHaveLength(2)
  })

  test('can be taken back with a savepoint, and another stream begins', async () => {
    const work = async (tx: TenantTx) => {
      const error = await failureOf(tx.transaction((inner) => read(inner.stream(failsAt(inner, 4), { batch: 2 }))))
      expect(findDatabaseError(error)?.sqlstate).toBe('22012')
      return await read(tx.stream(numbers(tx, 3)))
    }
    expect(await withTenant(newTenant(), () => db.read(work))).toHaveLength(3)
  })

  test('is a lost connection too', async () => {
    const work = async (tx: TenantTx) => {
      for await (const { n } of tx.stream(numbers(tx), { batch: 1 })) if (n === 1) await terminate(await backendOf(tx))
    }
    expect(await withTenant(newTenant(), () => failureOf(db.write(work)))).toMatchObject({
      code: 'SERVICE_UNAVAILABLE',
    })
  })

  test('is a function of its query that changes the tenant, before a row of the batch is seen', async () => {
    const b = await tenantWithUser(db)
    const seen: unknown[] = []
    const changing = (tx: TenantTx) =>
      tx
        .select({ id: sql`case when n = 3 then set_config('app.current_tenant', ${b.tenant}, true) end` })
        .from(sql`generate_series(1, 4) as n`)
    const work = async (tx: TenantTx) => {
      for await (const row of tx.stream(changing(tx), { batch: 2 })) seen.push(row)
    }
    expect(await withTenant(newTenant(), () => failureOf(db.write(work)))).toBeInstanceOf(TransactionMisuse)
    expect(seen).toEqual([{ id: null }, { id: null }])
  })
})
