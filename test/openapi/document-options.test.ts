import { describe, expect, test } from 'bun:test'
import { z } from '@hono/zod-openapi'
import { createEnvelope, pageOf, successOf } from '../../src/envelope/index.ts'
import { catalogue, errorKind } from '../../src/errors/index.ts'
import { createDocument, created, createRouter, json, tenantRoute } from '../../src/openapi/index.ts'

const about = { title: 'Notes', version: '1.0.0', description: '', tags: { notes: 'Notes' } }
const Note = z.object({ text: z.string(), kind: z.enum(['a', 'b']).openapi('NoteKind') }).openapi('Note')
const quota = errorKind({ code: 'QUOTA_EXCEEDED', status: 402, message: 'The quota is used up' })
const base = { operationId: 'x', summary: 'Notes', tags: ['notes'], permission: 'notes:write' as const }

function newApp() {
  const app = createRouter()
  const list = { ...base, method: 'get' as const, path: '/notes', responses: { 200: json(pageOf(Note), 'A page') } }
  const post = {
    ...base,
    method: 'post' as const,
    path: '/notes',
    request: { body: { content: { 'application/json': { schema: Note } } } },
    responses: { 201: created(successOf(Note, 201), 'The note') },
  }
  const get = { ...base, method: 'get' as const, path: '/note', responses: { 200: json(successOf(Note), 'The note') } }
  for (const route of [tenantRoute(list), tenantRoute(post, [quota]), tenantRoute(get)])
    app.openAPIRegistry.registerPath(route)
  return app
}
const describeApp = (options: Partial<Parameters<typeof createDocument>[1]> = {}, app = newApp()) =>
  JSON.parse(createDocument(app, { ...about, ...options }))

describe('what an app says itself stays', () => {
  test('its licence and its servers, and none by default', () => {
    const license = { name: 'Proprietary' }
    const { info, servers } = describeApp({ license, servers: [{ url: 'https://api.example/v1' }] })
    expect([info.license, servers]).toEqual([license, [{ url: 'https://api.example/v1' }]])
    expect(describeApp().info.license).toBeUndefined()
  })

  test('its security schemes, parameters and schemas', () => {
    const app = newApp()
    const session = { type: 'apiKey', in: 'cookie', name: 'session' } as const
    app.openAPIRegistry.registerComponent('securitySchemes', 'session', session)
    app.openAPIRegistry.registerComponent('parameters', 'Trace', { name: 'X-Trace', in: 'header' })
    app.openAPIRegistry.registerComponent('schemas', 'NoteResponse', { type: 'string' })
    const { components, paths } = describeApp({ bearer: true, bookmarks: true, security: [{ session: [] }] }, app)
    expect(components.securitySchemes.session).toEqual(session)
    expect(components.parameters.Trace.name).toBe('X-Trace')
    expect(components.schemas.NoteResponse).toEqual({ type: 'string' })
    expect(paths['/note'].get.security).toEqual([{ session: [] }])
    // The name is taken, so the envelope of a note has none.
    expect(paths['/note'].get.responses[200].content['application/json'].schema.type).toBe('object')
  })
})

describe('the tenant', () => {
  test('is a security scheme, and no parameter of each operation', () => {
    const { components, paths } = describeApp({ tenantHeader: { name: 'X-Org', example: 'acme' } })
    expect(components.securitySchemes.tenant).toMatchObject({ type: 'apiKey', in: 'header', name: 'X-Org' })
    expect(paths['/notes'].get.security).toEqual([{ tenant: [] }])
    expect(paths['/notes'].get.parameters).toBeUndefined()
  })

  test('that a claim names needs the token alone', () => {
    const { components, paths } = describeApp({ bearer: true })
    expect(Object.keys(components.securitySchemes)).toEqual(['bearer'])
    expect(paths['/notes'].get.security).toEqual([{ bearer: [] }])
  })
})

describe('schemas', () => {
  const { components, paths } = describeApp()
  const schemaOf = (path: string, method: string, status: number) =>
    paths[path][method].responses[status].content['application/json'].schema

  test('the envelope of a named schema has a name, whatever its status', () => {
    expect(schemaOf('/notes', 'get', 200)).toEqual({ $ref: '#/components/schemas/NotePage' })
    expect(schemaOf('/notes', 'post', 201)).toEqual({ $ref: '#/components/schemas/NoteResponse' })
    expect(schemaOf('/note', 'get', 200)).toEqual({ $ref: '#/components/schemas/NoteResponse' })
    expect(components.schemas.NotePage.properties.data.items).toEqual({ $ref: '#/components/schemas/Note' })
  })

  test('all failures have one, and each response lists its codes', () => {
    expect(Object.keys(components.schemas).filter((name) => name.includes('Failure'))).toEqual([
      'Failure',
      'FailureError',
      'FailureDetail',
    ])
    const { responses } = paths['/notes'].post
    expect(
      [400, 402, 403].map((status) => [responses[status]['x-error-codes'], schemaOf('/notes', 'post', status)]),
    ).toEqual([
      [['BAD_REQUEST', 'VALIDATION_FAILED'], { $ref: '#/components/schemas/Failure' }],
      [['QUOTA_EXCEEDED'], { $ref: '#/components/schemas/Failure' }],
      [['FORBIDDEN'], { $ref: '#/components/schemas/Failure' }],
    ])
    expect(responses[402].description).toBe('The quota is used up')
  })

  test('a failure of several codes describes each of them', () => {
    expect(paths['/notes'].post.responses[400].description).toBe(
      'The request is malformed. Or: The request does not match its schema',
    )
  })

  test('the example of a failure has the status of its code', () => {
    const { Failure, FailureError } = components.schemas
    const [status, code] = [Failure.properties.statusCode.example, FailureError.properties.code.example]
    expect([status, code]).toEqual([catalogue.VALIDATION_FAILED.status, 'VALIDATION_FAILED'])
  })

  test('the parts of envelopes have names, one for all resources', () => {
    const { NotePage, Pagination, Failure } = components.schemas
    const referTo = (name: string) => ({ $ref: `#/components/schemas/${name}` })
    expect([NotePage.properties.meta, Pagination.properties.links, Failure.properties.error]).toEqual([
      referTo('PageMeta'),
      referTo('PaginationLinks'),
      referTo('FailureError'),
    ])
  })

  test('a value that is always the same is a const', () => {
    expect(components.schemas.NoteResponse.properties.success).toEqual({ type: 'boolean', const: true })
    expect(JSON.stringify(components)).not.toMatch(/"enum":\[[^,\]]*\]/)
  })
})

test('an example is no schema, whatever its fields are called', () => {
  const Choice = z.object({ enum: z.array(z.string()) }).openapi('Choice', { example: { enum: ['one'] } })
  const app = createRouter()
  const responses = { 200: json(successOf(Choice), 'It') }
  app.openAPIRegistry.registerPath(tenantRoute({ ...base, method: 'get', path: '/', responses }))
  expect(describeApp({}, app).components.schemas.Choice.example).toEqual({ enum: ['one'] })
})

describe('headers of responses', () => {
  const { paths } = describeApp({ bookmarks: true, rateLimit: true })
  const headersOf = (method: string, status: number) => Object.keys(paths['/notes'][method].responses[status].headers)
  const rate = ['RateLimit-Limit', 'RateLimit-Remaining', 'RateLimit-Reset', 'RateLimit-Policy']

  test('every response has those of the request and of the rate', () => {
    expect(headersOf('get', 200)).toEqual(['X-Request-Id', ...rate])
    expect(headersOf('get', 500)).toEqual(['X-Request-Id', ...rate])
  })

  test('those of a status come with it', () => {
    expect(headersOf('post', 201)).toContain('Location')
    expect(headersOf('get', 401)).toContain('WWW-Authenticate')
    expect(headersOf('get', 429)).toContain('Retry-After')
    expect(headersOf('get', 503)).toContain('Retry-After')
  })

  test('a conflict can have Retry-After: another request can be under way', () => {
    const app = createRouter()
    const responses = { 204: { description: 'Done' } }
    app.openAPIRegistry.registerPath(tenantRoute({ ...base, method: 'delete', path: '/', responses, idempotent: true }))
    expect(describeApp({}, app).paths['/'].delete.responses[409].headers).toHaveProperty('Retry-After')
  })

  test('a write has a bookmark where reads may go to a replica, and an operation sends one', () => {
    expect(headersOf('post', 201)).toContain('Bookmark')
    expect(headersOf('get', 200)).not.toContain('Bookmark')
    expect(paths['/notes'].get.parameters).toEqual([{ $ref: '#/components/parameters/Bookmark' }])
    expect(JSON.stringify(describeApp())).not.toContain('Bookmark')
  })
})

describe('a conditional route', () => {
  const Text = z.object({ text: z.string() }).openapi('Text')
  const own = { name: 'X-Own', in: 'header' as const, schema: { type: 'string' as const } }
  const described = (method: 'get' | 'post' | 'put', headers?: Parameters<typeof withHeaders>[0]) => {
    const app = createRouter()
    const responses = { 200: withHeaders(headers), 404: { description: 'Nothing' } }
    const route = { ...base, method, path: '/', parameters: [own], responses, conditional: true }
    app.openAPIRegistry.registerPath(tenantRoute(route))
    return describeApp({}, app).paths['/'][method]
  }
  const withHeaders = (headers?: z.ZodObject | Record<string, { description: string }>) => ({
    ...json(successOf(Text), 'It'),
    ...(headers ? { headers } : {}),
  })

  test('keeps its own headers, parameters and responses', () => {
    for (const headers of [{ 'X-Own': { description: 'Mine' } }, z.object({ 'X-Own': z.string() })]) {
      const { responses, parameters } = described('get', headers)
      expect(Object.keys(responses[200].headers)).toEqual(expect.arrayContaining(['X-Own', 'ETag']))
      expect(parameters.map(({ name }: { name: string }) => name)).toEqual(['X-Own', 'If-None-Match'])
    }
    expect(described('get').responses[404].headers).not.toHaveProperty('ETag')
  })

  test('names what is in its path before its conditions', () => {
    const app = createRouter()
    const request = { params: z.object({ id: z.string() }) }
    const responses = { 204: { description: 'Done' } }
    const route = { ...base, method: 'delete' as const, path: '/{id}', request, responses, conditional: true }
    app.openAPIRegistry.registerPath(tenantRoute(route))
    const { parameters } = describeApp({}, app).paths['/{id}'].delete
    expect(parameters.map(({ name }: { name: string }) => name)).toEqual(['id', 'If-Match', 'If-None-Match'])
  })

  test('has 304 when it reads, 412 when it writes, and neither when it creates', () => {
    const statuses = (['get', 'post', 'put'] as const).map((method) =>
      Object.keys(described(method).responses).filter((status) => status === '304' || status === '412'),
    )
    expect(statuses).toEqual([['304'], [], ['412']])
  })
})

describe('an envelope of the app', () => {
  test('leaves its fields out of Failure too', () => {
    const { components } = describeApp({ envelope: createEnvelope({ timestamp: false, path: false }) })
    const { properties, required } = components.schemas.Failure
    expect([Object.keys(properties), required]).toEqual([
      ['success', 'statusCode', 'requestId', 'error'],
      ['success', 'statusCode', 'requestId', 'error'],
    ])
  })

  test('with problems declares both forms of a failure', () => {
    const { components, paths } = describeApp({ envelope: createEnvelope({ problems: true }) })
    expect(paths['/note'].get.responses[403].content).toEqual({
      'application/json': { schema: { $ref: '#/components/schemas/Failure' } },
      'application/problem+json': { schema: { $ref: '#/components/schemas/ProblemDetails' } },
    })
    expect(Object.keys(components.schemas.ProblemDetails.properties)).toEqual([
      ...['type', 'title', 'status', 'detail', 'instance', 'code', 'requestId', 'errors'],
    ])
  })
})

describe('names of schemas', () => {
  const route = (path: string, schema: z.ZodType) =>
    tenantRoute({ ...base, method: 'get', path, responses: { 200: json(schema, 'It') } })
  const describeRoutes = (...routes: ReturnType<typeof route>[]) => {
    const app = createRouter()
    for (const one of routes) app.openAPIRegistry.registerPath(one)
    return describeApp({ envelope: createEnvelope({ problems: true }) }, app)
  }
  const schemaOf = (document: ReturnType<typeof describeApp>, path: string) =>
    document.paths[path].get.responses[200].content['application/json'].schema

  test('an envelope with a field of its own has no name, and changes none', () => {
    const document = describeRoutes(
      route('/more', successOf(Note).extend({ warnings: z.array(z.string()) })),
      route('/note', successOf(Note)),
    )
    expect(schemaOf(document, '/more').properties.warnings).toBeDefined()
    expect(schemaOf(document, '/note')).toEqual({ $ref: '#/components/schemas/NoteResponse' })
    expect(document.components.schemas.NoteResponse.properties.warnings).toBeUndefined()
  })

  test('envelopes that differ do not share a name', () => {
    const { successOf: short } = createEnvelope({ path: false })
    const document = describeRoutes(route('/short', short(Note)), route('/note', successOf(Note)))
    expect(schemaOf(document, '/note').required).toContain('path')
    expect(schemaOf(document, '/short')).toEqual({ $ref: '#/components/schemas/NoteResponse' })
  })

  test.each(['Failure', 'FailureDetail', 'Pagination', 'ProblemDetails'])(
    'a schema of the app may not be named %s',
    (name) => {
      const own = z.object({ machine: z.string() }).openapi(name)
      const routes = [route('/pages', pageOf(Note)), route('/own', successOf(own))]
      expect(() => describeRoutes(...routes)).toThrow(`Two schemas of the document have the name "${name}"`)
    },
  )
})

test('an operation that declares a Bookmark itself has one', () => {
  const app = createRouter()
  const request = { headers: z.object({ Bookmark: z.string().optional() }) }
  const responses = { 200: json(successOf(Note), 'It') }
  app.openAPIRegistry.registerPath(tenantRoute({ ...base, method: 'get', path: '/', request, responses }))
  expect(describeApp({ bookmarks: true }, app).paths['/'].get.parameters).toHaveLength(1)
})
