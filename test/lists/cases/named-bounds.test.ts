import { describe, expect, test } from 'bun:test'
import { and, asc } from 'drizzle-orm'
import { anyOf, atLeast, below, equals, oneOf, pages, prefix } from '../../../src/lists/index.ts'
import { text } from '../../../src/openapi/index.ts'
import { open } from '../../database.ts'
import { newTenant, withTenant } from '../../tenants.ts'
import { createListApp, failureOf, offsetPageOf, pageOf } from './app.ts'
import { addRows, database, loose } from './tables.ts'

const list = pages(loose, {
  sort: ['whole'],
  default: 'whole',
  filters: {
    words: anyOf(text({ min: 1, max: 20 })),
    said: anyOf(text({ max: 10 }), 'words'),
    from: atLeast('instant'),
    to: below('instant'),
    mood: oneOf(['sad', 'happy']),
    code: equals(text({ max: 12 })),
    letters: equals(text({ max: 5 })),
  },
})
const app = createListApp({ lists: { '/loose': list as never } }) // it has other filters
const db = open(database)

/** A tenant with three rows, and the words of those that a query finds: of a page, and of a statement with the list's condition. */
async function withRows() {
  const tenant = newTenant()
  const rows = ['a', 'b', 'c "d" \\ {e}'].map((words, at) => ({
    ...{ whole: String(at), words, instant: `2026-06-01 12:00:0${at}.000001+00`, mood: at ? 'happy' : 'sad' },
    ...{ code: `code ${at}`, letters: `x${at}` },
  }))
  const ids = await addRows('loose', tenant, rows)
  return async (query: Record<string, string>) => {
    const { keys } = await pageOf(tenant, '/loose', query, app)
    const parsed = list.query.parse(query)
    const selected = await withTenant(tenant, () =>
      db.read((tx) =>
        tx
          .select()
          .from(loose)
          .where(and(list.where(parsed)))
          .orderBy(asc(loose.whole)),
      ),
    )
    expect(selected.map(({ id }) => id)).toEqual(keys)
    return keys.map((id) => rows[ids.indexOf(id)]?.words)
  }
}

describe('a filter by values that are not known beforehand', () => {
  test.each([
    ['a', ['a']],
    ['a,b', ['a', 'b']],
    ['b,b', ['b']],
    ['A', []],
    ['c "d" \\ {e}', ['c "d" \\ {e}']],
    ["' or true --", []],
  ])('finds the rows with words=%s', async (words, wanted) => {
    expect(await (await withRows())({ words })).toEqual(wanted)
  })

  test('is of the column that it names', async () => {
    expect(await (await withRows())({ said: 'a,b', words: 'b' })).toEqual(['b'])
  })

  test.each([
    ['an empty one', 'a,,b'],
    ['one that its schema refuses', `a,${'b'.repeat(21)}`],
    ['too many', Array(101).fill('a').join()],
  ])('refuses %s by its name', async (_, words) => {
    const failure = await failureOf(newTenant(), '/loose', { words }, app)
    expect(failure).toMatchObject({ status: 400, details: [{ path: 'words', in: 'query' }] })
  })
})

describe('a filter by one bound', () => {
  test.each([
    [{ from: '2026-06-01T12:00:01.000001Z' }, ['b', 'c "d" \\ {e}']],
    [{ from: '2026-06-01T14:00:01.000002+02:00' }, ['c "d" \\ {e}']],
    [{ to: '2026-06-01T12:00:01.000001Z' }, ['a']],
    [{ from: '2026-06-01T12:00:01Z', to: '2026-06-01T12:00:02Z' }, ['b']],
  ])('finds the rows with %j', async (query, wanted) => {
    expect(await (await withRows())(query)).toEqual(wanted)
  })
})

test('the condition of a list has every kind of filter, and is undefined without one', async () => {
  const find = await withRows()
  expect(await find({ mood: 'happy', code: 'code 1', letters: 'x1' })).toEqual(['b'])
  expect(await find({})).toHaveLength(3)
  expect(list.where(list.query.parse({}))).toBeUndefined()
  const prefixed = pages(loose, { sort: ['whole'], default: 'whole', filters: { words: prefix() } })
  expect(prefixed.where(prefixed.query.parse({ wordsPrefix: 'a' }))).toBeDefined()
  expect((await offsetPageOf(newTenant(), '/loose')).total).toBe(0)
})
