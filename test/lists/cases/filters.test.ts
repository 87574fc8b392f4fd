import { describe, expect, test } from 'bun:test'
import { newTenant } from '../../tenants.ts'
import { failureOf, offsetPageOf } from './app.ts'
import { addRows, type Column } from './tables.ts'
import { found } from './walks.ts'

const reference = (last: string) => `00000000-0000-4000-8000-00000000000${last}`

/** A tenant with rows that differ in one column. `matching` returns the ids of those with these values. */
async function tenantWith(column: Column, values: readonly (string | null)[]) {
  const tenant = newTenant()
  // The order of the list is that of the values.
  const rows = values.map((value, at) =>
    column === 'whole' ? { whole: value } : { whole: String(at), [column]: value },
  )
  const ids = await addRows('loose', tenant, rows)
  return {
    tenant,
    matching: (has: (value: string | null) => boolean) => ids.filter((_, at) => has(values[at] ?? null)),
  }
}

describe('a filter by allowed values', () => {
  const values = ['sad', 'happy', 'so so', null, 'sad'] as const

  test.each([
    ['sad', ['sad']],
    ['sad,happy', ['sad', 'happy']],
    ['happy,sad,happy', ['sad', 'happy']],
    ['so so', ['so so']],
    ['sad,so so,happy', ['sad', 'so so', 'happy']],
  ])('finds the rows with mood=%s', async (mood, wanted) => {
    const { tenant, matching } = await tenantWith('mood', values)
    expect(await found(tenant, { mood })).toEqual(matching((value) => wanted.includes(value ?? '')))
  })

  test('is of the column that it names', async () => {
    const { tenant, matching } = await tenantWith('mood', values)
    expect(await found(tenant, { feeling: 'happy' })).toEqual(matching((value) => value === 'happy'))
    expect(await found(tenant, { feeling: 'happy', mood: 'sad' })).toEqual([])
  })
})

test('a filter by one value finds the rows that have it, in upper case too', async () => {
  const { tenant, matching } = await tenantWith('reference', [reference('a'), reference('b'), null, reference('a')])
  const wanted = matching((value) => value === reference('a'))
  expect(await found(tenant, { reference: reference('a') })).toEqual(wanted)
  expect(await found(tenant, { reference: reference('a').toUpperCase() })).toEqual(wanted)
  expect(await found(tenant, { reference: reference('c') })).toEqual([])
})

describe('a filter by bounds', () => {
  const at = (micros: string) => `2026-06-01 12:00:00.${micros}+00`
  const instants = [
    at('000000'),
    at('000001'),
    at('000002'),
    null,
    'infinity',
    '-infinity',
    '0044-03-15 00:00:00+00 BC',
  ]

  test('contains its lower bound and not its upper bound, to the microsecond', async () => {
    const { tenant, matching } = await tenantWith('instant', instants)
    const [from, to] = ['2026-06-01T12:00:00.000001Z', '2026-06-01T12:00:00.000002Z']
    expect(await found(tenant, { instantFrom: from, instantTo: to })).toEqual(
      matching((value) => value === at('000001')),
    )
    expect(await found(tenant, { instantFrom: to })).toEqual(
      matching((value) => value === at('000002') || value === 'infinity'),
    )
    expect(await found(tenant, { instantTo: from })).toEqual(
      matching((value) => value === at('000000') || value === '-infinity' || value?.endsWith('BC') === true),
    )
  })

  test.each([
    '2026-06-01T14:00:00.000001+02:00',
    '2026-06-01T12:00:00.000001-00:00',
    '2026-06-02T02:00:00.000001+14:00',
    '2026-05-31T22:00:00.000001-14:00',
    '2026-06-01T17:30:00.000001+05:30',
  ])('reads the offset of %s', async (instantFrom) => {
    const { tenant, matching } = await tenantWith('instant', instants)
    expect(await found(tenant, { instantFrom })).toEqual(
      matching((value) => value === at('000001') || value === at('000002') || value === 'infinity'),
    )
  })

  test.each([
    '0001-01-01T00:00:00Z',
    '9999-12-31T23:59:59.999999Z',
    '2024-02-29T00:00:00Z',
    '2026-06-01T12:00:00.5Z',
    '2026-06-01T12:00:00.123456-14:00',
  ])('accepts %s', async (instantTo) => {
    const { tenant, matching } = await tenantWith('instant', ['-infinity', 'infinity'])
    expect(await found(tenant, { instantTo })).toEqual(matching((value) => value === '-infinity'))
  })

  test.each([
    '0001-01-01T00:00:00+14:00',
    '9999-12-31T23:59:59-14:00',
    '2016-12-31T23:59:60Z',
    '2026-06-01t12:00:00z',
    '2026-06-01T24:00:00Z',
  ])('answers %s with a page or with 400', async (instantTo) => {
    const { tenant, matching } = await tenantWith('instant', ['-infinity'])
    const accepted = await found(tenant, { instantTo }).catch(() => undefined)
    if (accepted) expect(accepted).toEqual(matching(() => true))
    else
      expect(await failureOf(tenant, '/loose', { instantTo })).toMatchObject({ status: 400, code: 'VALIDATION_FAILED' })
  })

  test('compares a column without a time zone in UTC', async () => {
    const local = (micros: string) => `2026-03-29 02:30:00.${micros}`
    const { tenant, matching } = await tenantWith('localTime', [
      local('000000'),
      local('000001'),
      local('000002'),
      null,
    ])
    const bounds = { localFrom: '2026-03-29T04:30:00.000001+02:00', localTo: '2026-03-29T02:30:00.000002Z' }
    expect(await found(tenant, bounds)).toEqual(matching((value) => value === local('000001')))
  })

  test('compares dates', async () => {
    const { tenant, matching } = await tenantWith('day', ['2026-02-28', '2026-03-01', '2026-03-02', null])
    expect(await found(tenant, { dayFrom: '2026-02-28', dayTo: '2026-03-02' })).toEqual(
      matching((value) => value === '2026-02-28' || value === '2026-03-01'),
    )
  })

  test('compares numbers', async () => {
    const { tenant, matching } = await tenantWith('whole', ['-2147483648', '-1', '0', '9', '10', '2147483647', null])
    expect(await found(tenant, { wholeFrom: '-1', wholeTo: '10' })).toEqual(
      matching((value) => value !== null && Math.abs(Number(value)) < 10),
    )
    expect(await found(tenant, { wholeFrom: '2147483647' })).toEqual(matching((value) => value === '2147483647'))
    expect(await found(tenant, { wholeTo: '-2147483648' })).toEqual([])
  })

  test.each([
    ['big', ['9007199254740992'], ['9007199254740993', '9007199254740994']],
    ['amount', ['123456789012345678901234567890.1'], ['123456789012345678901234567890.2', 'NaN']],
    ['amount', ['-0.1', '0'], ['0.3', '0.300']],
    ['single', ['1', '-1.1'], ['1.1', '1.2']],
  ] as const)('compares numbers of %s exactly', async (column, below, above) => {
    const { tenant, matching } = await tenantWith(column, [null, ...below, ...above])
    const isBelow = (value: string | null) => below.some((one) => one === value)
    expect(await found(tenant, { [`${column}From`]: above[0] })).toEqual(
      matching((value) => value !== null && !isBelow(value)),
    )
    expect(await found(tenant, { [`${column}To`]: above[0] })).toEqual(matching(isBelow))
  })

  test('does not round a bound to the precision of the column', async () => {
    const seconds = await tenantWith('second', ['2026-01-01 00:00:01+00', '2026-01-01 00:00:02+00'])
    const first = seconds.matching((value) => value?.endsWith('01+00') === true)
    expect(await found(seconds.tenant, { secondTo: '2026-01-01T00:00:01.000001Z' })).toEqual(first)
    expect(
      await found(seconds.tenant, {
        secondFrom: '2026-01-01T00:00:00.600000Z',
        secondTo: '2026-01-01T00:00:01.600000Z',
      }),
    ).toEqual(first)
    const prices = await tenantWith('price', ['0.10', '0.11'])
    expect(await found(prices.tenant, { priceFrom: '0.104' })).toEqual(prices.matching((value) => value === '0.11'))
    expect(await found(prices.tenant, { priceTo: '99999999.999' })).toEqual(prices.matching(() => true))
  })

  test('finds no rows when the upper bound is below the lower one', async () => {
    const { tenant } = await tenantWith('whole', ['1', '2', '3'])
    expect(await found(tenant, { wholeFrom: '3', wholeTo: '1' })).toEqual([])
  })
})

describe('a filter by a prefix', () => {
  const texts = [
    ...['a', 'ab', 'abc', 'abd', 'Abc', 'ABC', 'b', 'axb'],
    ...['a%b', 'a_b', 'a\\b', '%', '_', '\\', '"', "'", "''", ',', ' a', 'a '],
    ...['é', 'e\u0301', 'e', '\u{1F600}', '\u{1F600}a', '\u{1F601}'],
    ...[
      '\u{10FFFF}',
      '\u{10FFFF}\u{10FFFF}',
      '\u{10FFFF}a',
      'a\u{10FFFF}',
      'a\u{10FFFF}b',
      'b\u{10FFFF}\u{10FFFF}',
      'c',
    ],
    ...[
      '\uD7FF',
      '\uD7FFa',
      '\uE000',
      'x\uD7FF',
      'x\uE000',
      '\u007F',
      '\u0080',
      '\u07FF',
      '\u0800',
      '\uFFFF',
      '\u{10000}',
      '\x01',
      '\n',
    ],
  ]

  test('is case-sensitive, and each character means itself', async () => {
    const { tenant, matching } = await tenantWith('words', [null, '', ...texts])
    for (const prefix of texts) {
      const { keys } = await offsetPageOf(tenant, '/loose', { wordsPrefix: prefix, limit: 100 })
      expect({ prefix, keys }).toEqual({ prefix, keys: matching((value) => value?.startsWith(prefix) === true) })
    }
  })

  test('works with each kind of page', async () => {
    const { tenant, matching } = await tenantWith('words', texts)
    expect(await found(tenant, { wordsPrefix: 'a' })).toEqual(matching((value) => value?.startsWith('a') === true))
    expect(await found(tenant, { wordsPrefix: '\u{10FFFF}' })).toEqual(
      matching((value) => value?.startsWith('\u{10FFFF}') === true),
    )
  })

  test('of a varchar may be longer than its values, which finds no rows', async () => {
    const { tenant, matching } = await tenantWith('code', ['abcdefghijkl', 'abcdefghijk', 'b'])
    expect(await found(tenant, { codePrefix: 'abcdefghijkl' })).toEqual(matching((value) => value === 'abcdefghijkl'))
    expect(await found(tenant, { codePrefix: 'abcdefghijklm' })).toEqual([])
  })
})
