import { describe, expect, test } from 'bun:test'
import { eq, sql } from 'drizzle-orm'
import { Hono } from 'hono'
import { users } from '../../db/schema/users.ts'
import { runInContext } from '../../src/context/context.ts'
import type { IsolationLevel, TenantTx } from '../../src/database/index.ts'
import { createErrorHandler, findDatabaseError } from '../../src/errors/index.ts'
import { db } from '../database.ts'
import { contextOf, newTenant, withTenant } from '../tenants.ts'
import {
  addUser,
  countUsers,
  failureOf,
  gate,
  openDatabase,
  owner,
  tenantWithUser,
  withSettings,
} from './shared-database.ts'

const raise = (tx: TenantTx, sqlstate: string) => tx.execute(sql`select raise(${sqlstate})`)

describe('a transaction that can succeed a second time', () => {
  test.each(['40001', '40P01', '55P03'])('runs again after %s, in a new transaction', async (sqlstate) => {
    const tenant = newTenant()
    let runs = 0
    await withTenant(tenant, () =>
      db.write(async (tx) => {
        await addUser(tx)
        runs += 1
        if (runs === 1) await raise(tx, sqlstate)
      }),
    )
    expect(runs).toBe(2)
    expect(await countUsers(tenant)).toBe(1)
  })

  test.each(['read', 'write'] as const)('runs at most twice: %s', async (mode) => {
    let runs = 0
    const work = async (tx: TenantTx) => {
      runs += 1
      await raise(tx, '40001')
    }
    const error = await withTenant(newTenant(), () => failureOf(db[mode](work)))
    expect(findDatabaseError(error)?.sqlstate).toBe('40001')
    expect(runs).toBe(2)
  })

  test.each<[IsolationLevel | undefined, number]>([
    ['serializable', 3],
    ['repeatable read', 2],
    ['read committed', 2],
  ])('runs at most as often as its isolation level needs: %s, %d times', async (isolation, most) => {
    for (const sqlstate of ['40001', '40P01']) {
      let runs = 0
      const work = async (tx: TenantTx) => {
        runs += 1
        await raise(tx, sqlstate)
      }
      await withTenant(newTenant(), () => failureOf(db.write(work, { isolation })))
      expect(runs).toBe(most)
    }
  })

  test('runs again as a whole when a savepoint failed', async () => {
    const tenant = newTenant()
    let runs = 0
    await withTenant(tenant, () =>
      db.write(async (tx) => {
        await addUser(tx)
        runs += 1
        await tx.transaction((inner) => (runs === 1 ? raise(inner, '40001') : inner.execute(sql`select 1`)))
      }),
    )
    expect([runs, await countUsers(tenant)]).toEqual([2, 1])
  })

  test('runs again as a whole when an inner call failed', async () => {
    const runs = { outer: 0, inner: 0 }
    await withTenant(newTenant(), () =>
      db.write(async () => {
        runs.outer += 1
        await db.write(async (tx) => {
          runs.inner += 1
          if (runs.inner === 1) await raise(tx, '40001')
        })
      }),
    )
    expect(runs).toEqual({ outer: 2, inner: 2 })
  })

  test.each(['23505', '22012', 'P0001'])('does not run again after %s', async (sqlstate) => {
    let runs = 0
    const work = async (tx: TenantTx) => {
      runs += 1
      await raise(tx, sqlstate)
    }
    await withTenant(newTenant(), () => failureOf(db.write(work)))
    expect(runs).toBe(1)
  })

  test('succeeds after a deadlock with another one', async () => {
    await using database = openDatabase({ size: 2 })
    const { tenant, userId: one } = await tenantWithUser(database)
    const two = await withTenant(tenant, () => database.write((tx) => addUser(tx)))
    const bothHoldOne = gate(2)
    const winner = Promise.withResolvers<void>()
    let runs = 0
    const swap = (ids: [string, string]) =>
      database.write(async (tx) => {
        runs += 1
        // The second run waits for the winner of the deadlock: it could otherwise meet it again.
        if (runs > 2) await winner.promise
        await tx.update(users).set({ name: 'first' }).where(eq(users.id, ids[0]))
        await bothHoldOne()
        await tx.update(users).set({ name: 'second' }).where(eq(users.id, ids[1]))
      })
    await withTenant(tenant, () =>
      Promise.all([swap([one, two]), swap([two, one])].map((swapped) => swapped.then(winner.resolve))),
    )
    expect(runs).toBe(3)
  })

  test('waits for a lock for two lock timeouts and then fails', async () => {
    await using database = openDatabase({ url: withSettings({ lock_timeout: '50ms' }) })
    const { tenant, userId } = await tenantWithUser(database)
    let runs = 0
    await owner.begin(async (outside) => {
      await outside`select from users where id = ${userId} for update`
      const work = async (tx: TenantTx) => {
        runs += 1
        await tx.update(users).set({ name: 'Grace' })
      }
      const error = await withTenant(tenant, () => failureOf(database.write(work)))
      expect(findDatabaseError(error)?.sqlstate).toBe('55P03')
    })
    expect(runs).toBe(2)
  })
})

test('a statement that exceeds its timeout is answered with 503', async () => {
  await using database = openDatabase({ url: withSettings({ statement_timeout: '20ms' }) })
  const app = new Hono()
  app.onError(createErrorHandler())
  app.get('/', async (c) => {
    await withTenant(newTenant(), () => database.read((tx) => tx.execute(sql`select pg_sleep(60)`)))
    return c.text('done')
  })
  const response = await app.request('/')
  expect(response.status).toBe(503)
  expect(response.headers.get('Retry-After')).toBe('1')
})

describe('an aborted signal', () => {
  const reason = new Error('The client disconnected')

  test('before the call sends nothing', async () => {
    await using database = openDatabase()
    const context = { ...contextOf(newTenant()), signal: AbortSignal.abort(reason) }
    expect(await runInContext(context, () => failureOf(database.write((tx) => addUser(tx))))).toBe(reason)
    expect(database.sent).toEqual([])
  })

  test('between two queries keeps the second unsent and the first uncommitted', async () => {
    await using database = openDatabase()
    const controller = new AbortController()
    const context = { ...contextOf(newTenant()), signal: controller.signal }
    const work = async (tx: TenantTx) => {
      await addUser(tx)
      controller.abort(reason)
      await tx.execute(sql`select 'second'`)
    }
    expect(await runInContext(context, () => failureOf(database.write(work)))).toBe(reason)
    expect(database.sent).not.toContain(`select 'second'`)
    expect(await countUsers(context.tenantId)).toBe(0)
  })

  test('after the last query commits nothing', async () => {
    const controller = new AbortController()
    const context = { ...contextOf(newTenant()), signal: controller.signal }
    const work = async (tx: TenantTx) => {
      await addUser(tx)
      controller.abort(reason)
    }
    expect(await runInContext(context, () => failureOf(db.write(work)))).toBe(reason)
    expect(await countUsers(context.tenantId)).toBe(0)
  })

  test('after the first run prevents the second', async () => {
    const controller = new AbortController()
    const context = { ...contextOf(newTenant()), signal: controller.signal }
    let runs = 0
    const work = async (tx: TenantTx) => {
      runs += 1
      await raise(tx, '40001').catch(() => {})
      controller.abort(reason)
    }
    await runInContext(context, () => failureOf(db.write(work)))
    expect(runs).toBe(1)
  })
})
