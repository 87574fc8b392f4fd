import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { createBookmarks } from '../../../src/database/bookmarks.ts'
import { newTenant } from '../../tenants.ts'

const bookmarks = createBookmarks('a secret that all processes share')
const tenant = newTenant()

test('decrypts a bookmark to its transaction id', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: 3n, max: 2n ** 64n - 1n }), (id) => {
      expect(bookmarks.decrypt(bookmarks.encrypt(String(id), tenant), tenant)).toBe(String(id))
    }),
  )
})

test('encrypts one id to different bookmarks, and all ids to the same length', () => {
  const encrypted = ['3', '3', '18446744073709551615'].map((id) => bookmarks.encrypt(id, tenant))
  expect(new Set(encrypted).size).toBe(3)
  expect(encrypted.map((bookmark) => bookmark.length)).toEqual([48, 48, 48])
})

test('rejects a bookmark of another tenant', () => {
  expect(bookmarks.decrypt(bookmarks.encrypt('4711', newTenant()), tenant)).toBeUndefined()
})

test('rejects a bookmark of another secret', () => {
  const other = createBookmarks('another secret, of another service')
  expect(bookmarks.decrypt(other.encrypt('4711', tenant), tenant)).toBeUndefined()
})

test('accepts a bookmark of the previous secret, and encrypts with the current one alone', () => {
  const [former, current] = ['the secret that was used until today', 'the secret that is used from today on']
  const rotating = createBookmarks(current, former)
  expect(rotating.decrypt(createBookmarks(former).encrypt('4711', tenant), tenant)).toBe('4711')
  expect(createBookmarks(current).decrypt(rotating.encrypt('4711', tenant), tenant)).toBe('4711')
  expect(rotating.decrypt(createBookmarks(former).encrypt('4711', newTenant()), tenant)).toBeUndefined()
})

test('rejects a bookmark with any byte changed', () => {
  const bytes = Buffer.from(bookmarks.encrypt('4711', tenant), 'base64url')
  for (const index of bytes.keys()) {
    const changed = Buffer.from(bytes)
    changed[index] = (changed[index] ?? 0) ^ 1
    expect(bookmarks.decrypt(changed.toString('base64url'), tenant)).toBeUndefined()
  }
})

test('rejects any other text', () => {
  fc.assert(fc.property(fc.string(), (text) => expect(bookmarks.decrypt(text, tenant)).toBeUndefined()))
})
