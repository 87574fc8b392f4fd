import { describe, expect, test } from 'bun:test'
import * as pg from 'drizzle-orm/pg-core'
import { tenantColumns } from '../../../src/context/index.ts'
import { pages, prefix } from '../../../src/lists/index.ts'
import { openWatchedDatabase } from '../../database/watched-pool.ts'
import { newTenant, tenantIds } from '../../tenants.ts'
import { app, createListApp, failureOf, type ListAppOptions, pageOf, secret, send } from './app.ts'
import { addRows, database, firm } from './tables.ts'

const base64url = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
const invalid = {
  status: 400,
  code: 'BAD_REQUEST',
  message: 'The cursor is not valid for this list',
  details: [{ path: 'cursor', in: 'query', code: 'invalid_cursor', message: expect.any(String) }],
}

/** A tenant with three rows, and the cursor of its second page. */
async function tenantWithCursor(query: Record<string, string> = {}, path = '/firm') {
  const tenant = newTenant()
  const ids = await addRows('firm', tenant, [
    { whole: '1', words: 'ada@acme.example', mood: 'sad' },
    { whole: '2', words: 'bob@acme.example', mood: 'sad' },
    { whole: '3', words: 'cyd@acme.example', mood: 'sad' },
  ])
  const { nextCursor } = await pageOf(tenant, path, { limit: 1, ...query })
  if (nextCursor === null) throw new Error('Three rows have a second page')
  return { tenant, ids, cursor: nextCursor }
}

describe('a cursor is refused with 400 and no SQL', () => {
  const refuse = async (tenant: string, query: Record<string, string>, path = '/firm') => {
    await using db = openWatchedDatabase({ url: database.appUrl })
    expect(await failureOf(tenant, path, query, createListApp({ db }))).toEqual(invalid)
    expect(db.sent).toEqual([])
  }

  test.each<[string, (cursor: string) => string]>([
    ['with a character behind it', (cursor) => `${cursor}!`],
    ['with a character of the alphabet behind it', (cursor) => `${cursor}A`],
    ['with padding', (cursor) => `${cursor}=`],
    ['with a blank before it', (cursor) => ` ${cursor}`],
    ['with a line end behind it', (cursor) => `${cursor}\n`],
    ['with a character inside that decoders skip', (cursor) => `${cursor.slice(0, 9)}!${cursor.slice(9)}`],
    ['without its last character', (cursor) => cursor.slice(0, -1)],
    ['without its first character', (cursor) => cursor.slice(1)],
    ['twice', (cursor) => cursor + cursor],
    ['of one half', (cursor) => cursor.slice(0, cursor.length / 2)],
    ['in upper case', (cursor) => cursor.toUpperCase()],
    ['that is JSON', () => '{"v":1,"dir":"next","keys":["1"]}'],
    ['that is JSON in base64url', () => Buffer.from('{"v":1,"dir":"next","keys":["1"]}').toString('base64url')],
    ['1', () => '1'],
    ['1.5', () => '1.5'],
    ['-1', () => '-1'],
    ['null', () => 'null'],
    ['of one blank', () => ' '],
    ['with a NUL', () => '\0'],
    ['of emoji', () => '\u{1F600}'],
    ['of 10 kB', () => 'A'.repeat(10_000)],
    ['of 10 kB that begins with a valid one', (cursor) => cursor.padEnd(10_000, 'A')],
  ])('%s', async (_, change) => {
    const { tenant, cursor } = await tenantWithCursor()
    await refuse(tenant, { cursor: change(cursor) })
  })

  test('with any character changed', async () => {
    const { tenant, cursor } = await tenantWithCursor()
    const target = createListApp()
    for (let at = 0; at < cursor.length; at++) {
      const other = base64url[(base64url.indexOf(cursor[at] ?? '') + 1) % 64]
      const changed = cursor.slice(0, at) + other + cursor.slice(at + 1)
      expect({ at, ...(await failureOf(tenant, '/firm', { cursor: changed }, target)) }).toEqual({ at, ...invalid })
    }
  })

  test('with the alphabet of plain base64', async () => {
    const { tenant } = await tenantWithCursor()
    let cursor = ''
    while (!/[-_]/.test(cursor)) cursor = (await pageOf(tenant, '/firm', { limit: 1 })).nextCursor ?? ''
    await refuse(tenant, { cursor: cursor.replaceAll('-', '+').replaceAll('_', '/') })
    expect((await send(createListApp(), tenant, '/firm', { cursor })).status).toBe(200)
  })

  test('of another tenant, also where both have the same rows', async () => {
    const { tenant, ids, cursor } = await tenantWithCursor()
    const other = newTenant()
    await addRows(
      'firm',
      other,
      ids.map((id, at) => ({ id, whole: String(at + 1) })),
    )
    await refuse(other, { cursor })
    expect((await pageOf(tenant, '/firm', { cursor })).keys).toEqual(ids.slice(1))
  })

  test('of another path, also of one with the same rows', async () => {
    const { tenant, cursor } = await tenantWithCursor()
    await refuse(tenant, { cursor }, '/also-firm')
    await refuse(tenant, { cursor }, '/loose')
  })

  test.each<[string, Record<string, string>, Record<string, string>]>([
    ['of another sort', { sort: 'whole' }, { sort: 'words' }],
    ['of the other direction', { sort: 'whole' }, { sort: '-whole' }],
    ['of the other directions', { sort: '-whole,words' }, { sort: 'whole,-words' }],
    ['of a sort with one column more', { sort: 'whole' }, { sort: 'whole,words' }],
    ['of a sort with one column fewer', { sort: 'whole,words' }, { sort: 'whole' }],
    ['of the same columns in another order', { sort: 'whole,words' }, { sort: 'words,whole' }],
    ['of no filter', {}, { mood: 'sad' }],
    ['of a filter that is left out', { mood: 'sad' }, {}],
    ['of another value of a filter', { mood: 'sad' }, { mood: 'sad,happy' }],
    ['of another bound', { wholeFrom: '1' }, { wholeFrom: '2' }],
    ['of the other bound', { wholeFrom: '9', wholeTo: '10' }, { wholeFrom: '10', wholeTo: '9' }],
    ['of another filter with the same value', { mood: 'sad' }, { feeling: 'sad' }],
    ['of another prefix', { wordsPrefix: '' }, { wordsPrefix: 'a' }],
  ])('%s', async (_, of, on) => {
    const given = Object.fromEntries(Object.entries(of).filter(([, value]) => value !== ''))
    const tenant = newTenant()
    await addRows(
      'firm',
      tenant,
      ['9', '9', '9'].map((whole) => ({ whole, words: 'a' })),
    )
    const { nextCursor } = await pageOf(tenant, '/firm', { ...given, limit: 1 })
    await refuse(tenant, { ...on, cursor: nextCursor ?? 'absent' })
  })

  /** Expects the cursor of one declaration to be refused by another one, and accepted by its own. */
  const refuseOf = async (made: ListAppOptions['lists'], changed: ListAppOptions['lists']) => {
    const { tenant } = await tenantWithCursor()
    const [before, after] = [made, changed].map((lists) => createListApp({ lists }))
    const { nextCursor } = await pageOf(tenant, '/firm', { limit: 1 }, before)
    const cursor = nextCursor ?? 'absent'
    expect((await send(before ?? app, tenant, '/firm', { cursor })).status).toBe(200)
    expect(await failureOf(tenant, '/firm', { cursor }, after)).toEqual(invalid)
  }

  test('of a list whose column had another type', async () => {
    const number = pg.pgTable(
      'firm',
      { ...tenantColumns(tenantIds), whole: pg.bigint('whole', { mode: 'bigint' }).notNull() },
      (t) => [pg.primaryKey({ columns: [t.tenantId, t.id] })],
    )
    const options = { sort: ['whole'], default: 'whole' } as const
    await refuseOf({ '/firm': pages(firm, options) as never }, { '/firm': pages(number, options) as never }) // they have no filters
  })

  test('of a default sort that was changed', async () => {
    const declared = (preset: string) => ({
      '/firm': pages(firm, { sort: ['whole', 'words'], default: preset }) as never,
    }) // without filters
    await refuseOf(declared('whole'), declared('-words'))
    await refuseOf(declared('whole'), declared('whole,words'))
  })

  test('of a list whose filters were changed', async () => {
    const declared = (filters: object) => ({
      '/firm': pages(firm, { sort: ['whole'], default: 'whole', filters: { ...filters } }) as never,
    }) // other filters
    await refuseOf(declared({ words: prefix() }), declared({ words: prefix(), code: prefix() }))
  })
})

describe('a cursor is accepted', () => {
  test('with another limit and with a count', async () => {
    const { tenant, ids, cursor } = await tenantWithCursor()
    expect(await pageOf(tenant, '/firm', { cursor, limit: 100, count: 'true' })).toMatchObject({
      keys: ids.slice(1),
      total: 3,
    })
  })

  test('with the same filter written in another way', async () => {
    const { tenant, ids, cursor } = await tenantWithCursor({ mood: 'sad,happy' })
    expect((await pageOf(tenant, '/firm', { cursor, mood: 'happy,sad,sad' })).keys).toEqual(ids.slice(1))
  })

  test('with the default sort written out', async () => {
    const { tenant, ids, cursor } = await tenantWithCursor()
    expect((await pageOf(tenant, '/firm', { cursor, sort: 'whole' })).keys).toEqual(ids.slice(1))
  })

  test('more than once', async () => {
    const { tenant, ids, cursor } = await tenantWithCursor()
    for (const _ of ids) expect((await pageOf(tenant, '/firm', { cursor, limit: 1 })).keys).toEqual(ids.slice(1, 2))
  })
})

test('a cursor reveals no value of a row', async () => {
  const { cursor, ids } = await tenantWithCursor({ sort: 'words' })
  const decoded = Buffer.from(cursor, 'base64url').toString('latin1')
  for (const value of ['ada', 'acme', ids[0] ?? '', 'words', 'next', 'keys']) {
    expect(decoded).not.toContain(value)
    expect(cursor).not.toContain(value)
  }
})

test('a cursor of the longest text that PostgreSQL indexes works, or the list refuses readably', async () => {
  const tenant = newTenant()
  const ids = await addRows(
    'firm',
    tenant,
    ['a', 'b', 'c'].map((last) => ({ words: 'x'.repeat(2000) + last })),
  )
  const { nextCursor } = await pageOf(tenant, '/firm', { sort: 'words', limit: 1 })
  expect((await pageOf(tenant, '/firm', { sort: 'words', limit: 1, cursor: nextCursor ?? '' })).keys).toEqual(
    ids.slice(1, 2),
  )
})

describe('the secret', () => {
  const next = 'the secret of the tests of lists, 2'

  test('may change: a cursor of the previous secret is accepted', async () => {
    const { tenant, ids, cursor } = await tenantWithCursor()
    const rotated = createListApp({ secrets: { secret: next, previous: secret } })
    const { keys, previousCursor } = await pageOf(tenant, '/firm', { cursor }, rotated)
    expect(keys).toEqual(ids.slice(1))
    const made = { cursor: previousCursor ?? 'absent' }
    expect((await pageOf(tenant, '/firm', made, createListApp({ secrets: { secret: next } }))).keys).toEqual(
      ids.slice(0, 1),
    )
    expect(await failureOf(tenant, '/firm', made)).toEqual(invalid)
  })

  test('that has gone makes its cursors invalid', async () => {
    const { tenant, cursor } = await tenantWithCursor()
    expect(await failureOf(tenant, '/firm', { cursor }, createListApp({ secrets: { secret: next } }))).toEqual(invalid)
  })

  test('that is absent fails a page by cursor as an error of the server, and leaves pages by offset', async () => {
    const { tenant } = await tenantWithCursor()
    const failures: string[] = []
    const without = createListApp({ secrets: undefined, onFailure: ({ message }) => failures.push(message) })
    expect((await send(without, tenant, '/firm', { page: 1 })).status).toBe(200)
    expect(await failureOf(tenant, '/firm', { cursor: '' }, without)).toMatchObject({ status: 500 })
    expect(failures).toEqual([expect.stringContaining('cursors({ secret })')])
  })
})
