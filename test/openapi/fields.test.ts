import { expect, spyOn, test } from 'bun:test'
import type { z } from '@hono/zod-openapi'
import { email, id, PageQuery, text } from '../../src/openapi/index.ts'

const accepts = (schema: { safeParse(value: unknown): { success: boolean } }, value: unknown) =>
  schema.safeParse(value).success
const codesOf = (schema: z.ZodType, value: unknown) =>
  schema.safeParse(value).error?.issues.map(({ code, message }) => `${code}: ${message}`) ?? []

test('text counts characters for its minimum and maximum', () => {
  const two = text({ min: 2, max: 3 })
  expect([accepts(two, '🏡'), accepts(two, '🏡🏡'), accepts(two, '🏡🏡🏡'), accepts(two, '🏡🏡🏡🏡')]).toEqual([
    false,
    true,
    true,
    false,
  ])
})

test('text counts a combining mark as a character, as PostgreSQL does', () => {
  expect(accepts(text({ max: 1 }), 'e\u0301')).toBe(false)
  expect(accepts(text({ max: 2 }), 'e\u0301')).toBe(true)
})

test('text is trimmed only with the option trim', () => {
  expect(text({ max: 9 }).parse(' a ')).toBe(' a ')
  expect(text({ max: 1, trim: true }).parse(' a ')).toBe('a')
})

test('without a minimum text may be empty', () => {
  expect(accepts(text({ max: 9 }), '')).toBe(true)
})

test('text reports every problem', () => {
  expect(codesOf(text({ max: 2 }), 'a\0\ud800')).toEqual([
    'custom: Must be well-formed Unicode',
    'custom: Must not contain a NUL character',
    'too_big: Must have at most 2 characters',
  ])
  expect(codesOf(text({ min: 1, max: 2 }), '')).toEqual(['too_small: Must have at least 1 character'])
})

test('a surrogate pair is a character, half of one is rejected', () => {
  expect([accepts(text({ max: 1 }), '\ud83c\udfe1'), accepts(text({ max: 1 }), '\ud83c')]).toEqual([true, false])
})

test('an id may have any version and case', () => {
  for (const value of ['11111111-1111-1111-1111-111111111111', 'FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF'])
    expect(accepts(id(), value)).toBe(true)
  for (const value of ['11111111111111111111111111111111', '11111111-1111-1111-1111-111111111111\n', '', 1])
    expect(accepts(id(), value)).toBe(false)
})

test('a page query defaults to page 1 with 20 items', () => {
  expect(PageQuery.parse({})).toEqual({ page: 1, limit: 20 })
  expect(PageQuery.parse({ page: '007', limit: '100' })).toEqual({ page: 7, limit: 100 })
})

test('an email needs a local part, an @ and a domain', () => {
  expect(accepts(email(), 'ada@acme.example')).toBe(true)
  for (const value of ['ada', 'ada@acme', 'ada@acme.example\n', '', 1]) expect(accepts(email(), value)).toBe(false)
  expect(codesOf(email(), 'ada')).toEqual(['invalid_format: Invalid email address'])
})

test('an email has at most 320 characters, or another maximum', () => {
  const ofLength = (length: number) => '@acme.example'.padStart(length, 'a')
  expect(accepts(email(), ofLength(320))).toBe(true)
  expect(codesOf(email(), ofLength(321))).toEqual(['too_big: Must have at most 320 characters'])
  expect(codesOf(email({ max: 20 }), ofLength(21))).toEqual(['too_big: Must have at most 20 characters'])
})

test.each([
  ['an email', email(), 'a.'],
  ['an id', id(), 'a'],
  ['a page', PageQuery.shape.page, '1'],
])('%s that is too long is rejected before any pattern reads it', (_, schema, unit) => {
  const patterns = [spyOn(RegExp.prototype, 'test'), spyOn(RegExp.prototype, 'exec')]
  const accepted = accepts(schema, unit.repeat(50_000))
  const read = patterns.flatMap(({ mock }) => mock.calls.map(([value]) => value.length))
  for (const pattern of patterns) pattern.mockRestore()
  expect({ accepted, read: read.filter((length) => length > 1000) }).toEqual({ accepted: false, read: [] })
})
