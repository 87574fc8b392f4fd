import { describe, expect, test } from 'bun:test'
import { z } from '@hono/zod-openapi'
import * as pg from 'drizzle-orm/pg-core'
import { tenantColumns } from '../../../src/context/index.ts'
import { createPool, createTenantDatabase } from '../../../src/database/index.ts'
import { between, equals, oneOf, pages, prefix } from '../../../src/lists/index.ts'
import { closeAfterwards } from '../../database.ts'
import { newTenant, tenantIds } from '../../tenants.ts'
import { type AnyList, createListApp, failureOf, pageOf } from './app.ts'
import { addRows, database, firm, loose, type Values } from './tables.ts'

const serve = (list: unknown, options = {}) => createListApp({ lists: { '/rows': list as AnyList }, ...options }) // each test has a list of its own

/** Walks to the end and back, and returns the keys of both ways. */
async function bothWays(tenant: string, target: ReturnType<typeof serve>, query: Record<string, string> = {}) {
  const [there, back]: [string[], string[]] = [[], []]
  let page = await pageOf(tenant, '/rows', { ...query, limit: 2 }, target)
  for (;;) {
    there.push(...page.keys)
    if (page.nextCursor === null) break
    page = await pageOf(tenant, '/rows', { ...query, limit: 2, cursor: page.nextCursor }, target)
  }
  for (;;) {
    back.unshift(...page.keys)
    if (page.previousCursor === null) break
    page = await pageOf(tenant, '/rows', { ...query, limit: 2, cursor: page.previousCursor }, target)
  }
  return { there, back }
}

test('a list may be sorted by its id, and by columns of every tenant table', async () => {
  const tenant = newTenant()
  const ids = (
    await addRows(
      'firm',
      tenant,
      Array.from({ length: 5 }, () => ({})),
    )
  ).toSorted()
  const target = serve(pages(firm, { sort: ['id', 'createdAt', 'updatedAt'], default: '-id' }))
  expect(await bothWays(tenant, target)).toEqual({ there: ids.toReversed(), back: ids.toReversed() })
  expect(await bothWays(tenant, target, { sort: 'id' })).toEqual({ there: ids, back: ids })
  expect(await bothWays(tenant, target, { sort: 'createdAt,-id' })).toEqual({
    there: ids.toReversed(),
    back: ids.toReversed(),
  })
  expect(await bothWays(tenant, target, { sort: 'id,-updatedAt' })).toEqual({ there: ids, back: ids })
})

test('a list works where the database derives the names of columns', async () => {
  const named = pg.pgTable(
    'loose',
    { ...tenantColumns(tenantIds), isDone: pg.boolean(), localTime: pg.timestamp() },
    (t) => [pg.primaryKey({ columns: [t.tenantId, t.id] })],
  )
  const list = pages(named, { sort: ['isDone', 'localTime'], default: 'isDone', filters: { localTime: between() } })
  const db = createTenantDatabase({
    connections: createPool({ url: database.appUrl, size: 1 }),
    casing: 'snake_case',
    ...tenantIds,
  })
  closeAfterwards(db)
  const tenant = newTenant()
  const [third, first, second] = await addRows('loose', tenant, [
    { isDone: null, localTime: '2026-01-02' },
    { isDone: 'false', localTime: '2026-01-02' },
    { isDone: 'true', localTime: '2026-01-02' },
    { isDone: 'true', localTime: null },
  ])
  const order = [first, second, third] as string[]
  expect(await bothWays(tenant, serve(list, { db }), { localTimeFrom: '2026-01-01T00:00:00Z' })).toEqual({
    there: order,
    back: order,
  })
})

test('a list works where the primary key is one column', async () => {
  const single = pg.pgTable('firm', { id: pg.uuid('id').primaryKey(), whole: pg.integer('whole').notNull() })
  const tenant = newTenant()
  const ids = await addRows(
    'firm',
    tenant,
    ['1', '2', '3'].map((whole) => ({ whole })),
  )
  const target = serve(pages(single, { sort: ['whole'], default: 'whole' }))
  expect(await bothWays(tenant, target)).toEqual({ there: ids, back: ids })
})

describe('a filter', () => {
  /** The places of the rows that a query finds. */
  async function placesOf(list: unknown, rows: Values[], query: Record<string, string>): Promise<number[]> {
    const tenant = newTenant()
    const ids = await addRows('loose', tenant, rows)
    const target = serve(list)
    const { keys } = await pageOf(tenant, '/rows', query, target)
    const { there } = await bothWays(tenant, target, query)
    expect(there).toEqual(keys)
    return keys.map((key) => ids.indexOf(key)).toSorted()
  }
  const options = { sort: ['whole'], default: 'whole' } as const

  test('by allowed values takes any text as itself', async () => {
    const words = ['a"b', 'c\\d', '{}', 'NULL', 'null', "it's", ' e ', '\u{1F600}', '%', '+']
    const list = pages(loose, { ...options, filters: { words: oneOf(words) } })
    const rows: Values[] = [...words, null, 'a', ''].map((word) => ({ words: word }))
    for (const [at, word] of words.entries())
      expect([word, await placesOf(list, rows, { words: word })]).toEqual([word, [at]])
    expect(await placesOf(list, rows, { words: words.join() })).toEqual(words.map((_, at) => at))
  })

  test('by allowed values is of columns of other types too', async () => {
    const list = pages(loose, {
      ...options,
      filters: {
        whole: oneOf(['1', '20']),
        isDone: oneOf(['true', 'false']),
        folded: oneOf(['ada', 'bob']),
        letters: oneOf(['ab', 'c']),
      },
    })
    expect(await placesOf(list, [{ whole: '1' }, { whole: '2' }, { whole: '20' }], { whole: '20,1' })).toEqual([0, 2])
    expect(
      await placesOf(list, [{ isDone: 'true' }, { isDone: 'false' }, { isDone: null }], { isDone: 'false' }),
    ).toEqual([1])
    expect(await placesOf(list, [{ folded: 'Ada' }, { folded: 'Cyd' }], { folded: 'ada' })).toEqual([0])
    expect(await placesOf(list, [{ letters: 'ab' }, { letters: 'abc' }], { letters: 'ab' })).toEqual([0])
  })

  test('by one value has the value that its schema made', async () => {
    const list = pages(loose, {
      ...options,
      filters: {
        whole: equals(
          z
            .string()
            .regex(/^\d{1,9}$/)
            .transform(Number),
        ),
        isDone: equals(z.enum(['yes', 'no']).transform((word) => word === 'yes')),
        instant: equals(z.iso.datetime().transform((text) => new Date(text))),
        words: equals(z.string()),
      },
    })
    expect(await placesOf(list, [{ whole: '7' }, { whole: '8' }], { whole: '7' })).toEqual([0])
    expect(await placesOf(list, [{ isDone: 'true' }, { isDone: 'false' }], { isDone: 'no' })).toEqual([1])
    const time = '2026-01-01T00:00:00.123Z'
    expect(await placesOf(list, [{ instant: time }, { instant: '2026-01-01T00:00:00Z' }], { instant: time })).toEqual([
      0,
    ])
    expect(await placesOf(list, [{ words: 'a' }, { words: 'A' }, { words: '' }], { words: 'A' })).toEqual([1])
    expect(await placesOf(list, [{ words: 'a' }, { words: '' }], { words: '' })).toEqual([1])
  })

  test('may have several kinds on one column', async () => {
    const list = pages(loose, {
      ...options,
      filters: { words: prefix(), word: equals(z.string(), 'words'), known: oneOf(['ab', 'ac'], 'words') },
    })
    const rows = [{ words: 'ab' }, { words: 'ac' }, { words: 'b' }]
    expect(await placesOf(list, rows, { wordsPrefix: 'a' })).toEqual([0, 1])
    expect(await placesOf(list, rows, { wordsPrefix: 'a', known: 'ac,ab', word: 'ab' })).toEqual([0])
  })
})

test('a row whose key is too long for a cursor fails the page, and the log says what to do', async () => {
  const tenant = newTenant()
  await addRows(
    'loose',
    tenant,
    ['a', 'b'].map((last) => ({ words: '\u{1F600}'.repeat(2000) + last })),
  )
  const failures: unknown[] = []
  const target = serve(pages(loose, { sort: ['words'], default: 'words' }), {
    onFailure: (error: Error) => failures.push(String(error.cause ?? error)),
  })
  expect((await pageOf(tenant, '/rows', { limit: 2 }, target)).keys).toHaveLength(2)
  expect(await failureOf(tenant, '/rows', { limit: 1, cursor: '' }, target)).toMatchObject({ status: 500 })
  expect(failures).toEqual([expect.stringContaining('too long for a cursor')])
})

describe('a list with a fixed value of a column', () => {
  const below = (whole: number) => {
    const list = pages(firm, { sort: ['id'], default: 'id', filters: { mood: oneOf(['sad']) } })
    return {
      query: list.query,
      page: (...[c, tx, query]: Parameters<typeof list.page>) => list.page(c, tx, query, { whole }),
    }
  }

  test('has the rows with this value alone, by cursor, by number and in its total', async () => {
    const tenant = newTenant()
    const ids = await addRows(
      'firm',
      tenant,
      ['1', '2', '1', '2', '1'].map((whole) => ({ whole })),
    )
    const ones = ids.filter((_, index) => index % 2 === 0).toSorted()
    const target = serve(below(1))
    expect(await bothWays(tenant, target)).toEqual({ there: ones, back: ones })
    expect(await pageOf(tenant, '/rows', { count: 'true' }, target)).toMatchObject({ total: 3 })
  })

  test('gives cursors that are not valid below another value', async () => {
    const tenant = newTenant()
    await addRows(
      'firm',
      tenant,
      ['1', '1', '2', '2'].map((whole) => ({ whole })),
    )
    const { nextCursor } = await pageOf(tenant, '/rows', { limit: 1 }, serve(below(1)))
    expect(await failureOf(tenant, '/rows', { cursor: nextCursor ?? '' }, serve(below(2)))).toMatchObject({
      status: 400,
    })
  })

  test('refuses a value that is missing, and a name that is no column', async () => {
    const list = pages(firm, { sort: ['id'], default: 'id' })
    const failures: Error[] = []
    for (const fixed of [{ whole: undefined }, { nothing: 1 }]) {
      const wrong = {
        query: list.query,
        page: (...[c, tx, query]: Parameters<typeof list.page>) => list.page(c, tx, query, fixed as never),
      }
      await failureOf(newTenant(), '/rows', {}, serve(wrong, { onFailure: (error: Error) => failures.push(error) }))
    }
    expect(failures.map(({ message }) => message)).toEqual([
      'A list has no fixed value of whole',
      expect.stringContaining('A fixed value of a list names "nothing", which is no column of firm'),
    ])
  })
})
