import { expect, test } from 'bun:test'
import { textLike } from '../../src/testing/isolation/pattern.ts'

const patterns = [
  '^[a-z0-9]+(-[a-z0-9]+)*$',
  '^[A-Z]{2,3}-\\d{4}$',
  '^[^@\\s]+@[^@\\s]+\\.[^@\\s]+$',
  '^(red|green|blue)$',
  '^https?://',
  '^#[0-9a-fA-F]{6}$',
  '^\\+?[1-9]\\d{7,14}$',
  '^[]a]+x*y?.{2}$',
  '^(?:a|b)c{3}[-x]$',
]
test.each(patterns)('makes different texts for %s', (pattern) => {
  const texts = Array.from({ length: 20 }, (_, seed) => textLike(pattern, seed) ?? '')
  // JavaScript reads `[]a]` differently from PostgreSQL.
  for (const text of texts) expect(text).toMatch(new RegExp(pattern.replace('[]a]', '[\\]a]')))
  if (/[+*]|\d\}/.test(pattern)) expect(new Set(texts).size).toBeGreaterThan(1)
})

test('makes a text for a POSIX class', () => {
  expect(textLike('^[[:alpha:]][[:digit:]]$', 1)).toMatch(/^[a-z]\d$/)
})

test.each(['^(?=x)', '(a)\\1', '\\mword\\M'])('returns undefined for %s', (pattern) => {
  expect(textLike(pattern, 1)).toBeUndefined()
})
