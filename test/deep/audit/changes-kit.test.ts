import { describe, expect, test } from 'bun:test'
import { z } from '@hono/zod-openapi'
import { integer, type PgTable, pgSchema, pgTable, primaryKey, text } from 'drizzle-orm/pg-core'
import { tasks } from '../../../db/schema/tasks.ts'
import { changes } from '../../../src/audit/index.ts'
import { type TenantEnv, tenantColumns } from '../../../src/context/index.ts'
import { createPool, createReplica, createTenantDatabase, type TenantDatabase } from '../../../src/database/index.ts'
import { changesOf, ok } from '../../../src/envelope/index.ts'
import { cursors, pages } from '../../../src/lists/index.ts'
import { createRouter, json, tenantRoute } from '../../../src/openapi/index.ts'
import { newFeed, runWorker, type TaskChange } from '../../audit/feed.ts'
import { openUndoDatabase } from '../../audit/undo-database.ts'
import { closeAfterwards, createDatabase, main, db as mainDb } from '../../database.ts'
import { appOf } from '../../idempotency/kit-app.ts'
import { recordingPool } from '../../lists/cases/recorded.ts'
import { tenantIds, tenantIdType } from '../../tenants.ts'

const { tenantId } = tenantColumns({ tenantId: tenantIdType })
const lines = pgTable(
  'lines',
  { tenantId, invoice: text('invoice').notNull(), place: integer('place').notNull(), name: text('name') },
  (t) => [primaryKey({ columns: [t.tenantId, t.invoice, t.place] })],
)
const invoices = pgSchema('billing').table(
  'invoices',
  { tenantId, id: integer('id').notNull(), name: text('name') },
  (t) => [primaryKey({ columns: [t.tenantId, t.id] })],
)
const odd = pgSchema('Odd Schema').table(
  'My Table',
  {
    tenantId: tenantColumns({ tenantId: tenantIdType }).tenantId,
    theId: text('The Id').notNull(),
    text: text('A and B'),
  },
  (t) => [primaryKey({ columns: [t.tenantId, t.theId] })],
)
const plain = pgTable(
  'plain',
  { tenantId: tenantColumns({ tenantId: tenantIdType }).tenantId, id: integer('id').notNull() },
  (t) => [primaryKey({ columns: [t.tenantId, t.id] })],
)

const secret = 'the secret of the tests of changes'

/** An app with the changes of a table, and with its list when it has a sort. */
function feedOf(table: PgTable, db: TenantDatabase, { withSecret = true } = {}) {
  const declared = changes(table)
  const routes = createRouter<TenantEnv>()
  if (withSecret) routes.use(cursors({ secret }))
  routes.openapi(
    tenantRoute({
      method: 'get',
      path: '/changes',
      operationId: 'listChanges',
      permission: 'rows:read',
      summary: 'Changes',
      tags: [],
      request: { query: declared.query },
      responses: { 200: json(changesOf(z.any()), 'Changes') },
    }),
    async (c) => {
      const page = await declared.page(c, db, c.req.valid('query'))
      return ok(c, page.changes, { meta: page.meta })
    },
  )
  return appOf(routes).client
}

describe('the changes of a table', () => {
  test('with a key of several columns, outside of public, and with upper case and blanks have their rows', async () => {
    const database = await openUndoDatabase(tenantIdType)
    const tenant = database.newTenant()
    await tenant.request(
      `insert into lines values (default, '["A"', 1, 'One'), (default, 'B', 2, 'Two')`,
      `delete from lines where place = 2`,
      `insert into billing.invoices (id, name) values (7, 'Seven')`,
      `insert into "Odd Schema"."My Table" values (default, '[x', 'Odd')`,
    )
    await database.owner`select tenancy.append_audit_logs(1000)`
    const of = async (table: PgTable) => {
      const { data } = await feedOf(table, database.db).as(tenant.tenant).get<Record<string, unknown>[]>('/changes')
      return data.map(({ change, id, row }) => [change, id, row])
    }
    const own = { tenantId: tenant.tenant }
    expect(await of(lines)).toEqual([
      ['created', '["[\\"A\\"", "1"]', { ...own, invoice: '["A"', place: 1, name: 'One' }],
      ['created', '["B", "2"]', null],
      ['deleted', '["B", "2"]', null],
    ])
    expect(await of(invoices)).toEqual([['created', '7', { ...own, id: 7, name: 'Seven' }]])
    expect(await of(odd)).toEqual([['created', '[x', { ...own, theId: '[x', text: 'Odd' }]])
  })

  test('that is not audited are an error, and so are those without a secret', async () => {
    const database = await openUndoDatabase(tenantIdType)
    const { tenant } = database.newTenant()
    expect((await feedOf(plain, database.db).as(tenant).get('/changes')).status).toBe(200)
    await database.owner`select tenancy.stop_audit('plain')`
    expect((await feedOf(plain, database.db).as(tenant).get('/changes')).status).toBe(500)
    expect((await feedOf(plain, database.db, { withSecret: false }).as(tenant).get('/changes')).status).toBe(500)
  })

  test('without a primary key beside the tenant throw when they are declared', () => {
    const settings = pgTable('settings', { tenantId }, (t) => [primaryKey({ columns: [t.tenantId] })])
    expect(() => changes(settings)).toThrow(
      'changes() needs a primary key beside the tenant, and the table settings has none',
    )
    expect(() => changes(pgTable('keyless', { tenantId }))).toThrow(TypeError)
  })
})

test('a position that a replica does not have yet is read from the primary', async () => {
  const feed = await newFeed()
  await feed.createTask('A')
  await runWorker()
  const behind = await createDatabase() // without any change, as a replica that is far behind
  const connections = createPool({ url: main.appUrl, size: 1 })
  const replica = createReplica({
    connections: createPool({ url: behind.appUrl, size: 1 }),
    check: async () => {},
    secret,
  })
  const db = createTenantDatabase({ connections, replica, ...tenantIds })
  closeAfterwards(db)
  await replica.check()
  const client = feedOf(tasks, db).as(feed.tenant)
  const onPrimary = feedOf(tasks, mainDb).as(feed.tenant)
  const { body } = await onPrimary.get('/changes')
  const since = (body as { meta: { changes: { next: string } } }).meta.changes.next
  expect((await client.get<TaskChange[]>('/changes')).data).toEqual([]) // it reads from the replica
  expect((await client.get<TaskChange[]>(`/changes?since=${since}`)).status).toBe(200)
})

test('a list without the option sends the same statements as before, and one with it one more for its first page', async () => {
  const feed = await newFeed()
  for (const title of ['A', 'B']) await feed.createTask(title)
  const sentBy = async (options: { changes?: boolean }) => {
    const list = pages(tasks, { sort: ['title'], default: 'title', ...options })
    const connections = recordingPool(main.appUrl)
    const db = createTenantDatabase({ connections, ...tenantIds })
    closeAfterwards(db)
    const routes = createRouter<TenantEnv>()
    routes.use(cursors({ secret }))
    routes.get('/list', async (c) => {
      const asked = list.query.parse(c.req.query())
      const { meta } = await db.read((tx) => list.page(c, tx, asked))
      return c.json(meta)
    })
    const client = appOf(routes).client.as(feed.tenant)
    const read = async (query: string) => {
      connections.sent.length = 0
      const { body } = await client.get(`/list?limit=1${query}`)
      return { meta: body as Record<string, { nextCursor: string }>, texts: connections.sent.map(({ text }) => text) }
    }
    await read('') // the first transaction checks the login
    const byNumber = await read('')
    const first = await read('&cursor=')
    const second = await read(`&cursor=${first.meta.pagination?.nextCursor}`)
    return { byNumber, first, second }
  }
  const [without, followed] = [await sentBy({}), await sentBy({ changes: true })]
  for (const page of ['byNumber', 'second'] as const) expect(followed[page].texts).toEqual(without[page].texts)
  // Two queries see one snapshot in a transaction that says so.
  const [begin, set, log, ...rest] = followed.first.texts
  expect([begin, log]).toEqual([
    'begin isolation level repeatable read read only',
    expect.stringContaining('tenancy.audit_logs'),
  ])
  expect([set, ...rest]).toEqual([...without.first.texts, 'commit'])
  expect([followed.byNumber, followed.first, followed.second].map(({ meta }) => Object.keys(meta))).toEqual([
    ['pagination'],
    ['pagination', 'changes'],
    ['pagination', 'changes'],
  ])
  for (const page of Object.values(without)) expect(Object.keys(page.meta)).toEqual(['pagination'])
})
