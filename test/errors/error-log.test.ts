import { afterEach, beforeEach, expect, spyOn, test } from 'bun:test'
import { sql } from 'drizzle-orm'
import { pgTable, text } from 'drizzle-orm/pg-core'
import { Hono } from 'hono'
import { createPool, createTenantDatabase } from '../../src/database/index.ts'
import { ApiError, createErrorHandler } from '../../src/errors/index.ts'
import { closeAfterwards, db } from '../database.ts'
import { directUrl } from '../faults/recovery.ts'
import { newTenant, tenantIds, withTenant } from '../tenants.ts'

type Options = Parameters<typeof createErrorHandler>[0]
const missing = pgTable('no_such_table', { name: text('name') })
const inTenant = <T>(work: () => Promise<T>) => withTenant(newTenant(), work)

/** Answers a request whose handler does this, and returns the answer. */
async function answer(work: () => unknown, options?: Options): Promise<Response> {
  const app = new Hono()
  app.onError(createErrorHandler(options))
  app.post('/notes/:id', async (c) => c.json(await work()))
  return await app.request('/notes/secret-7', { method: 'POST' })
}

let written: string[] = []
let spy = spyOn(console, 'error')
spy.mockRestore()
beforeEach(() => {
  written = []
  spy = spyOn(console, 'error').mockImplementation((line: string) => void written.push(line))
})
afterEach(() => spy.mockRestore())
const logged = () => written.map((line) => JSON.parse(line))

test('a failure of the server is one line of JSON on the console', async () => {
  const { status } = await answer(() => Promise.reject(new TypeError('secret-1')))
  expect(status).toBe(500)
  expect(logged()).toMatchObject([
    { level: 'error', message: 'request failed', method: 'POST', route: '/notes/:id', status: 500, name: 'TypeError' },
  ])
})

test('the line names the place in the code of the application, not in a library', async () => {
  await answer(() => Promise.reject(new TypeError('x')))
  expect(logged()[0].at[0]).toBe('TypeError')
  expect(logged()[0].at[1]).toContain('error-log.test.ts')
})

test('a failure of a query is logged with its text, its SQLSTATE and what to do', async () => {
  await answer(() => inTenant(() => db.read((tx) => tx.select().from(missing))))
  expect(logged()).toMatchObject([
    {
      code: 'INTERNAL_SERVER_ERROR',
      database: { sqlstate: '42P01' },
      query: 'select "name" from "no_such_table"',
      hint: 'Create the tables first: run "rowhouse migrate".',
    },
  ])
})

test('the query among several in one message that failed is logged', async () => {
  await answer(() => inTenant(() => db.read((tx) => [tx.execute(sql`select 1`), tx.execute(sql`select 1 / 0`)])))
  expect(logged()[0].query).toBe('select 1 / 0')
})

test('the line names the caller of a query whose error comes from the socket', async () => {
  const handler = async () => await db.write(async (tx) => await tx.execute(sql`select 1 / 0`))
  await answer(() => inTenant(handler))
  expect(logged()[0].at.filter((frame: string) => frame.includes('error-log.test.ts'))).not.toEqual([])
  expect(logged()[0].at.filter((frame: string) => frame.includes('/src/database/'))).toEqual([])
})

test('the line holds no value: of the path, of a parameter, or of a message', async () => {
  const values = [
    () => inTenant(() => db.read((tx) => tx.execute(sql`select ${'secret-2'}::text from no_such_table`))),
    () => inTenant(() => db.read((tx) => tx.execute(sql`select ${'secret-3'}::text::json`))),
    () => Promise.reject(new Error('secret-4', { cause: new Error('secret-5') })),
  ]
  for (const work of values) await answer(work)
  expect(written.length).toBeGreaterThan(1)
  expect(written.join('\n')).not.toContain('secret')
})

test('the query of a Drizzle database of the application is logged too', async () => {
  const error = Object.assign(new Error('Failed query: select $1\nparams: secret'), {
    query: 'select $1',
    params: ['secret'],
  })
  await answer(() => Promise.reject(error))
  expect(logged()[0].query).toBe('select $1')
  expect(written.join()).not.toContain('secret')
})

test('what a client can mend is not logged', async () => {
  expect((await answer(() => Promise.reject(new ApiError('NOT_FOUND')))).status).toBe(404)
  expect(written).toEqual([])
})

test('a logger of the application replaces the console', async () => {
  const lines: object[] = []
  const log = { error: (fields: object, message: string) => void lines.push({ ...fields, message }) }
  await answer(() => Promise.reject(new Error('x')), { log })
  expect(lines).toMatchObject([{ message: 'request failed', status: 500, name: 'Error' }])
  expect(written).toEqual([])
})

test('onError replaces the log, and gets the error', async () => {
  const error = new Error('x')
  const got: unknown[] = []
  await answer(() => Promise.reject(error), { onError: (thrown, report) => got.push(thrown, report.name) })
  expect(got).toEqual([error, 'Error'])
  expect(written).toEqual([])
})

test('a failure of onError changes nothing for the client', async () => {
  const onError = () => Promise.reject(new Error('the log is down'))
  expect((await answer(() => Promise.reject(new Error('x')), { onError })).status).toBe(500)
})

test('texts that the code puts into a query are not logged', async () => {
  const texts = ["'secret'", "'it''s secret'", "E'it\\'s secret'", "$$it's secret$$", '$a$ secret $a$', '$a$ secret']
  for (const text of texts)
    await answer(() => inTenant(() => db.read((tx) => tx.execute(sql.raw(`select ${text} from no_such_table`)))))
  expect(logged().map(({ query }) => query)).toContain("select '…' from no_such_table")
  expect(written.length).toBe(texts.length)
  expect(written.join('\n')).not.toContain('secret')
})

test.each([
  ['a wrong password', { password: 'wrong' }, 'the password', '28P01'],
  ['a role that does not exist', { username: 'nobody_here' }, 'it creates the role', '28P01'],
  ['a database that does not exist', { pathname: '/nowhere' }, 'Create the database', '3D000'],
  ['a port without a server', { port: '1' }, 'Start PostgreSQL', undefined],
])('%s is logged with what to do', async (_, change, remedy, sqlstate) => {
  const url = Object.assign(new URL(directUrl()), change) // a pooler has messages of its own
  const other = createTenantDatabase({ connections: createPool({ url: url.href, size: 1 }), ...tenantIds })
  closeAfterwards(other)
  const { status } = await answer(() => inTenant(() => other.read((tx) => tx.execute(sql`select 1`))))
  expect(status).toBe(503)
  expect(logged()[0].hint).toContain(remedy)
  expect(logged()[0].database?.sqlstate).toBe(sqlstate)
})
