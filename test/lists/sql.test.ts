import { expect, test } from 'bun:test'
import { sql } from 'drizzle-orm'
import { integer, PgDialect, pgTable, primaryKey, text } from 'drizzle-orm/pg-core'
import { tenantColumns } from '../../src/context/index.ts'
import { comparison, opposite, type Position } from '../../src/lists/keyset.ts'
import { createOrders, orderTerm } from '../../src/lists/order.ts'
import { endOfPrefix } from '../../src/lists/prefix-end.ts'

const words = pgTable(
  'words',
  { ...tenantColumns(), code: text('code'), size: integer('size').notNull(), weight: integer('weight') },
  (t) => [primaryKey({ columns: [t.tenantId, t.code, t.id] })],
)
const orderOf = createOrders(words, 'tenant_id')
const dialect = new PgDialect()
const plain = (text: string) => text.replaceAll('"words".', '').replaceAll('"', '').replaceAll('collate C', 'C')

function conditionOf(sort: string, keys: (string | null)[], how: Partial<Position> = {}): string {
  const order = orderOf(sort)
  const position = { keys, isBackward: false, isInclusive: false, ...how }
  const values = order.keys.map((_, index) => sql.placeholder(`k${index}`))
  return plain(dialect.sqlToQuery(comparison(order, position, values)).sql)
}
const order = (sort: string, isBackward = false) =>
  plain(
    dialect.sqlToQuery(
      sql.join(
        orderOf(sort).keys.map((key) => orderTerm(key, isBackward)),
        sql`, `,
      ),
    ).sql,
  )

test('the primary key without the tenant ends a sort, in the direction of its last column', () => {
  expect(order('size')).toBe('size asc, code C asc, id asc')
  expect(order('-size')).toBe('size desc, code C desc, id desc')
  expect(order('size', true)).toBe('size desc, code C desc, id desc')
})

test('a sort that has a column of the primary key does not repeat it', () => {
  expect(order('-code,size')).toBe('code C desc, size asc, id asc')
})

test('columns of one direction that are never NULL are one row comparison, without casts', () => {
  expect(conditionOf('size', ['1', 'a', 'i'])).toBe('(size, code C, id) > ($1, $2, $3)')
  expect(conditionOf('-size', ['1', 'a', 'i'], { isInclusive: true })).toBe('(size, code C, id) <= ($1, $2, $3)')
  expect(conditionOf('-size', ['1', 'a', 'i'], { isBackward: true })).toBe('(size, code C, id) > ($1, $2, $3)')
})

test('mixed directions are compared column by column, with a range of the first one', () => {
  expect(conditionOf('-code,size', ['a', '1', 'i'])).toBe(
    '(code C <= $1 and (code C < $2 or (code C = $3 and (size > $4 or (size = $5 and id > $6)))))',
  )
})

test('NULL counts as the greatest value', () => {
  const [rest, ofNull] = ['(code C > $3 or (code C = $4 and id > $5))', '(code C > $1 or (code C = $2 and id > $3))']
  expect(conditionOf('weight', ['1', 'a', 'i'])).toBe(`((weight > $1 or weight is null) or (weight = $2 and ${rest}))`)
  expect(conditionOf('weight', [null, 'a', 'i'])).toBe(`(weight is null and ${ofNull})`)
  expect(conditionOf('-weight', [null, 'a', 'i'])).toMatch(/^\(weight is not null or \(weight is null and/)
  expect(conditionOf('-weight', ['1', 'a', 'i'])).toMatch(/^\(weight <= \$1 and \(weight < \$2 or \(weight = \$3 and/)
})

test('the other side of a place has the row at the place where this side has not', () => {
  const place = { keys: ['1'], isBackward: false, isInclusive: false }
  expect(opposite(place)).toEqual({ keys: ['1'], isBackward: true, isInclusive: true })
  expect(opposite(opposite(place))).toEqual(place)
})

test.each([
  ['abc', 'abd'],
  ['a\ud7ff', 'a\ue000'],
  ['a\uffff', 'a\u{10000}'],
  ['a\u{10ffff}', 'b'],
  ['\u{10ffff}\u{10ffff}', undefined],
])('the texts that begin with %s end in front of the next code point', (prefix, end) => {
  expect(endOfPrefix(prefix)).toBe(end)
})
