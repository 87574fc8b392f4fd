import { expect, test } from 'bun:test'
import { median, ratios } from '../../bench/statistics.ts'

test('the median of an odd number of values is the middle one, whatever their order', () => {
  expect(median([90, 1, 10])).toBe(10)
})

test('the median of an even number of values lies between the two in the middle', () => {
  expect(median([4, 1, 100, 2])).toBe(3)
})

test('the median of no values is no number', () => {
  expect(median([])).toBeNaN()
})

test('a ratio is taken within its round', () => {
  expect(ratios([10, 30], [5, 10])).toEqual([2, 3])
})

test('a round that the other has not gives no number instead of a wrong one', () => {
  expect(ratios([10, 30], [5])).toEqual([2, Number.NaN])
})
