import { expect, test } from 'bun:test'
import { createCursorTokens } from '../../src/lists/cursor-token.ts'
import type { Position } from '../../src/lists/keyset.ts'

const [secret, other] = ['a', 'b'].map((letter) => letter.repeat(32)) as [string, string]
const tokens = createCursorTokens({ secret })
const position: Position = {
  keys: ['2026-01-01 00:00:00.123456+00', null, 'Zoë'],
  isBackward: true,
  isInclusive: false,
}
const token = tokens.encrypt(position, 'tasks')

test('a cursor is decrypted to the place that it was made of', () => {
  expect(tokens.decrypt(token, 'tasks')).toEqual(position)
})

test('a cursor has the characters of a URL and shows no key', () => {
  expect(token).toMatch(/^[\w-]+$/)
  expect(Buffer.from(token, 'base64url').toString('latin1')).not.toContain('2026')
})

test('a cursor is bound', () => {
  expect(tokens.decrypt(token, 'users')).toBeUndefined()
})

test('a cursor of the previous secret is accepted, one of another secret is not', () => {
  expect(createCursorTokens({ secret: other, previous: secret }).decrypt(token, 'tasks')).toEqual(position)
  expect(createCursorTokens({ secret: other }).decrypt(token, 'tasks')).toBeUndefined()
})

test('every changed byte makes a cursor invalid', () => {
  const bytes = Buffer.from(token, 'base64url')
  for (const index of bytes.keys()) {
    const changed = Buffer.from(bytes)
    changed[index] = (changed[index] ?? 0) ^ 1
    expect(tokens.decrypt(changed.toString('base64url'), 'tasks')).toBeUndefined()
  }
})

const spellings = [
  '',
  '1',
  '-1',
  `${token}!`,
  `${token}=`,
  `${token} `,
  token.slice(0, -1),
  'A'.repeat(5000),
  `${token}AAAA`,
]
test.each(spellings)('rejects the text %#, which is no cursor', (text) => {
  expect(tokens.decrypt(text, 'tasks')).toBeUndefined()
})

test('keys that make a cursor too long for a URL fail with what to do', () => {
  const long = { ...position, keys: ['x'.repeat(5000)] }
  expect(() => tokens.encrypt(long, 'tasks')).toThrow(/sort by columns that hold at most/)
})

test('a secret of fewer than 32 characters is refused', () => {
  expect(() => createCursorTokens({ secret: 'short' })).toThrow('The secret of cursors() must have at least 32')
  expect(() => createCursorTokens({ secret, previous: 'short' })).toThrow('The previous secret of cursors()')
})
