import { describe, expect, test } from 'bun:test'
import { z } from '@hono/zod-openapi'
import { type TenantEnv, unverified } from '../../src/context/index.ts'
import { ok, requestId, successOf } from '../../src/envelope/index.ts'
import { ApiError, createErrorHandler } from '../../src/errors/index.ts'
import { createDocument, createRouter, id, json, jsonBody, tenantRoute, text } from '../../src/openapi/index.ts'
import { header, tenant } from '../../src/resolution/index.ts'
import { contractCases, testClient } from '../../src/testing/index.ts'
import { newTenant, tenantIds } from '../tenants.ts'

// Runs the cases against a small API, first without a fault and then with one at a time.

const CreateNote = z.strictObject({ text: text({ min: 1, max: 100 }).openapi({ example: 'Hello' }) })
const Note = z.object({ id: id(), text: z.string() })
const responses = { 200: json(successOf(Note), 'The note'), 201: json(successOf(Note, 201), 'The note') }
const about = { tags: ['notes'], summary: 'A note' }

type Fault =
  | 'reveals foreign ids'
  | 'undeclared field'
  | 'undeclared status'
  | 'needs no tenant'
  | 'accepts unknown fields'
  | 'ignores the key'

function notesApi(fault?: Fault) {
  const notes = new Map<string, { id: string; text: string; tenantId: string }>()
  const app = createRouter<TenantEnv>()
  app.use(requestId())
  app.onError(createErrorHandler())
  const routes = createRouter<TenantEnv>()
  if (fault !== 'needs no tenant') routes.use(tenant({ from: header('X-Tenant-Id'), auth: unverified(), ...tenantIds }))
  const wire = (note: { id: string; text: string }) => ({
    id: note.id,
    text: note.text,
    ...(fault === 'undeclared field' ? { tenantId: 'leaked' } : {}),
  })
  const body = fault === 'accepts unknown fields' ? z.object(CreateNote.shape) : CreateNote
  routes.openapi(
    tenantRoute({
      ...about,
      method: 'post',
      path: '/',
      operationId: 'createNote',
      permission: 'notes:write',
      ...(fault === 'ignores the key' ? { idempotent: true } : {}),
      request: { body: jsonBody(body, 'A note') },
      responses: { 201: responses[201] },
    }),
    (c) => {
      const note = { id: crypto.randomUUID(), ...c.req.valid('json'), tenantId: c.get('tenantId') }
      notes.set(note.id, note)
      return ok(c, wire(note), { status: 201 })
    },
  )
  routes.openapi(
    tenantRoute(
      {
        ...about,
        method: 'get',
        path: '/{id}',
        operationId: 'getNote',
        permission: 'notes:write',
        request: { params: z.object({ id: id() }) },
        responses: { 200: responses[200] },
      },
      fault === 'undeclared status' ? [] : ['NOT_FOUND'],
    ),
    (c) => {
      const note = notes.get(c.req.valid('param').id)
      if (!note) throw new ApiError('NOT_FOUND', 'Note not found')
      if (note.tenantId === c.get('tenantId')) return ok(c, wire(note))
      throw new ApiError('NOT_FOUND', fault === 'reveals foreign ids' ? 'Not your note' : 'Note not found')
    },
  )
  app.route('/notes', routes)
  return app
}

/** The names of the cases that fail. */
async function failingCases(fault?: Fault): Promise<string[]> {
  const app = notesApi(fault)
  const tenantHeader = { name: 'X-Tenant-Id', example: newTenant() }
  const document = createDocument(app, {
    title: 'Notes',
    version: '1',
    description: '',
    tags: {},
    tenantHeader,
    ...tenantIds,
  })
  const failing: string[] = []
  for (const { name, run } of contractCases({ client: testClient(app), document, ...tenantIds })) {
    await run().catch(() => failing.push(name))
  }
  return failing
}

describe('the contract cases', () => {
  test('pass for an API that keeps its contract', async () => expect(await failingCases()).toEqual([]))

  test.each<[Fault, string]>([
    ['reveals foreign ids', "getNote: responds to another tenant's id as to an unknown id"],
    ['undeclared field', 'getNote: responds as the document declares'],
    ['undeclared status', "getNote: responds to another tenant's id as to an unknown id"],
    ['needs no tenant', 'createNote: rejects a request without a tenant'],
    ['accepts unknown fields', 'createNote: rejects an unknown field'],
    ['ignores the key', 'createNote: answers a request again under its Idempotency-Key, and only for its tenant'],
  ])('fail for an API with this fault: %s', async (fault, name) => {
    expect(await failingCases(fault)).toContain(name)
  })

  test('are refused for a document in which no operation needs a tenant: they would prove nothing', () => {
    const open = { operationId: 'listNotes', responses: { 200: {} } }
    const client = testClient(notesApi())
    for (const paths of [{}, { '/notes': { get: open } }])
      expect(() => contractCases({ client, document: JSON.stringify({ paths }) })).toThrow('No operation')
  })
})
