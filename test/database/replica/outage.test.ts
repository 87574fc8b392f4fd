import { expect, setDefaultTimeout, test } from 'bun:test'
import { sql } from 'drizzle-orm'
import type { TenantTx } from '../../../src/database/index.ts'
import { openProxy } from '../../faults/proxy.ts'
import { until } from '../../runtime/child.ts'
import { failureOf } from '../shared-database.ts'
import { asTenant, openPair } from './open-pair.ts'
import { pair, placeOf } from './pair.ts'

setDefaultTimeout(30_000)

test('a query that the replay cancels runs again on the primary', async () => {
  await setStandby('alter system set max_standby_streaming_delay = 0')
  await using open = await openPair()
  const places: string[] = []
  const read = asTenant(() =>
    open.db.read(async (tx) => {
      const place = await placeOf(tx)
      places.push(place)
      const seconds = place === 'standby' ? 20 : 0
      await tx.execute(sql`select pg_sleep(${seconds}::int) from (select count(*) from users) as counted`)
      return place
    }),
  )
  const sleeping = () => pair.onStandby`select from pg_stat_activity where wait_event = 'PgSleep'`
  await until(async () => (await sleeping()).length === 1)
  await pair.onPrimary.begin((tx) => tx`lock table users in access exclusive mode`)
  expect(await read).toBe('primary')
  expect(places).toEqual(['standby', 'primary'])
  expect(open.changes).toEqual([true])
  await setStandby('alter system reset max_standby_streaming_delay')
})

test('an error of the work itself is not retried', async () => {
  await using open = await openPair()
  let times = 0
  const work = async (tx: TenantTx) => {
    await placeOf(tx)
    times += 1
    throw new Error('Not found')
  }
  expect(await failureOf(asTenant(() => open.db.read(work)))).toMatchObject({ message: 'Not found' })
  expect(times).toBe(1)
})

test('a read whose connection to the standby is cut runs again on the primary, and later reads run there too', async () => {
  await using proxy = await openProxy(pair.standbyUrl)
  await using open = await openPair({ standbyUrl: proxy.url })
  const places: string[] = []
  const read = () =>
    asTenant(() =>
      open.db.read(async (tx) => {
        places.push(await placeOf(tx))
        if (places.length === 1) for (const link of proxy.links) link.cut()
        return await placeOf(tx)
      }),
    )
  expect(await read()).toBe('primary')
  expect(await read()).toBe('primary')
  expect(places).toEqual(['standby', 'primary', 'primary'])
  expect(open.changes).toEqual([true, false])
})

test('a standby that was down is used again after a check', async () => {
  await using open = await openPair()
  const place = () => asTenant(() => open.db.read(placeOf))
  await pair.standby.crash()
  expect([await place(), await place()]).toEqual(['primary', 'primary'])
  await pair.standby.restart()
  expect(await place()).toBe('primary')
  await open.replica.check()
  expect(await place()).toBe('standby')
  expect(open.changes).toEqual([true, false, true])
})

test('a read after a failure starts a check of the standby and does not wait for it', async () => {
  const { promise: found, resolve: find } = Promise.withResolvers<void>()
  let checks = 0
  const check = async () => {
    checks += 1
    if (checks === 1) throw new Error('A table is not protected')
    await found
  }
  await using open = await openPair({ check, retryAfterMs: 0 })
  const place = () => asTenant(() => open.db.read(placeOf))
  expect([await place(), await place()]).toEqual(['primary', 'primary'])
  find()
  await until(() => open.changes.at(-1))
  expect(await place()).toBe('standby')
  expect(checks).toBe(2)
})

test('a standby that fails its check serves no reads', async () => {
  await using open = await openPair({ check: () => Promise.reject(new Error('A table is not protected')) })
  expect(await asTenant(() => open.db.read(placeOf))).toBe('primary')
})

async function setStandby(statement: string): Promise<void> {
  await pair.onStandby.unsafe(statement).simple()
  await pair.onStandby`select pg_reload_conf()`
}
