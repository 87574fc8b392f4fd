import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import postgres from 'postgres'
import { migrate } from '../../src/migrate/index.ts'
import { testClient } from '../../src/testing/index.ts'
import { fixtures } from '../app.ts'
import { type PostgresServer, startPostgres } from '../postgres.ts'
import { newTenant } from '../tenants.ts'
import { buildForNode, runtimes, until } from './child.ts'

setDefaultTimeout(60_000)

// Its own server, since the tests stop it.
let server: PostgresServer
let DATABASE_URL = ''
beforeAll(async () => {
  server = await startPostgres()
  const url = new URL(server.ownerUrl)
  await migrate({ url: url.href, appPassword: 'serving' })
  url.username = 'app_user'
  url.password = 'serving'
  DATABASE_URL = url.href
  await buildForNode()
})
afterAll(() => server.stop())

describe.each(runtimes)('on $name, when PostgreSQL stops', ({ start }) => {
  test('tenants get 503 with Retry-After, /ready is 503, /health is 200, and the service recovers by itself', async () => {
    await using service = start({ DATABASE_URL })
    const { as, anonymous } = testClient(await service.listening())
    const tenant = as(newTenant())
    const userId = await fixtures.userId(tenant)
    expect((await anonymous.get('/ready')).status).toBe(200)

    await server.crash()
    for (const answer of [await tenant.get('/users'), await tenant.post('/tasks', { title: 'Lost', userId })]) {
      expect(answer.status).toBe(503)
      expect(answer.error).toEqual({
        code: 'SERVICE_UNAVAILABLE',
        message: 'The service is unavailable for the moment, try again',
      })
      expect(Number(answer.headers.get('Retry-After'))).toBeGreaterThan(0)
    }
    expect((await anonymous.get('/ready')).status).toBe(503)
    expect((await anonymous.get('/health')).status).toBe(200)

    await server.restart()
    expect((await tenant.get<{ id: string }[]>('/users')).data.map(({ id }) => id)).toEqual([userId])
    expect((await anonymous.get('/ready')).status).toBe(200)
  })

  test('replaces every idle connection that was lost', async () => {
    await using service = start({ DATABASE_URL, DATABASE_POOL_SIZE: '5' })
    const { as } = testClient(await service.listening())
    const tenant = as(newTenant())
    const many = () => Promise.all(Array.from({ length: 20 }, () => tenant.get('/users')))
    await many()
    await server.restart()
    expect((await many()).map(({ status }) => status)).toEqual(Array(20).fill(200))
  })

  test('answers a request whose connection is cut with 503, and serves the next one', async () => {
    await using service = start({ DATABASE_URL })
    const { as } = testClient(await service.listening())
    const tenant = as(newTenant())
    const userId = await fixtures.userId(tenant)
    const owner = postgres(server.ownerUrl, { max: 2 })
    const answer = await owner.begin(async (tx) => {
      await tx`select from users where id = ${userId} for update`
      const waiting = tenant.patch(`/users/${userId}`, { name: 'Grace' })
      const cut = () => owner`
        select pg_terminate_backend(pid) from pg_stat_activity where usename = 'app_user' and wait_event_type = 'Lock'`
      await until(async () => (await cut()).length === 1)
      return await waiting
    })
    await owner.end()
    expect(answer.status).toBe(503)
    expect((await tenant.get(`/users/${userId}`)).status).toBe(200)
  })

  test('stops with 0 on SIGTERM', async () => {
    await using service = start({ DATABASE_URL })
    const { as } = testClient(await service.listening())
    await as(newTenant()).get('/users')
    await server.crash()
    service.signal('SIGTERM')
    const code = await service.exited
    await server.restart()
    expect(code).toBe(0)
  })
})
