import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { timeoutMs, tries } from '../../properties/settings.ts'
import { newTenant, tenantColumnType } from '../../tenants.ts'
import { pageOf } from './app.ts'
import { addRows, type Column, idsInOrder, owner, type Values } from './tables.ts'
import { expectBothWays, forward } from './walks.ts'

const pick = <Item>(items: readonly Item[], at: number): Item => items[at % items.length] as Item // items is not empty

/** Rows with many ties in three columns. */
const tied = (isNullable: boolean) =>
  Array.from({ length: 24 }, (_, at) => ({
    whole: pick([...(isNullable ? [null] : []), '1', '2'], at),
    words: pick([...(isNullable ? [null] : []), 'a', 'B'], Math.floor(at / 3)),
    instant: pick(
      [...(isNullable ? [null] : []), '2026-01-01 00:00:00.000001Z', '2026-01-01 00:00:00.000002Z'],
      at % 5,
    ),
  }))

const orders = [
  'whole,words,instant',
  '-whole,-words,-instant',
  'whole,-words,instant',
  '-whole,words,-instant',
  'whole,words,-instant',
  '-instant,whole',
]

test.each(orders)('walks NOT NULL columns in the order %s both ways', async (sort) => {
  const tenant = newTenant()
  await addRows('firm', tenant, tied(false))
  await expectBothWays(tenant, '/firm', { sort, limit: 5 }, await idsInOrder('firm', tenant, sort))
})

test.each(orders)('walks columns with NULLs in the order %s both ways', async (sort) => {
  const tenant = newTenant()
  await addRows('loose', tenant, tied(true))
  await expectBothWays(tenant, '/loose', { sort, limit: 5 }, await idsInOrder('loose', tenant, sort))
})

/** Phrases whose ranks are tied, in three languages. */
async function addPhrases(tenant: string): Promise<void> {
  await owner.unsafe(
    `insert into phrases (tenant_id, code, locale, rank)
      select $1::text::${tenantColumnType}, code, locale, case when locale <> 'en' then 1 end
      from unnest(array['a', 'B', 'c/d', 'ä', 'a ']) as code, unnest(array['de', 'en', 'fr']) as locale`,
    [tenant],
  )
}

async function phrasesInOrder(tenant: string, order: string): Promise<string[]> {
  const rows = await owner.unsafe(
    `select code || '/' || locale as key from phrases where tenant_id = $1 order by ${order}`,
    [tenant],
  )
  return rows.map(({ key }) => String(key))
}

test.each([
  ['rank', 'rank, code collate "C", locale collate "C"'],
  ['-rank', 'rank desc, code collate "C" desc, locale collate "C" desc'],
  ['locale', 'locale collate "C", code collate "C"'],
  ['-locale,rank', 'locale collate "C" desc, rank, code collate "C"'],
  ['rank,-code', 'rank, code collate "C" desc, locale collate "C" desc'],
  ['code,-locale', 'code collate "C", locale collate "C" desc'],
])('reaches each row of a key of two columns in the order %s', async (sort, order) => {
  const tenant = newTenant()
  await addPhrases(tenant)
  const rows = await phrasesInOrder(tenant, order)
  expect(rows).toHaveLength(15)
  for (const limit of [1, 4]) await expectBothWays(tenant, '/phrases', { sort, limit }, rows)
})

test('sorts by the default of the declaration when the query has no sort', async () => {
  const tenant = newTenant()
  await addRows('loose', tenant, tied(true))
  expect((await forward(tenant, '/loose', { limit: 10 })).flat()).toEqual(await idsInOrder('loose', tenant, 'whole'))
})

const cell = (...values: string[]) => fc.constantFrom(null, ...values)
const rowsOf = fc.array(
  fc.record({
    whole: cell('1', '2', '3'),
    words: cell('a', 'B', 'ä', ''),
    amount: cell('0.1', '0.10', 'NaN', '12345678901234567890.5'),
    instant: cell('2026-01-01 00:00:00.000001Z', '2026-01-01 00:00:00.000002Z', 'infinity'),
    isDone: cell('true', 'false'),
  }),
  { maxLength: 12 },
)
const sortOf = fc
  .uniqueArray(fc.constantFrom<Column>('whole', 'words', 'amount', 'instant', 'isDone'), { minLength: 1, maxLength: 3 })
  .chain((columns) => fc.tuple(...columns.map((column) => fc.constantFrom(column, `-${column}`))))
  .map((fields) => fields.join())
const stepsOf = fc.array(fc.record({ isForward: fc.boolean(), limit: fc.integer({ min: 1, max: 5 }) }), {
  maxLength: 10,
})

const preset: Values = { whole: '2', words: 'B', amount: '0.1', instant: 'infinity', isDone: 'false' }
const withoutNulls = (row: Values): Values =>
  Object.fromEntries(Object.entries(row).map(([key, value]) => [key, value ?? preset[key as Column]])) // the keys of a row

/** A client that turns round as it likes, and changes the limit, sees slices of one sorted list. */
const likeSlices = fc.asyncProperty(rowsOf, fc.boolean(), sortOf, stepsOf, async (found, isFirm, sort, steps) => {
  const tenant = newTenant()
  const table = isFirm ? 'firm' : 'loose'
  await addRows(table, tenant, isFirm ? found.map(withoutNulls) : found)
  const all = await idsInOrder(table, tenant, sort)
  let [start, end] = [0, Math.min(2, all.length)]
  let page = await pageOf(tenant, `/${table}`, { sort, limit: 2 })
  const expectSlice = () =>
    expect({ keys: page.keys, hasPrevious: page.previousCursor !== null, hasNext: page.nextCursor !== null }).toEqual({
      keys: all.slice(start, end),
      hasPrevious: start > 0,
      hasNext: end < all.length,
    })
  expectSlice()
  for (const { isForward, limit } of steps) {
    const cursor = isForward ? page.nextCursor : page.previousCursor
    if (cursor === null) continue
    if (isForward) [start, end] = [end, Math.min(end + limit, all.length)]
    else [start, end] = [Math.max(0, start - limit), start]
    page = await pageOf(tenant, `/${table}`, { sort, limit, cursor })
    expectSlice()
  }
})

test('pages forward and back are slices of one sorted list', async () => fc.assert(likeSlices, tries(12)), timeoutMs)
