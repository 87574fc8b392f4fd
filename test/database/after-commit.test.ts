import { describe, expect, spyOn, test } from 'bun:test'
import { sql } from 'drizzle-orm'
import { users } from '../../db/schema/users.ts'
import { runInContext } from '../../src/context/context.ts'
import { tenantContext } from '../../src/context/index.ts'
import { createPool, createTenantDatabase, mapped, type TenantTx, TransactionMisuse } from '../../src/database/index.ts'
import { db, main } from '../database.ts'
import { contextOf, newTenant, tenantIds, withTenant } from '../tenants.ts'
import { addUser, countUsers, failureOf, openDatabase, openDatabaseWith } from './shared-database.ts'

const raise = (tx: TenantTx, sqlstate: string) => tx.execute(sql`select raise(${sqlstate})`)
const insertUser = (tx: TenantTx) => tx.insert(users).values({ email: `${newTenant()}@a.example`, name: 'Ada' })

/** A database that records what functions of `tx.afterCommit` throw. */
function openRecording() {
  const errors: unknown[] = []
  const both = Promise.withResolvers<void>()
  const onAfterCommitError = (error: unknown) => {
    if (errors.push(error) === 2) both.resolve()
  }
  return Object.assign(openDatabaseWith({ onAfterCommitError }, { url: main.appUrl }), { errors, both: both.promise })
}

describe('what is registered for after COMMIT', () => {
  test('is called in its order, once, after the outermost COMMIT', async () => {
    await using database = openDatabase()
    const tenant = newTenant()
    const seen: unknown[] = []
    const note = (name: string) => () => seen.push([name, database.sent.at(-1)])
    await withTenant(tenant, () =>
      database.write(async (tx) => {
        tx.afterCommit(note('one'))
        await database.write((inner) => {
          inner.afterCommit(note('joined'))
          return addUser(inner)
        })
        await tx.transaction(async (inner) => inner.afterCommit(note('savepoint')))
        tx.afterCommit(note('last'))
        expect(seen).toEqual([])
      }),
    )
    expect(seen).toEqual(['one', 'joined', 'savepoint', 'last'].map((name) => [name, 'commit']))
  })

  test('is called when the transaction is one message', async () => {
    const tenant = newTenant()
    const counted = Promise.withResolvers<number>()
    const work = (tx: TenantTx) => {
      tx.afterCommit(() => countUsers(tenant).then(counted.resolve, counted.reject))
      return insertUser(tx)
    }
    await withTenant(tenant, () => db.write(work))
    expect(await counted.promise).toBe(1)
  })

  test('is called when the transaction sent no query', async () => {
    let calls = 0
    await withTenant(newTenant(), () => db.write(async (tx) => tx.afterCommit(() => (calls += 1))))
    expect(calls).toBe(1)
  })

  test('is called although the mapping of the rows fails behind COMMIT', async () => {
    let calls = 0
    const work = (tx: TenantTx) => {
      tx.afterCommit(() => (calls += 1))
      return mapped(insertUser(tx), () => {
        throw new Error('no')
      })
    }
    await withTenant(newTenant(), () => failureOf(db.write(work)))
    expect(calls).toBe(1)
  })

  test('is called when a read has ended', async () => {
    const called = Promise.withResolvers<void>()
    await withTenant(newTenant(), () =>
      db.read((tx) => {
        tx.afterCommit(called.resolve)
        return tx.$count(users)
      }),
    )
    await called.promise
  })

  test.each<[string, (tx: TenantTx) => unknown]>([
    ['its work fails', () => Promise.reject(new Error('no'))],
    ['a query fails', (tx) => tx.execute(sql`select 1 / 0`)],
    ['it is rolled back', (tx) => tx.rollback()],
    ['a query is not awaited', (tx) => void addUser(tx).catch(() => {})],
  ])('is dropped when %s', async (_when, fail) => {
    let calls = 0
    const work = async (tx: TenantTx) => {
      tx.afterCommit(() => (calls += 1))
      await addUser(tx)
      await fail(tx)
    }
    await withTenant(newTenant(), () => failureOf(db.write(work)))
    expect(calls).toBe(0)
  })

  test('is dropped when COMMIT fails', async () => {
    let calls = 0
    const before = (text: string) => {
      if (text === 'commit') throw new Error('The connection was lost')
    }
    await using database = openDatabase({}, { before })
    const work = async (tx: TenantTx) => {
      await addUser(tx)
      tx.afterCommit(() => (calls += 1))
    }
    await withTenant(newTenant(), () => failureOf(database.write(work)))
    expect(calls).toBe(0)
  })

  test('is dropped with the outermost transaction, although a joined one has ended', async () => {
    let calls = 0
    const work = () =>
      db.write(async (tx) => {
        await db.write((inner) => {
          inner.afterCommit(() => (calls += 1))
          return addUser(inner)
        })
        tx.rollback()
      })
    await withTenant(newTenant(), () => failureOf(work()))
    expect(calls).toBe(0)
  })

  test('is dropped with the savepoint that is taken back', async () => {
    const calls: string[] = []
    await withTenant(newTenant(), () =>
      db.write(async (tx) => {
        tx.afterCommit(() => calls.push('transaction'))
        const work = async (inner: TenantTx) => {
          inner.afterCommit(() => calls.push('savepoint'))
          await inner.transaction(async (deeper) => deeper.afterCommit(() => calls.push('deeper')))
          inner.rollback()
        }
        await tx.transaction(work).catch(() => {})
      }),
    )
    expect(calls).toEqual(['transaction'])
  })

  test('is dropped with an attempt that is tried again', async () => {
    const calls: number[] = []
    let runs = 0
    await withTenant(newTenant(), () =>
      db.write(async (tx) => {
        runs += 1
        const run = runs
        tx.afterCommit(() => calls.push(run))
        if (run === 1) await raise(tx, '40001')
      }),
    )
    expect(calls).toEqual([2])
  })

  test('cannot be registered after the transaction', async () => {
    const escaped: TenantTx[] = []
    await withTenant(newTenant(), () => db.write(async (tx) => void escaped.push(tx)))
    expect(() => escaped[0]?.afterCommit(() => {})).toThrow(TransactionMisuse)
  })
})

describe('a function after COMMIT', () => {
  test('has the tenant of its transaction, and can begin another one on a pool of one', async () => {
    await using database = openDatabase()
    const [a, b] = [newTenant(), newTenant()]
    const found: Promise<unknown>[] = []
    const write = (tenant: string) =>
      withTenant(
        tenant,
        () =>
          database.write(async (tx) => {
            await addUser(tx, tenant)
            tx.afterCommit(() => {
              const { tenantId, actor } = tenantContext() ?? {}
              found.push(
                database
                  .write((own) => own.select({ name: users.name }).from(users))
                  .then((rows) => [tenantId, actor, rows]),
              )
            })
          }),
        { actor: `of ${tenant}` },
      )
    await Promise.all([write(a), write(b)])
    const expected = [a, b].map((tenant) => [tenant, `of ${tenant}`, [{ name: tenant }]])
    expect((await Promise.all(found)).toSorted()).toEqual(expected.toSorted())
  })

  test('is called although the client has disconnected meanwhile', async () => {
    const controller = new AbortController()
    const counted = Promise.withResolvers<number>()
    await runInContext({ ...contextOf(newTenant()), signal: controller.signal }, () =>
      db.write((tx) => {
        tx.afterCommit(() => {
          controller.abort()
          db.read((own) => own.$count(users)).then(counted.resolve, counted.reject)
        })
        return insertUser(tx)
      }),
    )
    expect(await counted.promise).toBe(1)
  })

  test('that fails goes to the listener, and changes neither the result nor the others', async () => {
    await using database = openRecording()
    const [thrown, rejected] = [new Error('thrown'), new Error('rejected')]
    const calls: string[] = []
    const result = await withTenant(newTenant(), () =>
      database.write(async (tx) => {
        tx.afterCommit(() => {
          throw thrown
        })
        tx.afterCommit(() => Promise.reject(rejected))
        tx.afterCommit(() => calls.push('last'))
        return 'done'
      }),
    )
    expect([result, calls]).toEqual(['done', ['last']])
    await database.both
    expect(database.errors).toEqual([thrown, rejected])
  })

  test('that fails is logged by the name of its error where there is no listener', async () => {
    const logged = spyOn(console, 'error').mockImplementation(() => {})
    await withTenant(newTenant(), () =>
      db.write(async (tx) =>
        tx.afterCommit(() => {
          throw new RangeError('a secret')
        }),
      ),
    )
    const { calls } = logged.mock
    logged.mockRestore()
    expect(calls).toEqual([['A function of tx.afterCommit failed: RangeError']])
  })

  test('is waited for by the runtime, not by the write', async () => {
    const waited: Promise<void>[] = []
    const waitUntil = (ending: Promise<void>) => void waited.push(ending)
    const database = createTenantDatabase({
      connections: { ...createPool({ url: main.appUrl, size: 1 }), waitUntil },
      ...tenantIds,
    })
    const end = Promise.withResolvers<void>()
    const steps: string[] = []
    await withTenant(newTenant(), () =>
      database.write(async (tx) =>
        tx.afterCommit(async () => {
          await end.promise
          await new Promise(setImmediate)
          steps.push('ended')
        }),
      ),
    )
    steps.push('written')
    end.resolve()
    await Promise.all(waited)
    expect(steps).toEqual(['written', 'ended'])
    await database.close()
  })
})
