import { expect, test } from 'bun:test'
import { newTenant } from '../../tenants.ts'
import { addRows, type Column, idsInOrder } from './tables.ts'
import { expectBothWays, forward } from './walks.ts'

const uuid = (last: string) => `00000000-0000-0000-0000-${last.padStart(12, '0')}`

/** Values of each column, in PostgreSQL's text, which a double, a Date or JSON would change. */
const values: Record<Column, string[]> = {
  whole: ['4', '2', '-2147483648', '2147483647', '2'],
  big: ['9007199254740993', '9007199254740992', '9007199254740994', '-9223372036854775808', '9223372036854775807'],
  amount: [
    '123456789012345678901234567890.1',
    '123456789012345678901234567890.2',
    '123456789012345678901234567889',
    'NaN',
    'Infinity',
    '-Infinity',
    '1.0',
    '1.000',
    '1e-30',
  ],
  price: ['0.10', '0.1', '9999.99', 'NaN', '-0.01'],
  score: [
    '1e-300',
    '-0',
    '0',
    'Infinity',
    '-Infinity',
    'NaN',
    '0.1',
    '0.30000000000000004',
    '0.3',
    '1.7976931348623157e308',
  ],
  single: ['1.1', '1.1000001', '16777216', '16777218', 'NaN', '1e-45'],
  instant: [
    '2026-01-01 00:00:00.000001Z',
    '2026-01-01 00:00:00.000002Z',
    '2026-01-01 00:00:00.000003Z',
    '2026-10-25 02:30:00+02',
    '2026-10-25 02:30:00+01',
    'infinity',
    '-infinity',
    '0044-03-15 12:00:00+00 BC',
    '20000-01-01 00:00:00Z',
    '1883-11-18 12:00:00+00',
  ],
  second: ['2026-01-01 00:00:01Z', '2026-01-01 00:00:02Z', 'infinity'],
  localTime: ['2026-03-29 02:30:00.000001', '2026-03-29 02:30:00.000002', 'infinity', '0044-03-15 12:00:00 BC'],
  day: ['2026-02-28', '2024-02-29', 'infinity', '-infinity', '0044-03-15 BC', '20000-01-01'],
  clock: ['00:00', '23:59:59.999999', '23:59:59.999998', '24:00'],
  isDone: ['true', 'false', 'true'],
  reference: [uuid('a'), uuid('b'), 'ffffffff-ffff-ffff-ffff-ffffffffffff', uuid('a')],
  mood: ['happy', 'sad', 'so so', 'sad'],
  words: [
    'a',
    'B',
    'b',
    'A',
    'ä',
    'Z',
    '',
    ' ',
    "it's",
    '"',
    '\\',
    '\\N',
    'null',
    'a,b',
    '{}',
    '\u{1F600}',
    '\uFFFD',
    '\uD7FF',
    '\u{10FFFF}',
    'e\u0301',
    '\n',
  ],
  code: ['abcdefghijkl', 'abcdefghijkk', 'a', 'B', 'ß', '\u{1F600}', '', 'a '],
  letters: ['abcde', 'ab', 'AB', 'ab ', '', '\u{1F600}', 'é'],
  folded: ['Ada', 'ada', 'ADA', 'bob', 'Zoe', '', 'ä'],
}
const types = Object.entries(values) as [Column, string[]][] // as the record has them

test.each(types)('walks a NOT NULL column %s both ways, in both directions', async (column, found) => {
  const tenant = newTenant()
  await addRows(
    'firm',
    tenant,
    found.map((value) => ({ [column]: value })),
  )
  for (const sort of [column, `-${column}`])
    await expectBothWays(tenant, '/firm', { sort, limit: 3 }, await idsInOrder('firm', tenant, sort))
})

test.each(types)('walks a column %s with NULLs both ways, in both directions', async (column, found) => {
  const tenant = newTenant()
  await addRows(
    'loose',
    tenant,
    [null, ...found, null, null].map((value) => ({ [column]: value })),
  )
  for (const sort of [column, `-${column}`])
    await expectBothWays(tenant, '/loose', { sort, limit: 3 }, await idsInOrder('loose', tenant, sort))
})

test.each([1, 2, 3, 4])('reaches each row once in pages of %d when half of the values are NULL', async (limit) => {
  const tenant = newTenant()
  await addRows(
    'loose',
    tenant,
    ['4', '2', null, null].map((whole) => ({ whole })),
  )
  for (const sort of ['whole', '-whole'])
    await expectBothWays(tenant, '/loose', { sort, limit }, await idsInOrder('loose', tenant, sort))
})

test('puts NULLs first in descending order and last in ascending order', async () => {
  const tenant = newTenant()
  const [four, two, ...empty] = await addRows(
    'loose',
    tenant,
    ['4', '2', null, null].map((whole) => ({ whole })),
  )
  const nulls = empty.toSorted()
  expect((await forward(tenant, '/loose', { sort: 'whole', limit: 2 })).flat()).toEqual([
    two,
    four,
    ...nulls,
  ] as string[])
  expect((await forward(tenant, '/loose', { sort: '-whole', limit: 2 })).flat()).toEqual([
    ...nulls.toReversed(),
    four,
    two,
  ] as string[])
})

test('reaches each row once when every value is NULL', async () => {
  const tenant = newTenant()
  await addRows(
    'loose',
    tenant,
    Array.from({ length: 5 }, () => ({ words: null })),
  )
  for (const sort of ['words', '-words', 'words,-day,whole'])
    await expectBothWays(tenant, '/loose', { sort, limit: 2 }, await idsInOrder('loose', tenant, sort))
})
