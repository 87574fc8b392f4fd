import { describe, expect, test } from 'bun:test'
import { createTenantDirectory, header, type TenantDirectoryOptions } from '../../src/resolution/index.ts'
import { failureOf } from '../database/shared-database.ts'
import { watchedPool } from '../database/watched-pool.ts'
import { main } from '../database.ts'
import { newTenant } from '../tenants.ts'
import { newApp } from './app.ts'
import { idOf, newSlug, register } from './registered.ts'

/** A directory whose queries wait between `hold` and `release`. */
function openDirectory(options: Partial<TenantDirectoryOptions> = {}) {
  let gate = Promise.withResolvers<void>()
  gate.resolve()
  const connections = watchedPool({ url: main.appUrl }, { before: () => gate.promise })
  const clock = { time: Date.now() }
  const directory = createTenantDirectory({ connections, now: () => clock.time, ...options })
  return {
    directory,
    find: async (...wanted: Parameters<typeof directory.find>) => await directory.find(...wanted),
    queries: () => connections.sent.length,
    hold() {
      gate = Promise.withResolvers<void>()
    },
    release: () => gate.resolve(),
    pass(milliseconds: number) {
      clock.time += milliseconds
    },
    [Symbol.asyncDispose]: () => directory.close(),
  }
}

const unknown = () => ({ id: idOf(newTenant()) })
const times = <T>(count: number, make: () => T): T[] => Array.from({ length: count }, make)
const refusalsOf = (settled: PromiseSettledResult<unknown>[]) =>
  settled.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason] : []))

describe('many unknown tenants', () => {
  test('displace no tenant from the cache', async () => {
    await using directory = openDirectory({ cacheMax: 5 })
    const { id } = await register()
    await directory.find({ id })
    for (const _ of times(20, unknown)) await directory.find(unknown())
    const before = directory.queries()
    expect([await directory.find({ id }), directory.queries()]).toMatchObject([{ status: 'active' }, before])
  })

  test('are remembered up to the size of the cache', async () => {
    await using directory = openDirectory({ cacheMax: 2 })
    const [first, second, third] = [unknown(), unknown(), unknown()]
    for (const tenant of [first, second, third]) await directory.find(tenant)
    await directory.find(third)
    expect(directory.queries()).toBe(3)
    await directory.find(first)
    expect(directory.queries()).toBe(4)
  })

  test('of one caller wait up to a hundred at a time, and those of another caller do not notice', async () => {
    await using directory = openDirectory()
    const fresh = await register()
    directory.hold()
    const flood = Promise.allSettled(times(150, () => directory.find(unknown(), 'mallory')))
    const innocent = directory.find({ id: fresh.id }, 'ada')
    directory.release()
    const refusals = refusalsOf(await flood)
    expect(refusals).toHaveLength(50)
    expect(refusals[0]).toMatchObject({ code: 'SERVICE_UNAVAILABLE', headers: { 'Retry-After': '1' } })
    expect(await innocent).toMatchObject({ status: 'active' })
    expect(await directory.find(unknown(), 'mallory')).toBeUndefined()
  })

  test('of all callers wait up to a thousand at a time', async () => {
    await using directory = openDirectory()
    directory.hold()
    const flood = [
      ...times(950, () => directory.find(unknown())),
      ...times(100, () => directory.find(unknown(), 'mallory')),
    ]
    const settled = Promise.allSettled(flood)
    directory.release()
    expect(refusalsOf(await settled)).toHaveLength(50)
  })

  test('do not make a tenant of the cache unavailable', async () => {
    await using directory = openDirectory()
    const { id } = await register()
    await directory.find({ id })
    directory.hold()
    const flood = Promise.allSettled(times(1100, () => directory.find(unknown())))
    expect(await directory.find({ id })).toMatchObject({ status: 'active' })
    directory.pass(120_000)
    const renewed = directory.find({ id })
    directory.release()
    expect(await renewed).toMatchObject({ status: 'active' })
    await flood
  })
})

describe('requests for one tenant at the same time', () => {
  test('share one query', async () => {
    await using directory = openDirectory()
    const { id } = await register()
    directory.hold()
    const answers = Promise.all(times(20, () => directory.find({ id })))
    directory.release()
    expect(new Set(await answers).size).toBe(1)
    expect(directory.queries()).toBe(1)
  })

  test('share its failure, and the next request sends a query again', async () => {
    const pool = watchedPool({ url: main.appUrl })
    let fails = true
    const acquire = () => (fails ? Promise.reject(new Error('no connection')) : pool.acquire())
    await using directory = openDirectory({ connections: { ...pool, acquire } })
    const { slug } = await register(newSlug())
    const failures = await Promise.all(times(3, () => failureOf(directory.find({ slug: slug }))))
    expect(failures).toMatchObject(Array(3).fill({ code: 'SERVICE_UNAVAILABLE' }))
    fails = false
    expect(await directory.find({ slug: slug })).toMatchObject({ slug })
  })

  test('do not wait for a query that is a second old', async () => {
    await using directory = openDirectory({ connections: watchedPool({ url: main.appUrl, size: 2 }) })
    const { id } = await register()
    const first = directory.find({ id })
    directory.pass(1000)
    const second = directory.find({ id })
    expect(await Promise.all([first, second])).toMatchObject([{ id }, { id }])
  })
})

test('the tenant middleware bounds the unknown tenants of an actor that may act for every tenant', async () => {
  await using open = openDirectory()
  const fresh = await register()
  const auth = {
    vary: [],
    verify: (c: { req: { header(name: string): string | undefined } }) => ({
      actor: c.req.header('X-Actor'),
      tenants: 'any' as const,
      claims: { iss: 'https://issuer.example' },
    }),
  }
  const app = newApp({ from: header('X-Tenant-Id'), auth, directory: open.directory, directoryRequired: true })
  const send = async (actor: string, id: string) =>
    (await app.request('/', { headers: { 'X-Actor': actor, 'X-Tenant-Id': id } })).status
  open.hold()
  const flood = Promise.all(times(120, () => send('mallory', newTenant())))
  const innocent = send('ada', fresh.id)
  open.release()
  const statuses = await flood
  expect(statuses.filter((status) => status === 503)).toHaveLength(20)
  expect(statuses.filter((status) => status === 403)).toHaveLength(100)
  expect(await innocent).toBe(200)
})
