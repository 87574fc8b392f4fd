import { expect, setDefaultTimeout, test } from 'bun:test'
import { ConfigError } from '../../../src/errors/index.ts'
import { testClient } from '../../../src/testing/index.ts'
import { freePort } from '../../postgres.ts'
import { startServer, until } from '../../runtime/child.ts'
import { newTenant, withTenant } from '../../tenants.ts'
import { failureOf } from '../shared-database.ts'
import { createPairService, pair, placeOf, startPairService } from './pair.ts'

setDefaultTimeout(30_000)

const readPlace = (service: Awaited<ReturnType<typeof createPairService>>) =>
  withTenant(newTenant(), () => service.db.read(placeOf))

/** The standby's URL with changed parts. */
const standby = (change: Partial<URL>) => Object.assign(new URL(pair.standbyUrl), change).href

test('a start checks both servers, and reads run on the standby', async () => {
  await using service = await startPairService()
  expect(await readPlace(service)).toBe('standby')
  expect(service.lines).toContain('the replica is used')
})

test('a start with an unprotected standby fails and names the finding', async () => {
  await using server = startServer({
    DATABASE_URL: pair.primaryUrl,
    DATABASE_REPLICA_URL: pair.standby.ownerUrl,
  })
  expect(await server.exited).toBe(1)
  expect(server.stderr).toStartWith('DATABASE_REPLICA_URL: The isolation check refuses this database')
  expect(server.stderr).toContain('the serving role is a superuser')
})

test.each([
  ['password', 'password authentication failed'],
  ['pathname', 'does not exist'],
] as const)('a start with a wrong %s of the standby fails and names the cause', async (part, problem) => {
  await using service = await createPairService({ DATABASE_REPLICA_URL: standby({ [part]: 's3cret' }) })
  const failure = await failureOf(service.assertIsolation())
  expect(failure).toBeInstanceOf(ConfigError)
  expect(String(failure)).toContain('DATABASE_REPLICA_URL: ')
  expect(String(failure)).toContain(problem)
})

test('a start with an unreachable standby serves from the primary and is ready', async () => {
  const port = await freePort()
  await using service = await startPairService({ DATABASE_REPLICA_URL: standby({ port: String(port) }) })
  expect(await readPlace(service)).toBe('primary')
  expect(service.lines).toContain('the replica is not used ECONNREFUSED')
  expect((await testClient(service.app).anonymous.get('/ready')).status).toBe(200)
})

test('a standby that returns is used after the next request to /ready', async () => {
  await pair.standby.crash()
  await using service = await startPairService()
  expect(await readPlace(service)).toBe('primary')
  await pair.standby.restart()
  await testClient(service.app).anonymous.get('/ready')
  await until(() => service.lines.includes('the replica is used'))
  expect(await readPlace(service)).toBe('standby')
})
