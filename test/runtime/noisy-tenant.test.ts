import { expect, test } from 'bun:test'
import { loadConfig } from '../../src/service/config/config.ts'
import { createService } from '../../src/service/service.ts'
import { testClient } from '../../src/testing/index.ts'
import { deps } from '../app.ts'
import { asOwner, createDatabase, newTenant } from '../database.ts'
import { until } from './child.ts'

const database = await createDatabase()
const owner = asOwner(database)

/** A service with eight connections and a tenant whose writes to one user wait for a lock until the block ends. */
async function startWithNoisyTenant(settings: Record<string, string> = { TENANT_QUEUE: '10' }) {
  const config = loadConfig({ DATABASE_URL: database.appUrl, DATABASE_POOL_SIZE: '8', ...settings })
  const service = await createService({ config, log: deps.log, loadDocsAsset: deps.loadDocsAsset })
  const { as } = testClient(service.app)
  const noisy = as(newTenant())
  const { data } = await noisy.post<{ id: string }>('/users', { email: 'a@b.example', name: 'Ada' })
  const lock = Promise.withResolvers<void>()
  const locked = Promise.withResolvers<void>()
  const locking = owner.begin(async (tx) => {
    await tx`select from users where id = ${data.id} for update`
    locked.resolve()
    await lock.promise
  })
  await locked.promise
  const flood = Array.from({ length: 20 }, () => noisy.patch(`/users/${data.id}`, { name: 'Ada Lovelace' }))
  const waiting = async () =>
    (
      await owner`select from pg_stat_activity
        where datname = current_database() and usename = 'app_user' and wait_event_type = 'Lock'`
    ).length
  return {
    other: as(newTenant()),
    waiting,
    async release() {
      lock.resolve()
      await locking
      return (await Promise.all(flood)).map(({ status }) => status)
    },
    [Symbol.asyncDispose]: async () => {
      lock.resolve()
      await Promise.all([locking, ...flood])
      await service.close()
    },
  }
}

test('a noisy tenant leaves others the rest of the pool, and waits in its own queue', async () => {
  await using noisy = await startWithNoisyTenant()
  await until(async () => (await noisy.waiting()) === 2)
  const statuses = await Promise.all(Array.from({ length: 10 }, async () => (await noisy.other.get('/users')).status))
  expect(new Set(statuses)).toEqual(new Set([200]))
  expect(await noisy.waiting()).toBe(2)
  expect((await noisy.release()).toSorted()).toEqual([...Array(12).fill(200), ...Array(8).fill(429)])
})

test('without the limit a noisy tenant takes every connection', async () => {
  await using noisy = await startWithNoisyTenant({ TENANT_CONCURRENCY: '0' })
  await until(async () => (await noisy.waiting()) === 8)
})
