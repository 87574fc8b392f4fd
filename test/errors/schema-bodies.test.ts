import { describe, expect, test } from 'bun:test'
import { eq, sql } from 'drizzle-orm'
import { jsonb, pgTable, primaryKey, text, uniqueIndex } from 'drizzle-orm/pg-core'
import { createInsertSchema, createUpdateSchema } from 'drizzle-zod'
import { Hono } from 'hono'
import { type TenantEnv, tenantColumns, unverified } from '../../src/context/index.ts'
import { createErrorHandler } from '../../src/errors/index.ts'
import { header, tenant } from '../../src/resolution/index.ts'
import { testClient } from '../../src/testing/index.ts'
import { asOwner, createDatabase, open } from '../database.ts'
import { newTenant, tenantColumnType, tenantIds } from '../tenants.ts'

// The schemas that drizzle-zod derives from a table have its tenant column, id and creation time at run time.

const notes = pgTable(
  'notes',
  { ...tenantColumns(tenantIds), text: text('text').notNull(), extra: jsonb('extra') },
  (t) => [primaryKey({ columns: [t.tenantId, t.id] }), uniqueIndex().on(t.tenantId, t.text)],
).enableRLS()

const database = await createDatabase()
const db = open(database)
await asOwner(database).unsafe(`
  create table notes (
    tenant_id ${tenantColumnType} not null default tenancy.current_tenant_id(), id uuid not null default tenancy.uuid_v7(),
    created_at timestamptz(3) not null default now(), updated_at timestamptz(3) not null default now(),
    text text not null, extra jsonb, primary key (tenant_id, id), unique (tenant_id, text));
  select tenancy.protect('notes')`)

/** What a user of the kit writes: drizzle-zod's schemas, and their result into the database. */
const app = new Hono<TenantEnv>()
app.onError(createErrorHandler())
app.use(tenant({ from: header('X-Tenant-Id'), auth: unverified(), ...tenantIds }))
app.get('/notes', async (c) => c.json({ data: await db.read((tx) => tx.select().from(notes)) }))
app.post('/notes', async (c) => {
  const body = createInsertSchema(notes).parse(await c.req.json())
  const [data] = await db.write((tx) => tx.insert(notes).values(body).returning())
  return c.json({ data })
})
app.put('/notes', async (c) => {
  const body = createInsertSchema(notes).parse(await c.req.json())
  const target = [notes.tenantId, notes.text]
  await db.write((tx) => tx.insert(notes).values(body).onConflictDoUpdate({ target, set: body }))
  return c.json({})
})
app.patch('/notes/:id', async (c) => {
  const body = createUpdateSchema(notes).parse(await c.req.json())
  await db.write((tx) =>
    tx
      .update(notes)
      .set(body)
      .where(eq(notes.id, c.req.param('id'))),
  )
  return c.json({})
})
app.patch('/unchecked/:id', async (c) => {
  const body = await c.req.json()
  await db.write((tx) =>
    tx
      .with()
      .update(notes)
      .set(body)
      .where(eq(notes.id, c.req.param('id'))),
  )
  return c.json({})
})
const clients = testClient(app, { tenantHeader: 'X-Tenant-Id' })

async function newNote() {
  const id = newTenant()
  const client = clients.as(id)
  const { data } = await client.post<{ id: string }>('/notes', { text: crypto.randomUUID() })
  return { tenant: id, client, path: `/notes/${data.id}`, unchecked: `/unchecked/${data.id}`, id: data.id }
}

describe('a body with a column that the database writes', () => {
  test('is rejected when it creates a row of another tenant', async () => {
    const { tenant, client } = await newNote()
    const foreign = clients.as(newTenant())
    const { status, error } = await foreign.post('/notes', { text: 'x', tenantId: tenant })
    expect([status, error?.code]).toEqual([400, 'VALIDATION_FAILED'])
    expect((await client.get<unknown[]>('/notes')).data).toHaveLength(1)
    expect((await foreign.get<unknown[]>('/notes')).data).toEqual([])
  })

  test('is rejected alike for a tenant that exists and for one that does not', async () => {
    const { tenant } = await newNote()
    const { client } = await newNote()
    const [one, other] = [tenant, newTenant()].map((tenantId) => client.post('/notes', { text: 'x', tenantId }))
    const { status, error } = (await one) ?? {}
    expect([status, error]).toEqual([(await other)?.status, (await other)?.error])
  })

  test.each([
    ['tenantId', () => newTenant()],
    ['id', () => crypto.randomUUID()],
  ])('is rejected when it changes %s, and names it', async (path, value) => {
    const { client, path: note, unchecked } = await newNote()
    for (const to of [note, unchecked]) {
      const { status, error } = await client.patch(to, { [path]: value(), text: 'x' })
      expect({ status, error }).toEqual({
        status: 400,
        error: {
          code: 'VALIDATION_FAILED',
          message: 'The request does not match its schema',
          details: [{ path, code: 'read_only', message: 'Cannot be changed' }],
        },
      })
    }
  })

  test('is rejected when it changes createdAt', async () => {
    const { client, unchecked } = await newNote()
    expect((await client.patch(unchecked, { createdAt: new Date(0) })).status).toBe(400)
  })

  test('is rejected when an upsert changes the id', async () => {
    const { client } = await newNote()
    const { status, error } = await client.send('PUT', '/notes', {
      body: JSON.stringify({ text: 'x', id: crypto.randomUUID() }),
    })
    expect([status, error?.code]).toEqual([400, 'VALIDATION_FAILED'])
  })

  test('may name its own id when it creates a row', async () => {
    const { client } = await newNote()
    const id = crypto.randomUUID()
    const { status, data } = await client.post('/notes', { text: 'x', id })
    expect({ status, data }).toMatchObject({ status: 200, data: { id } })
  })
})

test.each(['path', 'unchecked'] as const)('an empty body that changes a row is rejected (%s)', async (to) => {
  const { client, ...note } = await newNote()
  const { status, error } = await client.patch(note[to], {})
  expect({ status, error }).toEqual({
    status: 400,
    error: { code: 'VALIDATION_FAILED', message: 'The request changes nothing' },
  })
})

test('a body with unknown columns only is rejected', async () => {
  const { client, unchecked } = await newNote()
  const { status, error } = await client.patch(unchecked, { title: 'x' })
  expect([status, error?.code]).toEqual([400, 'VALIDATION_FAILED'])
})

test('a body with a known and an unknown column changes the known one', async () => {
  const { client, unchecked } = await newNote()
  expect((await client.patch(unchecked, { title: 'x', text: 'changed' })).status).toBe(200)
  expect((await client.get('/notes')).data).toMatchObject([{ text: 'changed' }])
})

describe('a body that only PostgreSQL finds fault with is rejected', () => {
  test('when a text is too long for its index', async () => {
    const { client } = await newNote()
    const long = Array.from({ length: 4000 }, () => crypto.randomUUID()).join('')
    expect((await client.post('/notes', { text: long })).status).toBe(400)
  })

  test('when JSON contains the escape of a NUL', async () => {
    const { client } = await newNote()
    expect((await client.post('/notes', { text: 'x', extra: { a: '\0' } })).status).toBe(400)
  })
})

test('a permission that is missing for another reason stays an error of the service', async () => {
  await asOwner(database).unsafe(`create table forgotten (tenant_id ${tenantColumnType}, id uuid)`)
  const broken = new Hono()
  broken.onError(createErrorHandler())
  broken.use(tenant({ from: header('X-Tenant-Id'), auth: unverified(), ...tenantIds }))
  broken.get('/', async (c) => c.json(await db.write((tx) => tx.execute(sql`update forgotten set id = null`))))
  expect((await broken.request('/', { headers: { 'X-Tenant-Id': newTenant() } })).status).toBe(500)
})
