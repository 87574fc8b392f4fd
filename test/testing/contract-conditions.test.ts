import { expect, test } from 'bun:test'
import { z } from '@hono/zod-openapi'
import { etagOf, notModified, setEtag } from '../../src/conditions/index.ts'
import { type TenantEnv, unverified } from '../../src/context/index.ts'
import { ok, requestId, successOf } from '../../src/envelope/index.ts'
import { ApiError, createErrorHandler } from '../../src/errors/index.ts'
import {
  createDocument,
  created,
  createRouter,
  id,
  json,
  jsonBody,
  tenantRoute,
  text,
} from '../../src/openapi/index.ts'
import { header, tenant } from '../../src/resolution/index.ts'
import { contractCases, testClient } from '../../src/testing/index.ts'
import { newTenant, tenantIds } from '../tenants.ts'

// Runs the cases of conditions against a small API with an ETag, first without a fault and then with one at a time.

const Note = z.object({ id: id(), version: z.number() }).openapi('Note')
const body = jsonBody(z.strictObject({ text: text({ max: 9 }).openapi({ example: 'Hello' }) }), 'A note')
const about = { tags: ['notes'], summary: 'A note', conditional: true as const }

type Fault =
  | 'has no ETag'
  | 'never says 304'
  | 'ignores If-Match'
  | 'accepts what is malformed'
  | 'shows that a row exists'

function notesApi(fault?: Fault) {
  const notes = new Map<string, { id: string; tenantId: string; version: number }>()
  const app = createRouter<TenantEnv>()
  app.use(requestId())
  app.onError(createErrorHandler())
  const routes = createRouter<TenantEnv>()
  routes.use(tenant({ from: header('X-Tenant-Id'), auth: unverified(), ...tenantIds }))
  routes.openapi(
    tenantRoute({
      ...about,
      ...{ method: 'post', path: '/', operationId: 'createNote', permission: 'notes:write' },
      request: { body },
      responses: { 201: created(successOf(Note, 201), 'The note') },
    }),
    (c) => {
      const note = { id: crypto.randomUUID(), tenantId: c.get('tenantId'), version: 1 }
      notes.set(note.id, note)
      return ok(c, { id: note.id, version: 1 }, { status: 201 })
    },
  )
  const params = z.object({ id: id() })
  const responses = { 200: json(successOf(Note), 'The note') }
  routes.openapi(
    tenantRoute(
      {
        ...about,
        ...{ method: 'get', path: '/{id}', operationId: 'getNote', permission: 'notes:read' },
        ...{ request: { params }, responses },
      },
      ['NOT_FOUND'],
    ),
    (c) => {
      const note = notes.get(c.req.valid('param').id)
      if (note?.tenantId !== c.get('tenantId')) throw new ApiError('NOT_FOUND')
      const wire = { id: note.id, version: note.version }
      if (fault === 'has no ETag') return ok(c, wire)
      const unchanged = notModified(c, etagOf(note.version))
      return unchanged && fault !== 'never says 304' ? unchanged : ok(c, wire)
    },
  )
  routes.openapi(
    tenantRoute(
      {
        ...about,
        ...{ method: 'patch', path: '/{id}', operationId: 'updateNote', permission: 'notes:write' },
        ...{ request: { params, body }, responses },
      },
      ['NOT_FOUND'],
    ),
    (c) => {
      const note = notes.get(c.req.valid('param').id)
      const tag = c.req.header('If-Match') ?? '*'
      if (tag === 'malformed' && fault !== 'accepts what is malformed') throw new ApiError('BAD_REQUEST')
      if (note && note.tenantId !== c.get('tenantId') && fault === 'shows that a row exists' && tag === '*')
        throw new ApiError(c.req.header('If-Match') === undefined ? 'NOT_FOUND' : 'PRECONDITION_FAILED')
      if (note?.tenantId !== c.get('tenantId')) throw new ApiError('NOT_FOUND')
      const isExpected = tag === '*' || tag === 'malformed' || tag === etagOf(note.version)
      if (!isExpected && fault !== 'ignores If-Match') throw new ApiError('PRECONDITION_FAILED')
      note.version += 1
      setEtag(c, etagOf(note.version))
      return ok(c, { id: note.id, version: note.version })
    },
  )
  app.route('/notes', routes)
  return app
}

/** The names of the cases that fail. */
async function failuresWith(fault?: Fault): Promise<string[]> {
  const app = notesApi(fault)
  const tenantHeader = { name: 'X-Tenant-Id', example: newTenant() }
  const document = createDocument(app, { title: 'Notes', version: '1', description: '', tags: {}, tenantHeader })
  const failed: string[] = []
  for (const { name, run } of contractCases({ client: testClient(app), document, ...tenantIds }))
    await run().catch(() => failed.push(name))
  return failed
}

test('the cases of conditions pass without a fault', async () => {
  expect(await failuresWith()).toEqual([])
})

test.each<[Fault, string[]]>([
  [
    'has no ETag',
    ['getNote: responds with 304 to a client that has its version', 'getNote: rejects a malformed If-None-Match'],
  ],
  ['never says 304', ['getNote: responds with 304 to a client that has its version']],
  ['ignores If-Match', ['updateNote: writes what has the version of If-Match, and nothing else']],
  ['accepts what is malformed', ['updateNote: rejects a malformed If-Match']],
  ['shows that a row exists', ["updateNote: responds to If-Match: * for another tenant's row as for an unknown one"]],
])('the cases find an API that %s', async (fault, names) => {
  expect(await failuresWith(fault)).toEqual(names)
})
