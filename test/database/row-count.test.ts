import { expect, test } from 'bun:test'
import { rowCount } from '../../src/database/index.ts'

test.each([-1, 1.5, Number.NaN, Number.POSITIVE_INFINITY])(
  'rowCount refuses %p, because it writes a number into the text',
  (count) => {
    expect(() => rowCount(count)).toThrow('The number of rows must be a whole number of at least 0')
  },
)
