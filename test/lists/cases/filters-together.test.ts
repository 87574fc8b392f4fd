import { describe, expect, test } from 'bun:test'
import { newTenant } from '../../tenants.ts'
import { offsetPageOf, pageOf } from './app.ts'
import { addRows, columnNames } from './tables.ts'
import { expectBothWays, forward, found } from './walks.ts'

const reference = (last: string) => `00000000-0000-4000-8000-00000000000${last}`

describe('filters together', () => {
  /** Rows with each combination of three columns. */
  async function tenantWithAll() {
    const tenant = newTenant()
    const rows = ['sad', 'happy'].flatMap((mood) =>
      ['ada', 'bob'].flatMap((words) =>
        ['1', '2', '3'].map((whole) => ({ mood, words, whole, reference: reference(whole) })),
      ),
    )
    const ids = await addRows('loose', tenant, rows)
    return {
      tenant,
      of: (has: (row: (typeof rows)[number]) => boolean) => ids.filter((_, at) => has(rows[at] as never)).toSorted(),
    } // one for each id
  }

  test('find the rows that match all of them', async () => {
    const { tenant, of } = await tenantWithAll()
    const query = { mood: 'sad', wordsPrefix: 'a', wholeFrom: '2' }
    expect((await found(tenant, query)).toSorted()).toEqual(
      of((row) => row.mood === 'sad' && row.words === 'ada' && row.whole >= '2'),
    )
    const other = { mood: 'sad,happy', reference: reference('3'), wholeTo: '4' }
    expect((await found(tenant, other)).toSorted()).toEqual(of((row) => row.whole === '3'))
  })

  test('go with each sort, also of the filtered column, both ways', async () => {
    const { tenant } = await tenantWithAll()
    const filter = { mood: 'happy', wordsPrefix: 'b' }
    for (const sort of ['words', '-words', 'mood,-whole', '-mood,words,whole']) {
      const { keys } = await offsetPageOf(tenant, '/loose', { sort, ...filter, limit: 100 })
      expect(keys).toHaveLength(3)
      await expectBothWays(tenant, '/loose', { sort, ...filter, limit: 2 }, keys)
    }
  })

  test('go with pages by offset', async () => {
    const { tenant } = await tenantWithAll()
    const query = { sort: '-whole,words', mood: 'sad', limit: 4 }
    const pages = [
      await offsetPageOf(tenant, '/loose', { ...query, page: 1 }),
      await offsetPageOf(tenant, '/loose', { ...query, page: 2 }),
    ]
    expect(pages.map(({ total, hasNext }) => [total, hasNext])).toEqual([
      [6, true],
      [6, false],
    ])
    expect(pages.flatMap(({ keys }) => keys)).toEqual((await forward(tenant, '/loose', { ...query, limit: 3 })).flat())
  })

  test('count the rows of the tenant that match', async () => {
    const [{ tenant }] = await Promise.all([tenantWithAll(), tenantWithAll()])
    const first = await pageOf(tenant, '/loose', { mood: 'sad', count: 'true', limit: 1 })
    expect([first.total, first.keys.length]).toEqual([6, 1])
    const next = await pageOf(tenant, '/loose', {
      mood: 'sad',
      count: 'true',
      limit: 1,
      cursor: first.nextCursor ?? '',
    })
    expect(next.total).toBe(6)
    expect((await pageOf(tenant, '/loose', { mood: 'sad' })).total).toBeUndefined()
  })
})

test('a page by offset has each sort', async () => {
  const tenant = newTenant()
  await addRows('loose', tenant, [
    { whole: '2', words: 'b' },
    { whole: null, words: null },
    { whole: '1', words: 'A' },
    { whole: '1', words: 'a' },
  ])
  for (const column of columnNames)
    for (const sort of [column, `-${column}`, `-whole,${column === 'whole' ? 'day' : column}`]) {
      const { keys } = await offsetPageOf(tenant, '/loose', { sort })
      expect(keys).toEqual((await forward(tenant, '/loose', { sort, limit: 100 })).flat())
    }
})
