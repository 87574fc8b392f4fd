import { describe, expect, test } from 'bun:test'
import { Hono } from 'hono'
import type { TenantEnv } from '../../src/context/index.ts'
import { AuthenticationFailure, unverified } from '../../src/context/index.ts'
import { ok } from '../../src/envelope/index.ts'
import { createErrorHandler } from '../../src/errors/index.ts'
import { ByteBudget, bodyLimits, responseLimits } from '../../src/limits/index.ts'
import { header, tenant } from '../../src/resolution/index.ts'
import { newTenant, tenantIds } from '../tenants.ts'
import { turn } from './app.ts'

const bytes = (length: number) => new Uint8Array(length).fill(0x20)

/** A body that arrives when it is asked for; `reads` counts how often it was. */
function arriving(pieces: readonly Uint8Array[]) {
  const body = { reads: 0, stream: undefined as unknown as ReadableStream<Uint8Array> } // set below
  body.stream = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        const piece = pieces[body.reads]
        body.reads += 1
        if (piece) controller.enqueue(piece)
        else controller.close()
      },
    },
    { highWaterMark: 0 },
  )
  return body
}

/** An app with these budgets. `/echo` answers the length of the body, `/large` so many bytes. */
function build(options: { received?: number; sent?: number; stallMs?: number; signal?: AbortSignal } = {}) {
  const now = () => 0 // no share is free again
  const received = new ByteBudget({ totalBytes: options.received ?? 1_000_000, now })
  const sent = new ByteBudget({ totalBytes: options.sent ?? 1_000_000, now })
  const app = new Hono<TenantEnv>()
  const auth = {
    vary: ['Authorization'],
    verify: (c: { req: { header(name: string): string | undefined } }) => {
      const actor = c.req.header('Authorization')
      if (actor === undefined) throw new AuthenticationFailure('no-token', 'UNAUTHORIZED')
      return { actor, tenants: 'any' as const, claims: { iss: 'https://issuer.example' } }
    },
  }
  let held = 0
  let works = 0
  app.onError(createErrorHandler())
  app.use(tenant({ from: header('X-Tenant-Id'), auth, ...tenantIds }))
  app.use(async (c, next) => {
    if (options.signal) c.set('signal', options.signal)
    if (c.req.path === '/gone') c.set('signal', AbortSignal.abort(new Error('gone')))
    await next()
  })
  app.use(bodyLimits({ maxBytes: 10_000, budget: received }))
  app.use(responseLimits({ budget: sent, stallMs: options.stallMs ?? 15_000 }))
  app.post('/echo', async (c) => {
    held = received.state.bytes
    return c.json({ length: (await c.req.arrayBuffer()).byteLength })
  })
  app.on(['GET', 'POST'], '/large/:length', (c) => {
    works += 1
    return ok(c, 'x'.repeat(Number(c.req.param('length'))))
  })
  app.get('/gone', (c) => ok(c, 'x'.repeat(200_000)))
  app.get('/replaced', (c) => {
    ok(c, 'x'.repeat(200_000))
    throw new Error('The handler failed')
  })
  const as = (tenantId: string, actor = tenantId) => ({
    post: (path: string, body: BodyInit, headers: Record<string, string> = {}) =>
      app.request(path, {
        method: 'POST',
        body,
        headers: { 'X-Tenant-Id': tenantId, Authorization: actor, ...headers },
      }),
    get: async (path: string) =>
      await app.request(path, { headers: { 'X-Tenant-Id': tenantId, Authorization: actor } }),
  })
  return { app, as, received, sent, heldByHandler: () => held, worked: () => works }
}

describe('a body', () => {
  test('of a caller who is not verified is not read', async () => {
    const body = arriving([bytes(10)])
    const { app } = build()
    const response = await app.request('/echo', {
      method: 'POST',
      body: body.stream,
      headers: { 'X-Tenant-Id': newTenant() },
    })
    expect([response.status, body.reads]).toEqual([401, 0])
  })

  test.each([0, 10, 4096, 4097, 10_000])('of %d bytes reaches the handler', async (length) => {
    const { as } = build()
    const declared = await as(newTenant()).post('/echo', bytes(length), { 'Content-Length': String(length) })
    const inPieces = await as(newTenant()).post('/echo', arriving([bytes(length)]).stream)
    expect([await declared.json(), await inPieces.json()]).toEqual([{ length }, { length }])
  })

  test('in several pieces reaches the handler whole', async () => {
    const { as } = build()
    const pieces = Array.from({ length: 100 }, () => bytes(100))
    const response = await as(newTenant()).post('/echo', arriving(pieces).stream)
    expect(await response.json()).toEqual({ length: 10_000 })
  })

  test('with a declared length over the limit is 413 and not read', async () => {
    const { as } = build()
    const body = arriving([bytes(10_001)])
    const response = await as(newTenant()).post('/echo', body.stream, { 'Content-Length': '10001' })
    expect([response.status, response.headers.get('Connection'), body.reads]).toEqual([413, 'close', 0])
  })

  test('in pieces is 413 at the first byte over the limit', async () => {
    const { as } = build()
    const body = arriving(Array.from({ length: 100 }, () => bytes(5001)))
    const response = await as(newTenant()).post('/echo', body.stream)
    expect([response.status, response.headers.get('Connection'), body.reads]).toEqual([413, 'close', 2])
  })

  test('in very many pieces is refused before its end', async () => {
    const { as } = build()
    const body = arriving(Array.from({ length: 9000 }, () => bytes(1)))
    const response = await as(newTenant()).post('/echo', body.stream)
    expect(response.status).toBe(400)
    expect(body.reads).toBeLessThan(2000)
  })

  test('is counted while its handler runs, and not afterwards', async () => {
    const { as, received, heldByHandler } = build()
    await as(newTenant()).post('/echo', bytes(9000), { 'Content-Length': '9000' })
    expect([heldByHandler(), received.state.bytes]).toEqual([9000, 0])
  })

  test('without a declared length is counted as it is', async () => {
    const { as, received, heldByHandler } = build()
    await as(newTenant()).post('/echo', arriving([bytes(30)]).stream)
    expect([heldByHandler(), received.state.bytes]).toEqual([30, 0])
  })

  test('that does not fit into the process is 503, and not read', async () => {
    const { as, received } = build({ received: 20_000 })
    received.hold(['somebody'], 15_000)
    const body = arriving([bytes(6000)])
    const response = await as(newTenant()).post('/echo', body.stream, { 'Content-Length': '6000' })
    expect([response.status, response.headers.get('Retry-After'), body.reads]).toEqual([503, '1', 0])
  })

  test('beyond the share of its tenant is 429, and of another tenant is read', async () => {
    const { as, received } = build({ received: 40_000 })
    const tenant = newTenant()
    received.hold([`tenant ${tenant}`], 10_000)
    const post = (id: string) => as(id).post('/echo', bytes(6000), { 'Content-Length': '6000' })
    expect([(await post(tenant)).status, (await post(newTenant())).status]).toEqual([429, 200])
  })

  test('beyond the share of its actor is 429 in another tenant too', async () => {
    const { as, received } = build({ received: 40_000 })
    received.hold(['actor https://issuer.example ada'], 10_000)
    const post = (actor: string) => as(newTenant(), actor).post('/echo', bytes(6000), { 'Content-Length': '6000' })
    expect([(await post('ada')).status, (await post('grace')).status]).toEqual([429, 200])
  })
})

describe('a body', () => {
  test('that is compressed is 415, and not read', async () => {
    const body = arriving([bytes(10)])
    const response = await build().as(newTenant()).post('/echo', body.stream, { 'Content-Encoding': 'gzip' })
    expect([response.status, body.reads]).toEqual([415, 0])
  })

  test('can be read from the raw request where the handler needs it', async () => {
    const app = new Hono<TenantEnv>()
    app.use(tenant({ from: header('X-Tenant-Id'), auth: unverified({}), ...tenantIds }))
    app.use(bodyLimits({ maxBytes: 100, budget: new ByteBudget({ totalBytes: 100 }), keepRaw: true }))
    app.post('/', async (c) => c.text(await c.req.raw.text()))
    const init = { method: 'POST', body: 'as it was', headers: { 'X-Tenant-Id': newTenant() } }
    expect(await (await app.request('/', init)).text()).toBe('as it was')
  })
})

describe('a large response', () => {
  test('to a client that is gone counts nothing', async () => {
    const { app, sent } = build()
    const response = await app.request('/gone', { headers: { 'X-Tenant-Id': newTenant(), Authorization: 'ada' } })
    expect([response.status, sent.state.bytes]).toEqual([500, 0])
  })

  test('to HEAD counts nothing', async () => {
    const { app, sent } = build()
    const headers = { 'X-Tenant-Id': newTenant(), Authorization: 'ada' }
    expect((await app.request('/large/200000', { method: 'HEAD', headers })).status).toBe(200)
    expect(sent.state.bytes).toBe(0)
  })

  test('that another one replaces is counted no longer than a client may read nothing', async () => {
    const { as, sent } = build({ stallMs: 1 })
    expect((await as(newTenant()).get('/replaced')).status).toBe(500)
    while (sent.state.bytes > 0) await turn()
  })

  test('whose client goes away while it is sent counts nothing any more', async () => {
    const client = new AbortController()
    const { app, sent } = build({ signal: client.signal })
    const headers = { 'X-Tenant-Id': newTenant(), Authorization: 'ada' }
    const response = await app.request('/large/200000', { headers })
    await response.body?.getReader().read()
    client.abort()
    expect(sent.state.bytes).toBe(0)
  })

  test('arrives whole', async () => {
    const { as } = build()
    const response = await as(newTenant()).get('/large/200000')
    const text = await response.text()
    expect(JSON.parse(text)).toMatchObject({ success: true, data: 'x'.repeat(200_000) })
  })

  test('is counted until its last byte is read', async () => {
    const { as, sent } = build()
    const response = await as(newTenant()).get('/large/200000')
    expect(sent.state.bytes).toBeGreaterThan(200_000)
    await response.text()
    expect(sent.state.bytes).toBe(0)
  })

  test('is not counted any more when the client goes away', async () => {
    const { as, sent } = build()
    const response = await as(newTenant()).get('/large/200000')
    await response.body?.cancel()
    expect(sent.state.bytes).toBe(0)
  })

  test('that does not fit into the process is 503, never a part of it', async () => {
    const { as } = build({ sent: 100_000 })
    const response = await as(newTenant()).get('/large/200000')
    expect([response.status, await response.json()]).toEqual([
      503,
      expect.objectContaining({ error: expect.objectContaining({ code: 'SERVICE_UNAVAILABLE' }) }),
    ])
  })

  test('of a tenant that has used its share is 429 before any work, and of another tenant is sent', async () => {
    const { as, worked } = build({ sent: 800_000 })
    const tenant = newTenant()
    const unread = await as(tenant).get('/large/150000')
    const statuses = [unread, await as(tenant).get('/large/150000'), await as(newTenant()).get('/large/150000')]
    expect([statuses.map(({ status }) => status), worked()]).toEqual([[200, 429, 200], 2])
  })

  test('of a write is sent in any case, since the write is committed', async () => {
    const { as, sent } = build({ sent: 100_000 })
    const response = await as(newTenant()).post('/large/200000', '')
    expect([response.status, (await response.text()).length > 200_000, sent.state.bytes]).toEqual([200, true, 0])
  })

  test('that nobody reads is cut off', async () => {
    const { as, sent } = build({ stallMs: 1 })
    const response = await as(newTenant()).get('/large/200000')
    const reader = response.body?.getReader()
    await reader?.read()
    const read = async (): Promise<string> => ((await reader?.read())?.done ? 'the end' : read())
    while (sent.state.bytes > 0) await turn()
    expect(await read().catch(String)).toContain('did not read')
  })
})
