// What applications export: its declarations name types of the kit and of its peers. The matrix of packages compiles it.
import { z } from '@hono/zod-openapi'
import { desc, eq } from 'drizzle-orm'
import { index, pgTable, primaryKey, text } from 'drizzle-orm/pg-core'
import { Hono } from 'hono'
import {
  createErrorHandler,
  createIsolationCheck,
  createPool,
  createRouter,
  createTenantDatabase,
  docs,
  header,
  id,
  json,
  jsonBody,
  listOf,
  ok,
  PageQuery,
  pageOf,
  prepared,
  successOf,
  type TenantEnv,
  tenant,
  tenantColumns,
  tenantLimits,
  tenantRoute,
  unverified,
} from 'rowhouse'
import { gateway, jwt } from 'rowhouse/auth'
import { defineConfig } from 'rowhouse/config'
import { between, cursors, equals, pages, prefix } from 'rowhouse/lists'
import { migrate } from 'rowhouse/migrate'
import { contractCases, testClient } from 'rowhouse/testing'

export const notes = pgTable('notes', { ...tenantColumns(), text: text('text').notNull() }, (t) => [
  primaryKey({ columns: [t.tenantId, t.id] }),
  index().on(t.tenantId, t.text),
])
export const pool = createPool({ url: 'postgres://localhost/app', size: 10 })
export const db = createTenantDatabase({ connections: pool, schema: { notes } })
export const check = createIsolationCheck({ url: 'postgres://localhost/app' })
export const byText = prepared(['text'], (tx, values) => tx.select().from(notes).where(eq(notes.text, values.text)))
export const newest = () => db.read((tx) => tx.select().from(notes).orderBy(desc(notes.id)))
export const first = () => db.read((tx) => tx.query.notes.findFirst())

export const Note = z.object({ id: id(), text: z.string() }).openapi('Note')
export const CreateNote = z.strictObject({ text: z.string() }).openapi('CreateNote')
export const listNotes = tenantRoute({
  method: 'get',
  path: '/',
  operationId: 'listNotes',
  permission: 'notes:read',
  summary: 'List notes',
  tags: ['notes'],
  request: { query: PageQuery },
  responses: { 200: json(pageOf(Note), 'A page of notes') },
})
export const notePages = pages(notes, {
  sort: ['createdAt', 'text'],
  default: '-createdAt',
  filters: { id: equals(id()), created: between('createdAt'), text: prefix() },
})
export const withCursors = cursors({ secret: 'x'.repeat(32) })
export const searchNotes = tenantRoute({
  method: 'get',
  path: '/search',
  operationId: 'searchNotes',
  permission: 'notes:read',
  summary: 'Search notes',
  tags: ['notes'],
  request: { query: notePages.query },
  responses: { 200: json(listOf(Note), 'A page of notes') },
})
export const createNote = tenantRoute(
  {
    method: 'post',
    path: '/',
    operationId: 'createNote',
    permission: 'notes:write',
    summary: 'Create a note',
    tags: ['notes'],
    request: { body: jsonBody(CreateNote, 'The note') },
    responses: { 201: json(successOf(Note, 201), 'The note') },
  },
  ['CONFLICT'],
)
export const routes = createRouter<TenantEnv>().openapi(createNote, async (c) => {
  const [note = { id: '', text: '' }] = await db.write((tx) => tx.insert(notes).values(c.req.valid('json')).returning())
  return ok(c, { id: note.id, text: note.text }, { status: 201 })
})

export const auth = jwt({
  key: { jwksUrl: 'https://issuer.example/keys' },
  issuer: 'https://issuer.example',
  audience: 'a',
})
export const fromGateway = gateway({ header: 'X-Gateway-Secret', secrets: ['x'.repeat(32)] })
export const middleware = tenant({ from: header('X-Tenant-Id'), auth: unverified() })
export const limits = tenantLimits({ concurrency: { max: 2, queueMax: 10 } })
export const onError = createErrorHandler()
export const page = docs({ title: 'Notes', documentUrl: '/openapi.json', loadAsset: async () => '' })
export const app = new Hono().onError(onError).route('/notes', routes)
export const client = testClient(app)
export const config = defineConfig({ shared: ['public.countries'] })
export const applied = () => migrate({ url: 'postgres://localhost/app' })
export { contractCases }
