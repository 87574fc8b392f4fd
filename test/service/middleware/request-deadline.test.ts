import { expect, test } from 'bun:test'
import { tenantContext } from '../../../src/context/index.ts'
import type { TenantDatabase } from '../../../src/database/index.ts'
import { resultOf } from '../../../src/database/query.ts'
import { deps } from '../../app.ts'
import { db } from '../../database.ts'
import { newTenant } from '../../tenants.ts'
import { build, failing, newEmail } from '../http/app.ts'
import { json } from '../http/refusals.ts'

const requests = { ...deps.requests, timeoutMs: 100 }

/** A tenant database whose writes do their work and then wait for the request's signal to abort. */
function lingering() {
  const worked = Promise.withResolvers<void>()
  const ended = Promise.withResolvers<string>()
  const write: TenantDatabase['write'] = (work) => {
    const outcome = db.write(async (tx) => {
      const result = await resultOf(work(tx))
      worked.resolve()
      await new Promise((resolve) => tenantContext()?.signal?.addEventListener('abort', resolve))
      return result
    })
    outcome.then(
      () => ended.resolve('committed'),
      () => ended.resolve('rolled back'),
    )
    return outcome
  }
  return { db: { ...db, write }, worked: worked.promise, ended: ended.promise }
}

const post = (tenant: string): RequestInit => ({
  method: 'POST',
  headers: { ...json, 'X-Tenant-Id': tenant },
  body: JSON.stringify({ email: newEmail(), name: 'Ada' }),
})
const endless = () =>
  new ReadableStream({ start: (controller) => controller.enqueue(new TextEncoder().encode('{"em')) })
const everybody = build()

test.each([[{}], [{ 'Content-Length': '100' }]])(
  'answers a body that does not arrive in time with 408: %j',
  async (length) => {
    const { as } = failing(new Error('A transaction began'), { requests })
    const init = { body: endless(), headers: { ...json, ...length } }
    const { status, error } = await as(newTenant()).send('POST', '/users', init)
    expect({ status, error }).toEqual({
      status: 408,
      error: { code: 'REQUEST_TIMEOUT', message: 'The request did not arrive in time' },
    })
  },
)

test('answers work that takes too long with 503, and commits nothing of it', async () => {
  const tenant = newTenant()
  const { db, ended } = lingering()
  const { app, lines } = build({ db, requests })
  const response = await app.request('/users', post(tenant))
  expect([response.status, response.headers.get('Retry-After')]).toEqual([503, '1'])
  expect(await response.json()).toMatchObject({ error: { code: 'SERVICE_UNAVAILABLE' } })
  expect(await ended).toBe('rolled back')
  expect((await everybody.as(tenant).get('/users')).data).toEqual([])
  expect(lines).toMatchObject([{ status: 503, errorCode: 'SERVICE_UNAVAILABLE', tenant }])
})

test('commits nothing for a client that aborts its request', async () => {
  const tenant = newTenant()
  const client = new AbortController()
  const { db, worked, ended } = lingering()
  const answer = build({ db }).app.request(new Request('http://test/users', { ...post(tenant), signal: client.signal }))
  await worked
  client.abort()
  expect(await ended).toBe('rolled back')
  expect((await answer).status).toBe(400)
  expect((await everybody.as(tenant).get('/users')).data).toEqual([])
})

test('commits nothing for a client that closes its socket', async () => {
  const tenant = newTenant()
  const client = new AbortController()
  const { db, worked, ended } = lingering()
  const { app } = build({ db })
  await using server = Bun.serve({ port: 0, fetch: (request) => app.fetch(request) })
  const answer = fetch(new URL('/users', server.url), { ...post(tenant), signal: client.signal }).catch(() => 'gone')
  await worked
  client.abort()
  expect(await answer).toBe('gone')
  expect(await ended).toBe('rolled back')
  expect((await everybody.as(tenant).get('/users')).data).toEqual([])
})

test('does no work for a client that disconnected before its request ran', async () => {
  const tenant = newTenant()
  const signal = AbortSignal.abort()
  const response = await everybody.app.request(new Request('http://test/users', { ...post(tenant), signal }))
  expect(response.status).toBe(400)
  expect((await everybody.as(tenant).get('/users')).data).toEqual([])
})

test('does not read the body of a client that disconnected before its request ran', async () => {
  const { as } = failing(new Error('A transaction began'))
  const init = { body: endless(), headers: json, signal: AbortSignal.abort() }
  expect((await as(newTenant()).send('POST', '/users', init)).status).toBe(400)
})

test('rejects bytes that are not UTF-8 before any work', async () => {
  const { status, error } = await failing(new Error('It was done'))
    .as(newTenant())
    .send('POST', '/users', { body: new Uint8Array([0xc3, 0x28]), headers: json })
  expect([status, error?.message]).toEqual([400, 'The body is not UTF-8'])
})

test('closes the connection after a body that it does not read to the end', async () => {
  const { as } = build({ requests: { ...deps.requests, bodyLimitBytes: 10 } })
  const { status, headers } = await as(newTenant()).post('/users', { name: 'longer than ten bytes' })
  expect([status, headers.get('Connection')]).toEqual([413, 'close'])
})
