import { z } from '@hono/zod-openapi'
import { desc } from 'drizzle-orm'
import {
  createRouter,
  json,
  jsonBody,
  ok,
  one,
  successOf,
  type TenantDatabase,
  type TenantEnv,
  tenantRoute,
} from 'rowhouse'
import { notes } from './schema.ts'

const Note = z.object({ id: z.guid(), text: z.string() }).openapi('Note')
const CreateNote = z.object({ text: z.string().min(1).max(1000) }).openapi('CreateNote')
const Purged = z.object({ purged: z.number().int() }).openapi('Purged')
const tags = ['notes']
const columns = { id: notes.id, text: notes.text }

/** No query names the tenant: it is that of the active organization. */
export const noteRoutes = ({ db }: { db: TenantDatabase }) =>
  createRouter<TenantEnv>()
    .openapi(
      tenantRoute({
        method: 'get',
        path: '/',
        operationId: 'listNotes',
        permission: 'notes:read',
        summary: 'List the newest notes',
        tags,
        responses: { 200: json(successOf(z.array(Note)), 'The notes') },
      }),
      async (c) => ok(c, await db.read((tx) => tx.select(columns).from(notes).orderBy(desc(notes.id)).limit(100))),
    )
    .openapi(
      tenantRoute({
        method: 'post',
        path: '/',
        operationId: 'createNote',
        permission: 'notes:write',
        summary: 'Write a note',
        tags,
        request: { body: jsonBody(CreateNote, 'The note') },
        responses: { 201: json(successOf(Note, 201), 'The note') },
      }),
      async (c) => {
        const row = await db.write((tx) => one(tx.insert(notes).values(c.req.valid('json')).returning(columns)))
        if (!row) throw new Error('An insert returned no row')
        return ok(c, row, { status: 201 })
      },
    )
    .openapi(
      tenantRoute({
        method: 'post',
        path: '/purge',
        operationId: 'purgeNotes',
        // Permissions that end with ":purge" are those of owners.
        permission: 'notes:purge',
        summary: 'Delete all notes for good',
        tags,
        responses: { 200: json(successOf(Purged), 'How many there were') },
      }),
      async (c) => {
        const rows = await db.write((tx) => tx.delete(notes).returning({ id: notes.id }))
        return ok(c, { purged: rows.length })
      },
    )
