import { expect, test } from 'bun:test'
import { createIsolationCheck } from '../../../src/isolation/index.ts'
import { asOwner, createDatabase } from '../../database.ts'
import { newTenant } from '../../tenants.ts'
import { anonymous, build } from './app.ts'

const unreachable = createIsolationCheck({
  url: 'postgres://app_user:s3cret@127.0.0.1:1/nowhere',
  connectTimeoutMs: 1000,
})

test('/health is plain JSON and needs no tenant', async () => {
  const { status, body, headers } = await anonymous.get('/health')
  expect([status, body]).toEqual([200, { status: 'ok' }])
  expect(headers.get('Content-Type')).toStartWith('application/json')
})

test('/health is 200 when the database does not answer', async () => {
  const { anonymous } = build({ isolation: unreachable })
  expect((await anonymous.get('/health')).status).toBe(200)
})

test('/ready is 200 when the database answers and every table is protected', async () => {
  const { status, body } = await anonymous.get('/ready')
  expect([status, body]).toEqual([200, { status: 'ready' }])
})

test('/ready is 503 when the database does not answer, and does not show its address', async () => {
  const { anonymous } = build({ isolation: unreachable })
  const { status, headers, body, error } = await anonymous.get('/ready')
  expect([status, error?.code, headers.get('Retry-After')]).toEqual([503, 'SERVICE_UNAVAILABLE', '1'])
  expect(JSON.stringify(body)).not.toMatch(/s3cret|127\.0\.0\.1|nowhere|app_user|ECONN/)
})

test('/ready is 503 while the process stops, is logged at level debug, and other requests are served', async () => {
  const { anonymous, as, lines } = build({ isStopping: () => true })
  const { status, error, headers } = await anonymous.get('/ready')
  expect([status, error?.code, headers.get('Retry-After')]).toEqual([503, 'SERVICE_UNAVAILABLE', '1'])
  expect(lines).toMatchObject([{ level: 'debug', status: 503 }])
  expect([(await anonymous.get('/health')).status, (await as(newTenant()).get('/tasks')).status]).toEqual([200, 200])
})

test('/ready is 503 while a table is unprotected, does not name the table, and recovers', async () => {
  const database = await createDatabase()
  const owner = asOwner(database)
  const isolation = createIsolationCheck({ url: database.appUrl })
  const { anonymous } = build({ isolation })
  expect((await anonymous.get('/ready')).status).toBe(200)
  await owner`alter table tasks disable row level security`
  const { status, error } = await anonymous.get('/ready')
  expect({ status, error }).toEqual({
    status: 503,
    error: { code: 'SERVICE_UNAVAILABLE', message: 'The service is unavailable for the moment, try again' },
  })
  await owner`alter table tasks enable row level security`
  expect((await anonymous.get('/ready')).status).toBe(200)
  await isolation.close()
})
