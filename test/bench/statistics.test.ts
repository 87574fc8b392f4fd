import { expect, test } from 'bun:test'
import { median, ratios } from '../../bench/statistics.ts'

test('the median of an odd number of values is the middle one, in any order', () => {
  expect(median([90, 1, 10])).toBe(10)
})

test('the median of an even number of values is the mean of the middle two', () => {
  expect(median([4, 1, 100, 2])).toBe(3)
})

test('the median of no values is NaN', () => {
  expect(median([])).toBeNaN()
})

test('a ratio compares figures of the same round', () => {
  expect(ratios([10, 30], [5, 10])).toEqual([2, 3])
})

test('the ratio of a round that only one of them has is NaN', () => {
  expect(ratios([10, 30], [5])).toEqual([2, Number.NaN])
})
