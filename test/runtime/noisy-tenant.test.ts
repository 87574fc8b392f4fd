import { expect, test } from 'bun:test'
import { loadConfig } from '../../src/service/config/config.ts'
import { createService } from '../../src/service/service.ts'
import { testClient } from '../../src/testing/index.ts'
import { deps } from '../app.ts'
import { asOwner, createDatabase } from '../database.ts'
import { newTenant } from '../tenants.ts'
import { until } from './child.ts'

const database = await createDatabase()
const owner = asOwner(database)

const waitingForLocks = async () =>
  (
    await owner`select from pg_stat_activity
      where datname = current_database() and usename = 'app_user' and wait_event_type = 'Lock'`
  ).length

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
  return {
    other: as(newTenant()),
    waiting: waitingForLocks,
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

test('without the limit a noisy tenant takes every connection but one', async () => {
  await using noisy = await startWithNoisyTenant({ TENANT_CONCURRENCY: '0' })
  await until(async () => (await noisy.waiting()) === 7)
  expect((await noisy.other.get('/users')).status).toBe(200)
})

test('five slow tenants leave a connection to a sixth', async () => {
  const config = loadConfig({ DATABASE_URL: database.appUrl, DATABASE_POOL_SIZE: '10' })
  const service = await createService({ config, log: deps.log, loadDocsAsset: deps.loadDocsAsset })
  const { as } = testClient(service.app)
  const slow = await Promise.all(
    Array.from({ length: 5 }, async () => {
      const client = as(newTenant())
      const { data } = await client.post<{ id: string }>('/users', { email: 'a@b.example', name: 'Ada' })
      return { client, id: data.id }
    }),
  )
  const lock = Promise.withResolvers<void>()
  const locked = Promise.withResolvers<void>()
  const locking = owner.begin(async (tx) => {
    await tx`select from users where id in ${tx(slow.map(({ id }) => id))} for update`
    locked.resolve()
    await lock.promise
  })
  await locked.promise
  const flood = slow.flatMap(({ client, id }) => [1, 2].map(() => client.patch(`/users/${id}`, { name: 'Ada L.' })))
  await until(async () => (await waitingForLocks()) === 9)
  const { status } = await as(newTenant()).get('/users')
  lock.resolve()
  await locking
  const statuses = (await Promise.all(flood)).map((answer) => answer.status)
  await service.close()
  expect([status, new Set(statuses)]).toEqual([200, new Set([200])])
})
