import { describe, expect, test } from 'bun:test'
import { z } from '@hono/zod-openapi'
import { streamSSE } from 'hono/streaming'
import { type TenantEnv, unverified } from '../../src/context/index.ts'
import { ok, requestId, successOf } from '../../src/envelope/index.ts'
import { ApiError, createErrorHandler } from '../../src/errors/index.ts'
import { tenantLimits } from '../../src/limits/index.ts'
import { createDocument, createRouter, json, jsonBody, tenantRoute } from '../../src/openapi/index.ts'
import { header, tenant } from '../../src/resolution/index.ts'
import { type ContractCase, contractCases, testClient } from '../../src/testing/index.ts'
import { newTenant, tenantIds } from '../tenants.ts'

// One small API for each shape of an app that the cases must understand.

interface Row {
  id: string
  tenantId: string
  parentId: string
}
const about = { tags: ['notes'], summary: 'A note' }
const NoteBody = z.strictObject({ text: z.string().max(100).openapi({ example: 'Hello' }) })
const noteOf = (id: z.ZodType<string>) => z.object({ id })
const uuid = z.guid().max(36).openapi({ format: 'uuid' })

/** A router behind the tenant, and rows that only their tenant finds. */
function createApp() {
  const rows: Row[] = []
  const app = createRouter<TenantEnv>()
  app.use(requestId())
  app.onError(createErrorHandler())
  const routes = createRouter<TenantEnv>()
  routes.use(tenant({ from: header('X-Tenant-Id'), auth: unverified(), ...tenantIds }))
  const find = (tenantId: string, id: string) => {
    const row = rows.find((one) => one.id === id && one.tenantId === tenantId)
    if (!row) throw new ApiError('NOT_FOUND', 'Not found')
    return row
  }
  const insert = (tenantId: string, id: string, parentId = '') => {
    rows.push({ id, tenantId, parentId })
    return { id }
  }
  return { app, routes, find, insert }
}

/** Adds POST / and GET /{id} to a router. */
function addNotes({ routes, find, insert }: ReturnType<typeof createApp>, id: z.ZodType<string>, newId: () => string) {
  routes.openapi(
    tenantRoute({
      ...about,
      method: 'post',
      path: '/',
      operationId: 'createNote',
      permission: 'notes:write',
      request: { body: jsonBody(NoteBody, 'A note') },
      responses: { 201: json(successOf(noteOf(id), 201), 'The note') },
    }),
    (c) => ok(c, insert(c.get('tenantId'), newId()), { status: 201 }),
  )
  routes.openapi(
    tenantRoute(
      {
        ...about,
        method: 'get',
        path: '/{id}',
        operationId: 'getNote',
        permission: 'notes:write',
        request: { params: z.object({ id }) },
        responses: { 200: json(successOf(noteOf(id)), 'The note') },
      },
      ['NOT_FOUND'],
    ),
    (c) => ok(c, { id: find(c.get('tenantId'), c.req.valid('param').id).id }),
  )
}

/** The cases of an API, and the names of those that fail. */
async function runCases({ app, routes }: ReturnType<typeof createApp>, path = '/notes', fixtures = {}) {
  app.route(path, routes)
  const tenantHeader = { name: 'X-Tenant-Id', example: newTenant() }
  const document = createDocument(app, {
    title: 'Notes',
    version: '1',
    description: '',
    tags: {},
    tenantHeader,
    ...tenantIds,
  })
  const cases = contractCases({ client: testClient(app), document, fixtures, ...tenantIds })
  const failing: string[] = []
  for (const { name, run } of cases) await run().catch((error: Error) => failing.push(`${name}: ${error.message}`))
  return { cases, failing, names: cases.map(({ name }) => name) }
}

const skipped = (cases: ContractCase[]) => cases.filter(({ skip }) => skip !== undefined).map(({ name }) => name)

describe('the contract cases understand', () => {
  test('an app with a rate limit, whose headers count', async () => {
    const api = createApp()
    api.routes.use(tenantLimits({ rate: { limit: 20, windowSeconds: 60 } }))
    addNotes(api, uuid, () => crypto.randomUUID())
    const { failing, cases } = await runCases(api)
    expect([failing, skipped(cases)]).toEqual([[], []])
  })

  test('a rate limit that is too low, by a sentence', async () => {
    const api = createApp()
    api.routes.use(tenantLimits({ rate: { limit: 1, windowSeconds: 60 } }))
    addNotes(api, uuid, () => crypto.randomUUID())
    const { failing } = await runCases(api)
    expect(failing.join('\n')).toContain('give the app under test a limit of 20 requests or more')
  })

  test('a multipart route, whose body they skip by name', async () => {
    const api = createApp()
    const form = { content: { 'multipart/form-data': { schema: z.object({ file: z.string() }) } } }
    api.routes.openapi(
      tenantRoute({
        ...about,
        method: 'post',
        path: '/upload',
        operationId: 'uploadNote',
        permission: 'notes:write',
        request: { body: form },
        responses: { 201: json(successOf(noteOf(uuid), 201), 'The note') },
      }),
      (c) => ok(c, { id: crypto.randomUUID() }, { status: 201 }),
    )
    const { failing, cases, names } = await runCases(api)
    expect(failing).toEqual([])
    expect(names).toContain('uploadNote: rejects a request without a tenant')
    expect(skipped(cases)).toContain(
      'uploadNote: responds as the document declares (skipped: its body is multipart/form-data)',
    )
  })

  test('a route without an id whose one thing a new tenant has not, where it declares 404', async () => {
    const api = createApp()
    const missing = () => Promise.reject(new ApiError('NOT_FOUND'))
    const summary = { ...about, method: 'get' as const, permission: 'notes:read' as const }
    const responses = { 200: json(successOf(noteOf(uuid)), 'The summary') }
    api.routes.openapi(
      tenantRoute({ ...summary, path: '/summary', operationId: 'getSummary', responses }, ['NOT_FOUND']),
      missing,
    )
    api.routes.openapi(tenantRoute({ ...summary, path: '/other', operationId: 'getOther', responses }), missing)
    const { failing } = await runCases(api)
    expect(failing.map((line) => line.split('\n')[0])).toEqual([
      expect.stringContaining('getOther: responds as the document declares'),
    ])
  })

  test('a parent in the path', async () => {
    const api = createApp()
    addNotes(api, uuid, () => crypto.randomUUID())
    addLines(api, (tenantId, parentId) => api.find(tenantId, parentId))
    const { failing, cases, names } = await runCases(api)
    expect([failing, skipped(cases)]).toEqual([[], []])
    expect(names).toContain("getLine: responds to another tenant's noteId as to an unknown noteId")
    expect(names).toContain("getLine: responds to another tenant's id as to an unknown id")
  })

  test('a route that writes below another tenant’s parent, which fails', async () => {
    const api = createApp()
    addNotes(api, uuid, () => crypto.randomUUID())
    addLines(api, () => undefined)
    const { failing } = await runCases(api)
    expect(failing).toContainEqual(expect.stringContaining('createLine accepts an unknown noteId'))
  })

  test('a required query parameter, from its example, and skip one without an example by name', async () => {
    for (const [example, isSkipped] of [
      ['2026-01-01', false],
      [undefined, true],
    ] as const) {
      const api = createApp()
      const since = z
        .string()
        .min(1)
        .max(20)
        .openapi(example === undefined ? {} : { example })
      api.routes.openapi(
        tenantRoute({
          ...about,
          method: 'get',
          path: '/',
          operationId: 'listNotes',
          permission: 'notes:write',
          request: { query: z.object({ since }) },
          responses: { 200: json(successOf(z.array(noteOf(uuid))), 'Notes') },
        }),
        (c) => ok(c, []),
      )
      const { failing, cases } = await runCases(api)
      expect(failing).toEqual([])
      const name = 'listNotes: responds as the document declares (skipped: its query parameter since has no example)'
      expect(skipped(cases)).toEqual(isSkipped ? [name] : [])
    }
  })

  test.each(['/notes', '/'])('an action on a row below %s', async (path) => {
    const api = createApp()
    addNotes(api, uuid, () => crypto.randomUUID())
    api.routes.openapi(
      tenantRoute(
        {
          ...about,
          method: 'post',
          path: '/{id}/send',
          operationId: 'sendNote',
          permission: 'notes:write',
          request: { params: z.object({ id: uuid }) },
          responses: { 200: json(successOf(noteOf(uuid)), 'The note') },
        },
        ['NOT_FOUND'],
      ),
      (c) => ok(c, { id: api.find(c.get('tenantId'), c.req.valid('param').id).id }),
    )
    const { failing, cases, names } = await runCases(api, path)
    expect([failing, skipped(cases)]).toEqual([[], []])
    expect(names).toContain("sendNote: responds to another tenant's id as to an unknown id")
  })

  test('a body of objects in objects and in lists, whose examples stand in their components or in their fields', async () => {
    const api = createApp()
    const Place = z.strictObject({ city: z.string(), zip: z.string() })
    const Named = Place.openapi('Place', { example: { city: 'Graz', zip: '8010' } })
    const Line = z.strictObject({ text: z.string().min(1).openapi({ example: 'A line' }) }).openapi('Line')
    const body = z.strictObject({
      place: Named,
      former: Named.optional().openapi({ description: 'Where it was' }),
      next: Named.nullable(),
      unnamed: z.strictObject({ city: z.string().openapi({ example: 'Wien' }) }),
      lines: z.array(Line).min(1),
      both: Line.extend({ more: z.string().openapi({ example: 'More' }) }).openapi('MoreLine'),
    })
    const received: unknown[] = []
    api.routes.openapi(
      tenantRoute({
        ...about,
        method: 'post',
        path: '/',
        operationId: 'createNote',
        permission: 'notes:write',
        request: { body: jsonBody(body, 'A note') },
        responses: { 201: json(successOf(noteOf(uuid), 201), 'The note') },
      }),
      (c) => {
        received.push(c.req.valid('json'))
        return ok(c, { id: crypto.randomUUID() }, { status: 201 })
      },
    )
    const { failing, cases } = await runCases(api)
    expect([failing, skipped(cases)]).toEqual([[], []])
    const place = { city: 'Graz', zip: '8010' }
    const lines = [{ text: 'A line' }]
    const both = { text: 'A line', more: 'More' }
    expect(received).toEqual([{ place, former: place, next: place, unnamed: { city: 'Wien' }, lines, both }])
  })

  test('a stream of events, which has no end', async () => {
    const api = createApp()
    const closed: string[] = []
    const events = { content: { 'text/event-stream': { schema: z.string() } }, description: 'Events' }
    api.routes.openapi(
      tenantRoute({
        ...about,
        method: 'get',
        path: '/events',
        operationId: 'watch',
        permission: 'notes:read',
        responses: { 200: events },
      }),
      // The router expects a response of the declared type; a stream has none.
      (c) =>
        streamSSE(c, async (stream) => {
          stream.onAbort(() => void closed.push('closed'))
          await stream.writeSSE({ data: 'hello' })
          await new Promise(() => {})
        }) as never,
    )
    const { failing, cases } = await runCases(api)
    expect([failing, skipped(cases)]).toEqual([[], []])
    expect(closed).toContain('closed')
  })

  test('numbers as ids', async () => {
    const api = createApp()
    const bigint = z.string().regex(/^\d{1,18}$/)
    const used: number[] = []
    addNotes(api, bigint, () => String(used.push(0)))
    const { failing, cases } = await runCases(api)
    expect([failing, skipped(cases)]).toEqual([[], []])
  })

  test('cuids as ids, with a form or without', async () => {
    for (const id of [z.cuid2(), z.string().max(40)]) {
      const api = createApp()
      addNotes(api, id, () => `c${crypto.randomUUID().replaceAll('-', '').slice(0, 23)}`)
      const { failing, cases } = await runCases(api)
      expect(failing).toEqual([])
      expect(skipped(cases).map((name) => name.replace(/.*skipped: /, ''))).toEqual(
        id instanceof z.ZodCUID2 ? [] : ['the document gives id no form)'],
      )
    }
  })

  test('a row that only a fixture can create, and without it skip the cases by name', async () => {
    const api = createApp()
    api.routes.openapi(
      tenantRoute(
        {
          ...about,
          method: 'get',
          path: '/{id}',
          operationId: 'getNote',
          permission: 'notes:write',
          request: { params: z.object({ id: uuid }) },
          responses: { 200: json(successOf(noteOf(uuid)), 'The note') },
        },
        ['NOT_FOUND'],
      ),
      (c) => ok(c, { id: api.find(c.get('tenantId'), c.req.valid('param').id).id }),
    )
    const { cases } = await runCases(api)
    expect(skipped(cases)).toContain(
      "getNote: responds as the document declares (skipped: the document has no POST /notes: pass fixtures['/notes'])",
    )
  })

  test('an empty change, which an API may not answer with a failure of its own', async () => {
    for (const status of [200, 500] as const) {
      const api = createApp()
      addNotes(api, uuid, () => crypto.randomUUID())
      api.routes.openapi(
        tenantRoute(
          {
            ...about,
            method: 'patch',
            path: '/{id}',
            operationId: 'updateNote',
            permission: 'notes:write',
            request: { params: z.object({ id: uuid }), body: jsonBody(NoteBody.partial(), 'A change') },
            responses: { 200: json(successOf(noteOf(uuid)), 'The note') },
          },
          ['NOT_FOUND'],
        ),
        (c) => {
          const row = api.find(c.get('tenantId'), c.req.valid('param').id)
          if (status === 500 && Object.keys(c.req.valid('json')).length === 0)
            throw new ApiError('INTERNAL_SERVER_ERROR', 'No values to set')
          return ok(c, { id: row.id })
        },
      )
      const { failing } = await runCases(api)
      const name = 'updateNote: responds to an empty change as the document declares'
      expect(failing.map((one) => one.slice(0, name.length))).toEqual(status === 500 ? [name] : [])
    }
  })
})

/** Adds POST /{noteId}/lines and GET /{noteId}/lines/{id}. */
function addLines(
  { routes, find, insert }: ReturnType<typeof createApp>,
  check: (tenant: string, note: string) => unknown,
) {
  routes.openapi(
    tenantRoute(
      {
        ...about,
        method: 'post',
        path: '/{noteId}/lines',
        operationId: 'createLine',
        permission: 'notes:write',
        request: { params: z.object({ noteId: uuid }), body: jsonBody(NoteBody, 'A line') },
        responses: { 201: json(successOf(noteOf(uuid), 201), 'The line') },
      },
      ['NOT_FOUND'],
    ),
    (c) => {
      const { noteId } = c.req.valid('param')
      check(c.get('tenantId'), noteId)
      return ok(c, insert(c.get('tenantId'), crypto.randomUUID(), noteId), { status: 201 })
    },
  )
  routes.openapi(
    tenantRoute(
      {
        ...about,
        method: 'get',
        path: '/{noteId}/lines/{id}',
        operationId: 'getLine',
        permission: 'notes:write',
        request: { params: z.object({ noteId: uuid, id: uuid }) },
        responses: { 200: json(successOf(noteOf(uuid)), 'The line') },
      },
      ['NOT_FOUND'],
    ),
    (c) => {
      const { noteId, id } = c.req.valid('param')
      const row = find(c.get('tenantId'), id)
      if (row.parentId !== noteId) throw new ApiError('NOT_FOUND', 'Not found')
      return ok(c, { id: row.id })
    },
  )
}
