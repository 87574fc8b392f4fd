import { expect, test } from 'bun:test'
import { assert, date, integer, property } from 'fast-check'
import { dateOf } from '../../src/database/timestamps.ts'
import { tries } from '../properties/settings.ts'

/** PostgreSQL's text of a time in UTC. It leaves out zeros at the end of the fraction. */
const textOf = (at: Date, fraction: string): string =>
  `${at.toISOString().slice(0, 19).replace('T', ' ')}${fraction === '' ? '' : `.${fraction}`}+00`

test('dateOf reads every time in UTC from the year 1000 on as Date does, with any decimals of a second', () => {
  const [min, max] = [new Date('1000-01-01T00:00:00Z'), new Date('9999-12-31T23:59:59Z')]
  assert(
    property(date({ min, max, noInvalidDate: true }), integer({ min: 0, max: 999_999 }), (at, micros) => {
      const text = textOf(at, String(micros).padStart(6, '0').replace(/0+$/, ''))
      expect(dateOf(text)).toEqual(new Date(text))
    }),
    tries(500),
  )
})

test.each([
  '2026-11-28 06:20:06.123+02',
  '2026-11-28 06:20:06+05:30',
  '2026-11-28 06:20:06.12-03',
  '0044-03-15 12:00:00+00 BC',
  '10000-01-01 00:00:00+00',
  '0099-01-01 00:00:00+00',
  'infinity',
  '-infinity',
])('dateOf reads %p as Date does', (text) => {
  expect(Number(dateOf(text))).toBe(Number(new Date(text))) // NaN for both, where JavaScript has no such date
})
