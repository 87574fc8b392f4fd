import { describe, expect, test } from 'bun:test'
import { openWatchedDatabase } from '../../database/watched-pool.ts'
import { newTenant } from '../../tenants.ts'
import { createListApp, failureOf } from './app.ts'
import { columnNames, database, moods } from './tables.ts'

/** Expects 400 with a detail that names the parameter and contains these words, before any SQL. */
async function expectRefused(
  search: string,
  parameter: string,
  words: readonly string[] = [],
  path = '/firm',
): Promise<void> {
  await using db = openWatchedDatabase({ url: database.appUrl })
  const { status, code, details } = await failureOf(newTenant(), path + search, {}, createListApp({ db }))
  expect({ search, status, code }).toEqual({ search, status: 400, code: 'VALIDATION_FAILED' })
  const named = details.find(({ path }) => path === parameter)
  expect({ search, named, details }).toMatchObject({ search, named: { path: parameter, in: 'query' } })
  for (const word of words) expect(named?.message).toContain(word)
  expect(JSON.stringify(details)).not.toMatch(/hunter2|select|\bat \/|regex|\^\(/i)
  expect(db.sent).toEqual([])
}

describe('a list refuses, naming the parameter', () => {
  const parameters = [
    'cursor',
    'page',
    'limit',
    'sort',
    'count',
    'mood',
    'reference',
    'instantFrom',
    'instantTo',
    'wordsPrefix',
  ]

  test.each([
    ['an unknown one', '?colour=red', 'colour'],
    ['a misspelled one', '?Sort=whole', 'Sort'],
    ['one with brackets', '?sort[]=whole', 'sort[]'],
    ['the name of a filter with bounds', '?instant=2026-01-01', 'instant'],
    ['the name of a filter of prefixes', '?words=a', 'words'],
    ['a column without a filter', '?amount=1', 'amount'],
    ['the column of a filter with another name', '?localTimeFrom=2026-01-01T00:00:00Z', 'localTimeFrom'],
    ['__proto__', '?__proto__=1', '__proto__'],
    ['constructor', '?constructor=1', 'constructor'],
  ])('%s, and lists the others', (_, search, parameter) => expectRefused(search, parameter, parameters))

  test.each([
    'sort=whole&sort=words',
    'limit=1&limit=1',
    'cursor=&cursor=',
    'mood=sad&mood=happy',
    'page=1&page=1',
    'count=true&count=true',
    'wholeFrom=1&wholeFrom=2',
    'wordsPrefix=a&wordsPrefix=a',
  ])('a repeated one: %s', (search) => expectRefused(`?${search}`, search.split('=')[0] ?? ''))

  test('a repeated one whose names are written in two ways', () => expectRefused('?limit=1&%6Cimit=2', 'limit'))

  test.each(['?page=1&cursor=', '?page=2&cursor=abc', '?cursor=abc&page=1'])(
    'a page with a cursor: %s',
    async (search) => {
      await expectRefused(search, 'page', ['cursor'])
    },
  )
})

describe('a list refuses a sort, and lists the columns', () => {
  test.each([
    ['of an unknown column', 'hunter2'],
    ['of a column that is not declared', 'createdAt'],
    ['of the tenant', 'tenantId'],
    ['of the name in SQL', 'local_time'],
    ['of a column in upper case', 'WHOLE'],
    ['of __proto__', '__proto__'],
    ['of constructor', 'constructor'],
    ['of toString', '-toString'],
    ['with an unknown column behind a known one', 'whole,hunter2'],
    ['with SQL', 'whole desc'],
    ['with a quote', 'whole"'],
    ['with a direction of another syntax', 'whole:desc'],
    ['with a plus sign', '%2Bwhole'],
    ['with two minus signs', '--whole'],
    ['with a minus sign alone', '-'],
    ['with an empty column', 'whole,'],
    ['with an empty column first', ',whole'],
    ['with a blank', 'whole,%20words'],
    ['with a NUL', 'whole%00'],
    ['without a column', ''],
  ])('%s', (_, sort) => expectRefused(`?sort=${sort}`, 'sort', ['whole', 'localTime', 'folded']))

  test.each([
    ['of four columns', 'whole,words,day,amount'],
    ['of one column twice', 'whole,whole'],
    ['of one column in both directions', 'whole,-whole'],
    ['of 5,000 columns', Array.from({ length: 5000 }, () => 'whole').join()],
  ])('%s', (_, sort) => expectRefused(`?sort=${sort}`, 'sort', ['whole', 'localTime', '3']))
})

describe('a list refuses a value', () => {
  test.each(['0', '101', '1.5', '-1', '', '1e2', '0x10', '+5', '%205', '20abc', '9'.repeat(400), 'NaN'])(
    'limit=%s',
    (limit) => expectRefused(`?limit=${limit}`, 'limit'),
  )

  test.each(['0', '-1', '1.5', '', '10001', 'last'])('page=%s', (page) => expectRefused(`?page=${page}`, 'page'))

  test.each(['yes', '1', 'TRUE', '', 'true,false'])('count=%s', (count) =>
    expectRefused(`?count=${count}`, 'count', ['true', 'false']),
  )

  test.each(['', 'sad,', ',sad', 'sad,,happy', 'angry', 'Sad', 'sad%20', 'sad,hunter2', '__proto__', '%00'])(
    'mood=%s, and lists the values',
    (mood) => expectRefused(`?mood=${mood}`, 'mood', moods),
  )

  test.each([
    ['equal ones', () => 'sad'],
    ['unknown ones', (at: number) => `w${at}`],
    ['known and unknown ones', (at: number) => moods[at % 4] ?? 'hunter2'],
  ])('2,000 values of a filter, %s, and lists the values', (_, word) =>
    expectRefused(`?mood=${Array.from({ length: 2000 }, (_, at) => word(at)).join()}`, 'mood', moods),
  )

  test('a value that only another filter of the column allows', () =>
    expectRefused('?feeling=so%20so', 'feeling', ['sad', 'happy']))

  test.each(['', 'x', '1', '00000000-0000-0000-0000-00000000000g', '00000000-0000-0000-0000-000000000000,', "'"])(
    'reference=%s',
    (id) => expectRefused(`?reference=${id}`, 'reference'),
  )

  test.each(['', '%00'])('wordsPrefix=%s', (prefix) => expectRefused(`?wordsPrefix=${prefix}`, 'wordsPrefix'))

  const instants = [
    '',
    'yesterday',
    'infinity',
    'now',
    '2026',
    '2026-01-01',
    '2026-01-01T00:00:00',
    '2026-01-01 00:00:00Z',
    '2026-01-01T00:00Z',
    '2026-01-01T00:00:00.Z',
    '2026-01-01T00:00:00.1234567Z',
    '2026-01-01T00:00:00,5Z',
    '2026-01-01T00:00:00+01',
    '2026-01-01T00:00:00+0100',
    '2026-01-01T00:00:00+25:00',
    '2026-01-01T00:00:00+14:01',
    '2026-01-01T00:00:00-14:30',
    '2026-01-01T00:00:00+01:60',
    '2026-01-01T24:00:01Z',
    '2026-01-01T25:00:00Z',
    '2026-01-01T00:60:00Z',
    '2026-01-01T00:00:61Z',
    '2026-02-29T00:00:00Z',
    '2026-04-31T00:00:00Z',
    '2026-13-01T00:00:00Z',
    '2026-00-01T00:00:00Z',
    '2026-01-00T00:00:00Z',
    '0000-01-01T00:00:00Z',
    '+02026-01-01T00:00:00Z',
    '-2026-01-01T00:00:00Z',
    '20260-01-01T00:00:00Z',
    '２026-01-01T00:00:00Z',
    '2026-01-01T00:00:00Z BC',
    '2026-01-01T00:00:00Z\n',
    '2026-01-01T00:00:00[UTC]',
    '1767225600',
  ]
  test.each(instants)('instantFrom=%s', (text) =>
    expectRefused(`?instantFrom=${encodeURIComponent(text)}`, 'instantFrom'),
  )

  test.each(['2026-01-01T00:00:00', '0000-01-01T00:00:00Z'])('localTo=%s of a column without a time zone', (text) =>
    expectRefused(`?localTo=${encodeURIComponent(text)}`, 'localTo'),
  )

  test('a time whose plus sign is not encoded, which is a blank', () =>
    expectRefused('?instantFrom=2026-01-01T00:00:00+01:00', 'instantFrom'))

  test.each(['', '2026-02-30', '0000-01-01', '2026-1-1', '2026-01-01T00:00:00Z', '20260-01-01', 'today'])(
    'dayFrom=%s',
    (text) => expectRefused(`?dayFrom=${text}`, 'dayFrom'),
  )

  test.each([
    '',
    'x',
    '1.5',
    '1e3',
    '0x10',
    '2147483648',
    '-2147483649',
    '9'.repeat(500),
    'NaN',
    'Infinity',
    '%201',
    '--1',
  ])('wholeTo=%s', (text) => expectRefused(`?wholeTo=${text}`, 'wholeTo'))
})

test('a list names every parameter that is wrong', async () => {
  const { details } = await failureOf(
    newTenant(),
    '/firm?limit=0&sort=hunter2&count=maybe&mood=angry&instantFrom=x&colour=red',
  )
  expect(details.map(({ path }) => path).toSorted()).toEqual([
    'colour',
    'count',
    'instantFrom',
    'limit',
    'mood',
    'sort',
  ])
})

test('a list that sorts by every column names all of them', () => expectRefused('?sort=hunter2', 'sort', columnNames))
