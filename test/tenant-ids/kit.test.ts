import { describe, expect, test } from 'bun:test'
import { z } from '@hono/zod-openapi'
import { eq } from 'drizzle-orm'
import { Hono } from 'hono'
import { type TenantEnv, type TenantIdType, unverified } from '../../src/context/index.ts'
import { tenantIdsOf } from '../../src/context/internal.ts'
import { one } from '../../src/database/index.ts'
import { ok, requestId, successOf } from '../../src/envelope/index.ts'
import { ApiError, createErrorHandler } from '../../src/errors/index.ts'
import { ByteBudget, bodyLimits, tenantLimits } from '../../src/limits/index.ts'
import { createDocument, createRouter, id, json, jsonBody, tenantRoute, text } from '../../src/openapi/index.ts'
import { header, tenant } from '../../src/resolution/index.ts'
import { contractCases, testClient } from '../../src/testing/index.ts'
import { rowhouse } from '../cli/run.ts'
import { asOwner } from '../database.ts'
import { Clock } from '../limits/app.ts'
import { openDatabaseOf } from './open-database.ts'

const alike = { text: ['acme', 'ACME', 'Acme'], bigint: ['1', '10', '9223372036854775807'] } as const

/** An API of notes, on a real database. `appType` is the type that its tenant middleware names. */
async function notesApi(type: TenantIdType, appType = type) {
  const { db, notes } = await openDatabaseOf(type)
  const Note = z.object({ id: id(), text: z.string() })
  const about = { tags: ['notes'], summary: 'A note' }
  const body = z.strictObject({ text: text({ min: 1, max: 100 }).openapi({ example: 'Hello' }) })
  const wire = { id: notes.id, text: notes.text }
  const routes = createRouter<TenantEnv>()
  routes.use(tenant({ from: header('X-Tenant-Id'), auth: unverified(), tenantId: appType }))
  routes.openapi(
    tenantRoute({
      ...about,
      method: 'post',
      path: '/',
      operationId: 'createNote',
      permission: 'notes:write',
      request: { body: jsonBody(body, 'A note') },
      responses: { 201: json(successOf(Note, 201), 'The note') },
    }),
    async (c) => {
      const note = await db.write((tx) => one(tx.insert(notes).values(c.req.valid('json')).returning(wire)))
      if (!note) throw new Error('An insert returned no row')
      return ok(c, note, { status: 201 })
    },
  )
  routes.openapi(
    tenantRoute(
      {
        ...about,
        method: 'get',
        path: '/{id}',
        operationId: 'getNote',
        permission: 'notes:read',
        request: { params: z.object({ id: id() }) },
        responses: { 200: json(successOf(Note), 'The note') },
      },
      ['NOT_FOUND'],
    ),
    async (c) => {
      const wanted = eq(notes.id, c.req.valid('param').id)
      const note = await db.read((tx) => one(tx.select(wire).from(notes).where(wanted)))
      if (!note) throw new ApiError('NOT_FOUND', 'Note not found')
      return ok(c, note)
    },
  )
  const app = createRouter<TenantEnv>()
  app.use(requestId())
  app.onError(createErrorHandler())
  app.route('/notes', routes)
  const tenantHeader = { name: 'X-Tenant-Id', example: alike.text[0] }
  const title = { title: 'Notes', version: '1.0.0', description: 'Notes', tags: { notes: 'Notes' } }
  return { client: testClient(app), document: createDocument(app, { ...title, tenantHeader, tenantId: type }) }
}

/** The names of the cases that fail. */
async function failuresOf(cases: ReturnType<typeof contractCases>): Promise<string[]> {
  const failed = cases.map(async ({ name, run }) => {
    const isGreen = await run().then(
      () => true,
      () => false,
    )
    return isGreen ? [] : [name]
  })
  return (await Promise.all(failed)).flat()
}

describe.each(['text', 'bigint'] as const)('with ids of type %s', (type) => {
  const api = notesApi(type)

  test('the contract cases call an API as tenants of this type, and find one that forgot the type', async () => {
    const { client, document } = await api
    const cases = contractCases({ client, document, tenantId: type })
    expect(cases.length).toBeGreaterThan(8)
    expect(await failuresOf(cases)).toEqual([])
    const forgetful = await notesApi(type, 'uuid')
    expect(await failuresOf(contractCases({ ...forgetful, tenantId: type }))).toContain(
      'createNote: responds as the document declares',
    )
  })

  test('the OpenAPI document says what form an id has', async () => {
    const { tenant } = JSON.parse((await api).document).components.securitySchemes
    expect(tenant).toMatchObject({ in: 'header', name: 'X-Tenant-Id' })
    expect(tenant.description).toContain(tenantIdsOf(type).must)
  })

  test('each tenant has requests, slots and bytes of its own', async () => {
    const app = new Hono<TenantEnv>()
    app.onError(createErrorHandler())
    const budget = new ByteBudget({ totalBytes: 1_000_000, tenantBytes: 100, now: new Clock().now })
    app.use(tenant({ from: header('X-Tenant-Id'), tenantId: type, auth: unverified() }))
    app.use(tenantLimits({ concurrency: { max: 1, queueMax: 0 }, rate: { limit: 2, windowSeconds: 60 } }))
    app.use(bodyLimits({ maxBytes: 1000, budget }))
    const running = Promise.withResolvers<void>()
    app.get('/held', async (c) => {
      await running.promise
      return c.text('ok')
    })
    app.post('/', (c) => c.text('ok'))
    const send = (tenant: string, path: string, init: RequestInit = {}) =>
      app.request(path, { ...init, headers: { 'X-Tenant-Id': tenant } })
    const [first = '', ...others] = alike[type]
    const post = (tenant: string) => send(tenant, '/', { method: 'POST', body: 'x'.repeat(100) })
    const held = send(first, '/held')
    const refused = (await post(first)).status // its slot
    const statuses = await Promise.all(others.map(async (other) => (await post(other)).status))
    const again = await Promise.all(others.map(async (other) => (await post(other)).status)) // their bytes
    running.resolve()
    expect([(await held).status, refused, (await post(first)).status]).toEqual([200, 429, 429]) // its requests
    expect([statuses, again]).toEqual([
      [200, 200],
      [429, 429],
    ])
  })

  test('the doctor reports a gap as a page', async () => {
    const { database } = await openDatabaseOf(type)
    await asOwner(database).unsafe('drop policy tenant_restrictive on notes')
    const env = { DATABASE_URL: database.appUrl }
    const { code, stdout } = await rowhouse(['doctor', '--format', 'html'], { env })
    expect([code, stdout]).toEqual([1, expect.stringContaining('restrictive-policy-missing')])
  })
})
