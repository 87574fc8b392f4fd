import { describe, expect, test } from 'bun:test'
import { z } from '@hono/zod-openapi'
import { boolean, date, integer, json, numeric, pgTable, primaryKey, text, timestamp, uuid } from 'drizzle-orm/pg-core'
import { type TenantEnv, tenantColumns } from '../../src/context/index.ts'
import { between, equals, type Filters, oneOf, pages, prefix } from '../../src/lists/index.ts'
import { createOrders } from '../../src/lists/order.ts'
import { createDocument, createRouter, id, tenantRoute } from '../../src/openapi/index.ts'

const bills = pgTable(
  'bills',
  {
    ...tenantColumns(),
    title: text('title').notNull(),
    status: text('status').notNull(),
    size: integer('size'),
    price: numeric('price'),
    due: date('due'),
    local: timestamp('local'),
    extra: json('extra'),
  },
  (t) => [primaryKey({ columns: [t.tenantId, t.id] })],
)
const list = pages(bills, {
  sort: ['createdAt', 'title', 'size', 'due'],
  default: '-createdAt',
  filters: {
    status: oneOf(['open', 'paid']),
    id: equals(id()),
    created: between('createdAt'),
    local: between(),
    due: between(),
    size: between(),
    price: between(),
    title: prefix(),
  },
})
const read = (query: Record<string, string>) => list.query.parse(query)
const messageOf = (query: Record<string, string>) => list.query.safeParse(query).error?.issues[0]?.message ?? ''

test('a query without parameters is the first 20 rows in the default order', () => {
  expect(read({})).toEqual({ limit: 20, sort: '-createdAt' })
})

test('the values of a list are read once, in the order of the declaration', () => {
  expect(read({ status: 'paid,open,paid' }).status).toEqual(['open', 'paid'])
})

test.each(['', 'open,', ',', 'lost', 'open,lost', Array(101).fill('open').join()])(
  'rejects the list of values %j and names those that are allowed',
  (status) => expect(messageOf({ status })).toContain('open, paid'),
)

test.each(['title', '-title', 'title,-size,due', '-createdAt'])('accepts the sort %s', (sort) => {
  expect(read({ sort }).sort).toBe(sort)
})

test.each(['', '-', 'title,', '--title', 'title,title', 'title,-title', 'title,size,due,createdAt', 'price', 'id'])(
  'rejects the sort "%s" and names the fields',
  (sort) => expect(messageOf({ sort })).toContain('createdAt, title, size, due'),
)

test.each([
  ['createdFrom', '2026-01-31T12:00:00Z'],
  ['createdFrom', '0001-01-01T00:00:00.123456+14:00'],
  ['createdTo', '2028-02-29T23:59:59-13:59'],
  ['localFrom', '2026-01-31T12:00:00+02:00'],
  ['dueTo', '2028-02-29'],
  ['sizeFrom', '-2147483648'],
  ['sizeTo', '2147483647'],
  ['priceFrom', '-12.50'],
])('%s=%s is within a range', (name, value) => {
  expect(list.query.safeParse({ [name]: value }).error).toBeUndefined()
})

test.each([
  ['createdFrom', '2026-01-31'],
  ['createdFrom', '2026-01-31T12:00:00'],
  ['createdFrom', '2026-01-31T12:00:00 02:00'],
  ['createdFrom', '0000-01-01T00:00:00Z'],
  ['createdFrom', '2026-02-29T00:00:00Z'],
  ['createdFrom', '2026-01-31T24:00:00Z'],
  ['createdFrom', '2026-01-31T12:00:00.1234567Z'],
  ['createdFrom', '2026-01-31T12:00:00+14:01'],
  ['dueFrom', '2100-02-29'],
  ['sizeFrom', '2147483648'],
  ['sizeFrom', '1e3'],
  ['priceFrom', 'NaN'],
  ['titlePrefix', ''],
  ['titlePrefix', '\0'],
  ['titlePrefix', '\ud800'],
  ['id', 'not-an-id'],
])('rejects %s=%j', (name, value) => {
  expect(list.query.safeParse({ [name]: value }).error?.issues[0]?.path).toEqual([name])
})

test('a page by cursor may be beyond row 10,000 and has no number', () => {
  expect(read({ cursor: '' })).toEqual({ cursor: '', limit: 20, sort: '-createdAt' })
  expect(list.query.safeParse({ cursor: '', page: '1' }).error?.issues[0]?.path).toEqual(['page'])
})

test('patterns of the document compile as JSON Schema asks for, with the flag u, and accept what the list accepts', () => {
  const { query } = pages(bills, {
    ...{ sort: ['title', 'due'], default: 'title' },
    filters: { status: oneOf(['in-progress', 'a.b/c']) },
  })
  const about = { operationId: 'listBills', permission: 'bills:read' as const, summary: 'List bills', tags: [] }
  const route = tenantRoute({ ...about, method: 'get', path: '/', request: { query }, responses: {} })
  const app = createRouter<TenantEnv>().openapi(route, (c) => c.body(null) as never) // nobody asks
  const document = createDocument(app, { title: 'Bills', version: '1', description: '', tags: {} })
  const { parameters } = JSON.parse(document).paths['/'].get
  const patternOf = (wanted: string) =>
    new RegExp(parameters.find(({ name }: { name: string }) => name === wanted).schema.pattern, 'u')
  expect(patternOf('status').test('in-progress,a.b/c')).toBe(true)
  expect(patternOf('sort').test('title,-due')).toBe(true)
  expect(patternOf('sort').test('title,-due,title')).toBe(false) // two names are two fields at most
})

test('a value that is declared twice is accepted', () => {
  const { query } = pages(bills, { sort: ['title'], default: 'title', filters: { status: oneOf(['a', 'a']) } })
  expect(query.parse({ status: 'a' }).status).toEqual(['a'])
})

test('a filter of a boolean reads the words that its schema names', () => {
  const flags = pgTable('flags', { ...tenantColumns(), isDone: boolean('is_done') }, (t) => [
    primaryKey({ columns: [t.tenantId, t.id] }),
  ])
  const words = z.enum(['true', 'false']).transform((text) => text === 'true')
  const { query } = pages(flags, { sort: ['id'], default: 'id', filters: { isDone: equals(words) } })
  expect(query.parse({ isDone: 'true' }).isDone).toBe(true)
  expect(query.safeParse({ isDone: 'yes' }).success).toBe(false)
})

test('the tenant column is no key of a cursor, whatever its name is', () => {
  const owned = pgTable('owned', { orgId: uuid('org_id'), id: uuid(), title: text().notNull() }, (t) => [
    primaryKey({ columns: [t.orgId, t.id] }),
  ])
  expect(createOrders(owned, 'org_id')('title').keys.map(({ name }) => name)).toEqual(['title', 'id'])
})

describe('a declaration fails', () => {
  const declare = (filters: Filters, sort: 'title' | 'extra' = 'title', preset = 'title') =>
    pages(bills, { sort: [sort], default: preset, filters })
  const unknown = 'nothing' as 'title' // what JavaScript could pass

  test.each<[string, () => unknown, RegExp]>([
    [
      'for a sort of no column',
      () => declare({}, unknown),
      /"nothing", which is no column of bills: it has tenantId, id/,
    ],
    ['for a default of no column', () => declare({}, 'title', '-nothing'), /"nothing", which is no column/],
    [
      'for a default that is not in sort',
      () => declare({}, 'title', '-size'),
      /"size", which a client could not ask for/,
    ],
    ['for a default that names a column twice', () => declare({}, 'title', 'title,-title'), /twice/],
    ['for a sort by json, which has no order', () => declare({}, 'extra'), /no order for json/],
    ['for a filter of no column', () => declare({ nothing: prefix() }), /The filter "nothing" of pages\(\)/],
    ['for a prefix of a number', () => declare({ size: prefix() }), /needs a column of text or varchar, not integer/],
    ['for a range of text', () => declare({ title: between() }), /needs a timestamp, a date or a number/],
    ['for values with a comma', () => declare({ status: oneOf(['a,b']) }), /no comma/],
    ['for two parameters of one name', () => declare({ sort: equals(id(), 'id') }), /the name "sort"/],
    [
      'for a table without a primary key',
      () => pages(pgTable('keyless', { name: text('name') }), { sort: ['name'], default: 'name' }),
      /keyless declares none/,
    ],
  ])('%s', (_, work, message) => {
    expect(work).toThrow(TypeError)
    expect(work).toThrow(message)
  })
})
