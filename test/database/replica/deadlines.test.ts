import { describe, expect, setDefaultTimeout, test } from 'bun:test'
import { sql } from 'drizzle-orm'
import { runInContext } from '../../../src/context/context.ts'
import type { TenantTx } from '../../../src/database/index.ts'
import { unavailable } from '../../../src/errors/index.ts'
import { until } from '../../runtime/child.ts'
import { contextOf, newTenant } from '../../tenants.ts'
import { failureOf, withSettings } from '../shared-database.ts'
import { asTenant, openPair } from './open-pair.ts'
import { pair, placeOf } from './pair.ts'

setDefaultTimeout(30_000)

// A read of one tenant takes too long on the standby. Reads of the others still go there.

type Pair = Awaited<ReturnType<typeof openPair>>
const placeOfAnother = (open: Pair) => asTenant(() => open.db.read(placeOf))
const sleep = (tx: TenantTx, seconds: number) => tx.execute(sql`select pg_sleep(${seconds}::int)`)
const pidOf = async (tx: TenantTx) =>
  Number((await tx.execute<{ pid: number }>(sql`select pg_backend_pid() as pid`))[0]?.pid)
const ended = (pid: number) =>
  until(async () => (await pair.onStandby`select from pg_stat_activity where pid = ${pid}`).length === 0)

describe('the standby stays in use after a read', () => {
  test('that reached a statement_timeout of its own, and the read is not run again', async () => {
    await using open = await openPair()
    let times = 0
    const work = async (tx: TenantTx) => {
      times += 1
      await tx.execute(sql`set local statement_timeout = 20`)
      await sleep(tx, 20)
    }
    expect(await failureOf(asTenant(() => open.db.read(work)))).toMatchObject({ code: '57014' })
    expect([times, await placeOfAnother(open), open.changes]).toEqual([1, 'standby', [true]])
  })

  test('whose request reached its deadline', async () => {
    await using open = await openPair()
    const deadline = new AbortController()
    const read = runInContext({ ...contextOf(newTenant()), signal: deadline.signal }, () =>
      open.db.read(async (tx) => {
        await placeOf(tx)
        deadline.abort(unavailable(new Error('The request took too long')))
        await placeOf(tx)
      }),
    )
    expect(await failureOf(read)).toBe(deadline.signal.reason)
    expect([await placeOfAnother(open), open.changes]).toEqual(['standby', [true]])
  })

  test('whose work threw SERVICE_UNAVAILABLE itself, and the read is not run again', async () => {
    await using open = await openPair()
    const failure = unavailable(new Error('Another service is down'))
    let times = 0
    const work = async (tx: TenantTx) => {
      await placeOf(tx)
      times += 1
      throw failure
    }
    expect(await failureOf(asTenant(() => open.db.read(work)))).toBe(failure)
    expect([times, await placeOfAnother(open), open.changes]).toEqual([1, 'standby', [true]])
  })

  test('that was idle for too long, and the read is not run again', async () => {
    const standbyUrl = withSettings({ idle_in_transaction_session_timeout: '20ms' }, pair.standbyUrl)
    await using open = await openPair({ standbyUrl })
    const places: string[] = []
    const work = async (tx: TenantTx) => {
      places.push(await placeOf(tx))
      await ended(await pidOf(tx))
      await placeOf(tx)
    }
    expect(await failureOf(asTenant(() => open.db.read(work)))).toMatchObject({ code: 'SERVICE_UNAVAILABLE' })
    expect([places, await placeOfAnother(open), open.changes]).toEqual([['standby'], 'standby', [true]])
  })

  test('whose connection the replay ended, and the read runs again on the primary', async () => {
    await pair.onStandby.unsafe('alter system set max_standby_streaming_delay = 0').simple()
    await pair.onStandby`select pg_reload_conf()`
    await using open = await openPair()
    const counted = Promise.withResolvers<void>()
    const read = asTenant(() =>
      open.db.read(async (tx) => {
        const place = await placeOf(tx)
        await tx.execute(sql`select count(*) from users`)
        const pid = await pidOf(tx)
        counted.resolve()
        if (place === 'standby') await ended(pid)
        return await placeOf(tx)
      }),
    )
    await counted.promise
    await pair.onPrimary.begin((tx) => tx`lock table users in access exclusive mode`)
    expect(await read).toBe('primary')
    expect([await placeOfAnother(open), open.changes]).toEqual(['standby', [true]])
    await pair.onStandby.unsafe('alter system reset max_standby_streaming_delay').simple()
    await pair.onStandby`select pg_reload_conf()`
  })
})

describe('a read that gets no answer in time', () => {
  test('runs on the primary, and the standby is used again as soon as it has passed its check', async () => {
    const found = Promise.withResolvers<void>()
    let checks = 0
    const check = async () => {
      checks += 1
      if (checks > 1) await found.promise
    }
    await using open = await openPair({ check, standbyPool: { answerTimeoutMs: 200 } })
    const slow = async (tx: TenantTx) => {
      const place = await placeOf(tx)
      if (place === 'standby') await sleep(tx, 20)
      return place
    }
    expect(await asTenant(() => open.db.read(slow))).toBe('primary')
    expect(await placeOfAnother(open)).toBe('primary')
    found.resolve()
    await open.replica.check()
    expect([checks, await placeOfAnother(open), open.changes]).toEqual([2, 'standby', [true]])
  })

  test('ends the use of a standby that fails its check', async () => {
    let checks = 0
    const check = async () => {
      checks += 1
      if (checks > 1) throw new Error('The standby is silent')
    }
    await using open = await openPair({ check, standbyPool: { answerTimeoutMs: 200 } })
    const slow = async (tx: TenantTx) => ((await placeOf(tx)) === 'standby' ? await sleep(tx, 20) : undefined)
    await asTenant(() => open.db.read(slow))
    await until(() => open.changes.length === 2)
    expect([await placeOfAnother(open), open.changes]).toEqual(['primary', [true, false]])
  })
})

test('a read that gets no connection to the standby in time runs on the primary, and the standby stays in use', async () => {
  await using open = await openPair({ standbyPool: { size: 1, acquireTimeoutMs: 50 } })
  const [holds, released] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  const holding = asTenant(() =>
    open.db.read(async (tx) => {
      await placeOf(tx)
      holds.resolve()
      await released.promise
    }),
  )
  await holds.promise
  expect(await placeOfAnother(open)).toBe('primary')
  released.resolve()
  await holding
  await open.replica.check()
  expect([await placeOfAnother(open), open.changes]).toEqual(['standby', [true]])
})
