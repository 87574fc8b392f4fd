import { expect, test } from 'bun:test'
import { z } from '@hono/zod-openapi'
import { type Context, Hono } from 'hono'
import { hc, type InferResponseType } from 'hono/client'
import type { Equal, Expect } from 'hono/utils/types'
import { createEnvelope, ok } from '../../src/envelope/index.ts'
import { errorKind } from '../../src/errors/index.ts'
import { createRouter, json, tenantRoute } from '../../src/openapi/index.ts'
import type { AppType } from '../../src/service/app.ts'

// Types: each @ts-expect-error fails the compiler when the line compiles.

test('a handler whose data contains a bigint does not compile', () => {
  const app = new Hono()
  // @ts-expect-error JSON has no bigint
  app.get('/1', (c) => ok(c, { n: 10n }))
  // @ts-expect-error in a list, and beside columns of any JSON
  app.get('/2', (c) => ok(c, [{ row: { n: 10n as bigint | null, meta: {} as unknown, more: JSON.parse('1') } }]))
  // @ts-expect-error by itself, later
  app.get('/3', async (c) => ok(c, 10n))
  app.get('/4', (c) => ok(c, { at: new Date(), tags: ['a'], nested: { any: JSON.parse('1'), unknown: 1 as unknown } }))
  expect(app.routes).toHaveLength(4)
})

test('generic code responds with data of any type', () => {
  const wrap = <Item>(c: Context, item: Item) => ok(c, { item })
  class Rows<Row extends { id: string }> {
    constructor(private readonly row: Row) {}
    get(c: Context) {
      return ok(c, this.row)
    }
  }
  const rows = new Rows({ id: 'a', name: 'Ada' })
  const app = new Hono().get('/', (c) => wrap(c, 'a')).get('/row', (c) => rows.get(c))
  type Body = InferResponseType<ReturnType<typeof hc<typeof app>>['row']['$get']>
  type _Name = Expect<Equal<Body['data']['name'], string>>
  expect(app.routes).toHaveLength(2)
})

test('a field that may be left out is not in the type', () => {
  const { ok: maybe } = createEnvelope({ timestamp: Boolean(1) })
  const app = new Hono().get('/', (c) => maybe(c, 1))
  type Body = InferResponseType<ReturnType<typeof hc<typeof app>>['index']['$get']>
  type _Keys = Expect<Equal<keyof Body, 'success' | 'statusCode' | 'requestId' | 'data' | 'path'>>
  expect(app).toBeDefined()
})

test('a date is a string for the client', () => {
  const app = new Hono().get('/', (c) =>
    ok(c, { createdAt: new Date(), tags: ['a'], gone: undefined as string | undefined }),
  )
  type Body = InferResponseType<ReturnType<typeof hc<typeof app>>['index']['$get']>
  type _Data = Expect<Equal<Body['data']['createdAt'], string>>
  type _Tags = Expect<Equal<Body['data']['tags'], string[]>>
  expect(app).toBeDefined()
})

test('a field that the envelope leaves out is not in the type', () => {
  const { ok: short } = createEnvelope({ timestamp: false, path: false })
  const app = new Hono().get('/', (c) => short(c, 1))
  type Body = InferResponseType<ReturnType<typeof hc<typeof app>>['index']['$get']>
  type _Keys = Expect<Equal<keyof Body, 'success' | 'statusCode' | 'requestId' | 'data'>>
  expect(app).toBeDefined()
})

test('the failures of a route are in the type, by status and code', () => {
  const quotaExceeded = errorKind({ code: 'QUOTA_EXCEEDED', status: 402, message: 'The quota is used up' })
  const declaration = {
    method: 'get',
    path: '/',
    operationId: 'getIt',
    permission: 'it:read',
    summary: '',
    tags: [],
  } as const
  const route = tenantRoute(
    { ...declaration, tags: [], responses: { 200: json(z.object({ success: z.literal(true) }), 'It') } },
    ['NOT_FOUND', quotaExceeded],
  )
  const app = createRouter().openapi(route, (c) => c.json({ success: true as const }, 200))
  type Get = ReturnType<typeof hc<typeof app>>['index']['$get']
  type CodeOf<Status extends 200 | 402 | 403 | 404> =
    InferResponseType<Get, Status> extends { error: { code: infer Code } } ? Code : never
  type _NotFound = Expect<Equal<CodeOf<404>, 'NOT_FOUND'>>
  type _Own = Expect<Equal<CodeOf<402>, 'QUOTA_EXCEEDED'>>
  type _Forbidden = Expect<Equal<CodeOf<403>, 'FORBIDDEN'>>
  expect(app).toBeDefined()
})

test('the service has a type whose client knows its routes', () => {
  type Tasks = ReturnType<typeof hc<AppType>>['tasks']
  type Created = InferResponseType<Tasks['$post'], 201>
  type _Status = Expect<Equal<Created['data']['status'], 'todo' | 'in_progress' | 'done'>>
  type _Missing = Expect<Equal<InferResponseType<Tasks[':id']['$get'], 404>['error']['code'], 'NOT_FOUND'>>
  expect<unknown>(hc<AppType>('http://localhost')).toBeDefined()
})
