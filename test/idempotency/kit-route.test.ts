import { describe, expect, test } from 'bun:test'
import { z } from '@hono/zod-openapi'
import { eq, sql } from 'drizzle-orm'
import type { Context } from 'hono'
import { users } from '../../db/schema/users.ts'
import type { TenantEnv } from '../../src/context/index.ts'
import { one, type TenantTx } from '../../src/database/index.ts'
import { createEnvelope, ok, successOf } from '../../src/envelope/index.ts'
import { ApiError } from '../../src/errors/index.ts'
import { once } from '../../src/idempotency/index.ts'
import { createDocument, createRouter, id, json, jsonBody, tenantRoute, text } from '../../src/openapi/index.ts'
import { contractCases } from '../../src/testing/index.ts'
import { db } from '../database.ts'
import { newTenant, tenantIds } from '../tenants.ts'
import { callerOf, newKey, newUser } from './caller.ts'
import { appOf } from './kit-app.ts'

const CreateReminder = z
  .strictObject({ text: text({ min: 1, max: 100 }).openapi({ example: 'Call Ada' }) })
  .openapi('CreateReminder')
const Reminder = z.object({ id: id() }).openapi('Reminder')
const about = { summary: 'A reminder', tags: [] }
const sendReminder = tenantRoute({
  ...{ ...about, method: 'post', path: '/reminders', operationId: 'sendReminder', permission: 'reminders:write' },
  idempotent: 'required',
  request: { body: jsonBody(CreateReminder, 'The reminder') },
  responses: { 201: json(successOf(Reminder, 201), 'The reminder is sent') },
})
const getReminder = tenantRoute(
  {
    ...{ ...about, method: 'get', path: '/reminders/{id}', operationId: 'getReminder', permission: 'reminders:read' },
    request: { params: z.object({ id: id() }) },
    responses: { 200: json(successOf(Reminder), 'The reminder') },
  },
  ['NOT_FOUND'],
)
const reminders = () =>
  createRouter<TenantEnv>()
    .openapi(sendReminder, (c) =>
      once(c, db, {
        work: (tx) => one(tx.insert(users).values(newUser()).returning({ id: users.id })),
        answer: (row) => ({ status: 201, data: { id: row?.id ?? '' } }),
      }),
    )
    .openapi(getReminder, async (c) => {
      const found = await db.read((tx) =>
        one(
          tx
            .select()
            .from(users)
            .where(eq(users.id, c.req.valid('param').id)),
        ),
      )
      if (!found) throw new ApiError('NOT_FOUND')
      return ok(c, { id: found.id })
    })

test('the contract cases pass for a resource whose creation requires a key', async () => {
  const app = appOf(reminders())
  const document = createDocument(app.router, {
    ...{ title: 'Reminders', version: '1', description: '', tags: {}, ...tenantIds },
    tenantHeader: { name: 'X-Tenant-Id', example: newTenant() },
  })
  const cases = contractCases({ client: app.client, document, ...tenantIds })
  expect(cases.map(({ name }) => name)).toContain('sendReminder: rejects a request without an Idempotency-Key')
  expect(cases.map(({ name }) => name)).toContain('sendReminder: rejects an unknown field')
  for (const { run } of cases) await run()
})

test('a route that requires a key refuses a request without one, and names the header', async () => {
  const caller = callerOf(undefined, appOf(reminders()).client)
  const { status, error } = await caller.send('POST', '/reminders')
  expect({ status, ...error }).toMatchObject({
    ...{ status: 400, code: 'BAD_REQUEST' },
    details: [{ path: 'Idempotency-Key', in: 'header', code: 'required' }],
  })
  expect((await caller.send('POST', '/reminders', { key: newKey(), body: { text: 'Call Ada' } })).status).toBe(201)
})

test('a replay has the headers of the answer, but no cookie', async () => {
  const routes = createRouter<TenantEnv>()
  routes.post('/sessions', (c) =>
    once(c, db, {
      work: (tx) => tx.insert(users).values(newUser()),
      answer: () => ({ status: 201, data: 'begun', headers: { 'Set-Cookie': 'a=1', Location: '/sessions/1' } }),
    }),
  )
  const caller = callerOf(undefined, appOf(routes).client)
  const key = newKey()
  expect((await caller.send('POST', '/sessions', { key })).headers.get('Set-Cookie')).toBe('a=1')
  const { headers } = await caller.send('POST', '/sessions', { key })
  expect([headers.get('Set-Cookie'), headers.get('Location')]).toEqual([null, '/sessions/1'])
})

test.each([undefined, newKey()])('work runs with the isolation level of its route, with the key %p', async (key) => {
  const routes = createRouter<TenantEnv>()
  routes.post('/levels', (c) =>
    once(c, db, {
      isolation: 'serializable',
      work: (tx) => one(tx.execute<{ level: string }>(sql`select current_setting('transaction_isolation') as level`)),
      answer: (row) => ({ data: { id: row?.level ?? '' } }),
    }),
  )
  const caller = callerOf(undefined, appOf(routes).client)
  const { data } = await caller.send('POST', '/levels', key === undefined ? {} : { key })
  expect(data.id).toBe('serializable')
})

test.each([undefined, newKey()])(
  'work that throws after it changed rows changes nothing, with the key %p',
  async (key) => {
    const routes = createRouter<TenantEnv>()
    routes.post('/refused', (c) =>
      once(c, db, {
        async work(tx) {
          await tx.insert(users).values(newUser())
          throw new ApiError('CONFLICT', 'Not now')
        },
        answer: () => ({ data: null }),
      }),
    )
    const caller = callerOf(undefined, appOf(routes).client)
    expect((await caller.send('POST', '/refused', key === undefined ? {} : { key })).status).toBe(409)
    expect(await caller.users()).toBe(0)
  },
)

test('an answer that throws stores nothing and changes nothing under a key', async () => {
  const routes = createRouter<TenantEnv>()
  let calls = 0
  routes.post('/refused', (c) =>
    once(c, db, {
      work: (tx) => tx.insert(users).values(newUser()),
      answer() {
        calls += 1
        if (calls === 1) throw new ApiError('NOT_FOUND')
        return { status: 201, data: calls }
      },
    }),
  )
  const caller = callerOf(undefined, appOf(routes).client)
  const key = newKey()
  expect((await caller.send('POST', '/refused', { key })).status).toBe(404)
  expect(await caller.users()).toBe(0)
  expect((await caller.send('POST', '/refused', { key })).status).toBe(201)
  expect(await caller.users()).toBe(1)
})

test('an envelope of your own writes the answer and the replay', async () => {
  const envelope = createEnvelope({ timestamp: false, path: false })
  const routes = createRouter<TenantEnv>()
  routes.use(envelope.middleware)
  routes.post('/mine', (c) =>
    once(c, db, {
      work: (tx) => tx.insert(users).values(newUser()),
      answer: () => ({ data: 1, meta: { a: 1 } }),
      envelope,
    }),
  )
  const caller = callerOf(undefined, appOf(routes).client)
  const key = newKey()
  const { body } = await caller.send('POST', '/mine', { key })
  expect(Object.keys(body as object)).toEqual(['success', 'statusCode', 'requestId', 'data', 'meta'])
  const replayed = (await caller.send('POST', '/mine', { key })).body as object
  expect({ ...replayed, requestId: '' }).toEqual({ ...(body as object), requestId: '' })
})

test('bytes that are no JSON are compared as they are', async () => {
  const routes = createRouter<TenantEnv>()
  routes.post('/files', (c) =>
    once(c, db, { work: (tx) => tx.insert(users).values(newUser()), answer: () => ({ status: 201, data: 'kept' }) }),
  )
  const { client } = callerOf(undefined, appOf(routes).client)
  const key = newKey()
  const send = (bytes: number[]) =>
    client.send('POST', '/files', {
      body: new Uint8Array(bytes),
      headers: { 'Idempotency-Key': key, 'Content-Type': 'application/octet-stream' },
    })
  expect((await send([255, 0])).status).toBe(201)
  expect((await send([255, 0])).headers.get('Idempotency-Replayed')).toBe('true')
  expect((await send([254, 0])).status).toBe(422)
})

test('a path of 4,000 characters and a body with half a surrogate pair have a key', async () => {
  const routes = createRouter<TenantEnv>()
  routes.post('/long/:path', (c) =>
    once(c, db, { work: (tx) => tx.insert(users).values(newUser()), answer: () => ({ status: 201, data: 'kept' }) }),
  )
  const caller = callerOf(undefined, appOf(routes).client)
  const request = { key: newKey(), body: '{"a":"\\ud800","b":1e400}' }
  const path = `/long/${'x'.repeat(4000)}`
  expect((await caller.send('POST', path, request)).status).toBe(201)
  expect((await caller.send('POST', path, request)).headers.get('Idempotency-Replayed')).toBe('true')
})

const formRoutes = createRouter<TenantEnv>()
formRoutes.post('/forms', async (c) => {
  await c.req.formData()
  return await once(c, db, {
    work: (tx) => tx.insert(users).values(newUser()),
    answer: () => ({ status: 201, data: 'kept' }),
  })
})

test('a form is compared by its entries and files, not by its boundary', async () => {
  const { client } = callerOf(undefined, appOf(formRoutes).client)
  const key = newKey()
  const send = (content: string, name = 'a.txt') => {
    const body = new FormData() // each has a boundary of its own
    body.append('title', 'A file')
    body.append('file', new File([content], name))
    return client.send('POST', '/forms', { body, headers: { 'Idempotency-Key': key } })
  }
  expect((await send('one')).status).toBe(201)
  expect((await send('one')).headers.get('Idempotency-Replayed')).toBe('true')
  expect([(await send('two')).status, (await send('one', 'b.txt')).status]).toEqual([422, 422])
})

test('a URL-encoded form is compared by its entries, also after the handler has read it', async () => {
  const { client } = callerOf(undefined, appOf(formRoutes).client)
  const key = newKey()
  const send = (title: string) =>
    client.send('POST', '/forms', { body: new URLSearchParams({ title }), headers: { 'Idempotency-Key': key } })
  expect((await send('one')).status).toBe(201)
  expect((await send('one')).headers.get('Idempotency-Replayed')).toBe('true')
  expect((await send('two')).status).toBe(422)
})

test('a malformed form under a key is 400', async () => {
  const routes = createRouter<TenantEnv>()
  routes.post('/forms', (c) => once(c, db, { work: (tx) => tx.$count(users), answer: () => ({ data: 'kept' }) }))
  const { client } = callerOf(undefined, appOf(routes).client)
  const headers = { 'Idempotency-Key': newKey(), 'Content-Type': 'multipart/form-data; boundary=x' }
  expect((await client.send('POST', '/forms', { body: 'no form', headers })).status).toBe(400)
})

test('a repeated request gets its answer, also where the work would refuse it now', async () => {
  const routes = createRouter<TenantEnv>()
  let isOpen = true
  routes.post('/orders', (c) =>
    once(c, db, {
      async work(tx) {
        if (!isOpen) throw new ApiError('CONFLICT', 'The shop is closed')
        await tx.insert(users).values(newUser())
      },
      answer: () => ({ status: 201, data: 'ordered' }),
    }),
  )
  const caller = callerOf(undefined, appOf(routes).client)
  const key = newKey()
  await caller.send('POST', '/orders', { key })
  isOpen = false
  expect((await caller.send('POST', '/orders', { key })).status).toBe(201)
  expect((await caller.send('POST', '/orders', { key: newKey() })).status).toBe(409)
})

describe('under a key', () => {
  /** Sends a request with a key to a handler. */
  async function statusOf(handler: (c: Context) => Promise<Response>) {
    const routes = createRouter<TenantEnv>()
    routes.post('/misused', handler)
    const caller = callerOf(undefined, appOf(routes).client)
    const { status } = await caller.send('POST', '/misused', { key: newKey() })
    return { status, users: await caller.users() }
  }
  const answer = () => ({ status: 201, data: 'done' }) as const
  const nothing = { status: 500, users: 0 }

  test('once() inside of db.write is refused by the first request, not only by a replay', async () => {
    const handler = (c: Context) =>
      db.write(() => once(c, db, { work: (tx) => tx.insert(users).values(newUser()), answer })) as Promise<Response>
    expect(await statusOf(handler)).toEqual(nothing)
  })

  test('a second once() of a request is refused instead of being answered as the first one', async () => {
    const insert = (c: Context) => once(c, db, { work: (tx) => tx.insert(users).values(newUser()), answer })
    expect(await statusOf((c) => insert(c).then(() => insert(c)))).toEqual({ status: 500, users: 1 })
  })

  test('work that does not await a query is refused as without a key', async () => {
    const handler = (c: Context) =>
      once(c, db, {
        async work(tx) {
          await tx.insert(users).values(newUser())
          tx.insert(users).values(newUser()).then() // starts it
        },
        answer,
      })
    expect(await statusOf(handler)).toEqual(nothing)
  })

  test('an answer with a header that no response can have is not stored', async () => {
    const headers = { Location: '/\u4e2d' }
    const work = (tx: TenantTx) => tx.insert(users).values(newUser())
    expect(await statusOf((c) => once(c, db, { work, answer: () => ({ data: 1, headers }) }))).toEqual(nothing)
  })
})
