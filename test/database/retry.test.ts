import { describe, expect, test } from 'bun:test'
import { eq, sql } from 'drizzle-orm'
import { Hono } from 'hono'
import { users } from '../../db/schema/users.ts'
import { runInContext } from '../../src/context/context.ts'
import { parseTenantId, withTenant } from '../../src/context/index.ts'
import type { TenantTx } from '../../src/database/index.ts'
import { createErrorHandler, findDatabaseError } from '../../src/errors/index.ts'
import { db, newTenant } from '../database.ts'
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

const raise = (tx: TenantTx, sqlstate: string) =>
  tx.execute(sql.raw(`do $$ begin raise exception 'no' using errcode = '${sqlstate}'; end $$`))

describe('a transaction that may succeed the second time', () => {
  test.each(['40001', '40P01', '55P03'])('is run again after %s, in a new transaction', async (sqlstate) => {
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

  test.each(['read', 'write'] as const)('is run twice and no more: %s', async (mode) => {
    let runs = 0
    const work = async (tx: TenantTx) => {
      runs += 1
      await raise(tx, '40001')
    }
    const error = await withTenant(newTenant(), () => failureOf(db[mode](work)))
    expect(findDatabaseError(error)?.sqlstate).toBe('40001')
    expect(runs).toBe(2)
  })

  test('is run again as a whole when an inner call failed', async () => {
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

  test.each(['23505', '22012', 'P0001'])('is not run again after %s', async (sqlstate) => {
    let runs = 0
    const work = async (tx: TenantTx) => {
      runs += 1
      await raise(tx, sqlstate)
    }
    await withTenant(newTenant(), () => failureOf(db.write(work)))
    expect(runs).toBe(1)
  })

  test('gets through a deadlock of two', async () => {
    await using door = openDatabase({ size: 2 })
    const { tenant, userId: one } = await tenantWithUser(door)
    const two = await withTenant(tenant, () => door.write((tx) => addUser(tx)))
    const bothHoldOne = gate(2)
    const winner = Promise.withResolvers<void>()
    let runs = 0
    const swap = (ids: [string, string]) =>
      door.write(async (tx) => {
        runs += 1
        // PostgreSQL wakes the winner up; without waiting for it the loser could be faster and meet it again.
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

  test('waits for a lock twice as long as the lock timeout and then fails', async () => {
    await using door = openDatabase({ url: withSettings({ lock_timeout: '50ms' }) })
    const { tenant, userId } = await tenantWithUser(door)
    let runs = 0
    await owner.begin(async (outside) => {
      await outside`select from users where id = ${userId} for update`
      const work = async (tx: TenantTx) => {
        runs += 1
        await tx.update(users).set({ name: 'Grace' })
      }
      const error = await withTenant(tenant, () => failureOf(door.write(work)))
      expect(findDatabaseError(error)?.sqlstate).toBe('55P03')
    })
    expect(runs).toBe(2)
  })
})

test('a statement that takes too long is 503', async () => {
  await using door = openDatabase({ url: withSettings({ statement_timeout: '20ms' }) })
  const app = new Hono()
  app.onError(createErrorHandler())
  app.get('/', async (c) => {
    await withTenant(newTenant(), () => door.read((tx) => tx.execute(sql`select pg_sleep(60)`)))
    return c.text('done')
  })
  const response = await app.request('/')
  expect(response.status).toBe(503)
  expect(response.headers.get('Retry-After')).toBe('1')
})

describe('a signal that is aborted', () => {
  const tenant = () => parseTenantId(newTenant()) ?? expect.unreachable()
  const reason = new Error('The client has gone')

  test('before the call: nothing is sent', async () => {
    await using door = openDatabase()
    const context = { tenantId: tenant(), signal: AbortSignal.abort(reason) }
    expect(await runInContext(context, () => failureOf(door.write((tx) => addUser(tx))))).toBe(reason)
    expect(door.sent).toEqual([])
  })

  test('between two queries: the second is not sent and the first not committed', async () => {
    await using door = openDatabase()
    const controller = new AbortController()
    const context = { tenantId: tenant(), signal: controller.signal }
    const work = async (tx: TenantTx) => {
      await addUser(tx)
      controller.abort(reason)
      await tx.execute(sql`select 'second'`)
    }
    expect(await runInContext(context, () => failureOf(door.write(work)))).toBe(reason)
    expect(door.sent).not.toContain(`select 'second'`)
    expect(await countUsers(context.tenantId)).toBe(0)
  })

  test('after the last query: nothing is committed', async () => {
    const controller = new AbortController()
    const context = { tenantId: tenant(), signal: controller.signal }
    const work = async (tx: TenantTx) => {
      await addUser(tx)
      controller.abort(reason)
    }
    expect(await runInContext(context, () => failureOf(db.write(work)))).toBe(reason)
    expect(await countUsers(context.tenantId)).toBe(0)
  })

  test('after the first of two runs: there is no second', async () => {
    const controller = new AbortController()
    const context = { tenantId: tenant(), signal: controller.signal }
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
