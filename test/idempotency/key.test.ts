import { describe, expect, test } from 'bun:test'
import { app } from '../app.ts'
import { callerOf, newKey, newUser } from './caller.ts'

test.each([
  ['a string of RFC 8941 and the bare token', (key: string) => `"${key}"`],
  ['escapes in the string', (key: string) => `"${key.replace('-', '-')}"`],
])('%s are one key', async (_, spelled) => {
  const caller = callerOf()
  const key = newKey()
  const body = newUser()
  await caller.send('POST', '/users', { key: spelled(key), body })
  expect((await caller.send('POST', '/users', { key, body })).headers.get('Idempotency-Replayed')).toBe('true')
})

test.each([
  ['a"b', '"a\\"b"'],
  ['a\\b', '"a\\\\b"'],
])('%s and %s are one key', async (bare, quoted) => {
  const caller = callerOf()
  const body = newUser()
  await caller.send('POST', '/users', { key: bare, body })
  expect((await caller.send('POST', '/users', { key: quoted, body })).headers.get('Idempotency-Replayed')).toBe('true')
})

test.each(['x'.repeat(255), '!', '~', 'a,b', `"${'x'.repeat(255)}"`])('%p is a key', async (key) => {
  expect((await callerOf().send('POST', '/users', { key, body: newUser() })).status).toBe(201)
})

test('the pattern of the document accepts what the service accepts, and nothing else', async () => {
  const document = JSON.parse(await (await app.request('/openapi.json')).text())
  const pattern = new RegExp(document.components.parameters['Idempotency-Key'].schema.pattern, 'u')
  const right = ['abc', '"abc"', 'a"b', '"a\\"b"', 'a,b', '~']
  const wrong = ['', '""', '"abc', '"a";p=1', 'a b', '\u00e9']
  expect(right.map((key) => pattern.test(key))).toEqual(right.map(() => true))
  expect(wrong.map((key) => pattern.test(key))).toEqual(wrong.map(() => false))
})

describe('a malformed key is 400 that names the header:', () => {
  test.each([
    ['an empty one', ''],
    ['an empty string', '""'],
    ['256 characters', 'x'.repeat(256)],
    ['256 characters in a string', `"${'x'.repeat(256)}"`],
    ['a letter outside of ASCII', 'é'],
    ['two headers', 'one, two'],
    ['two strings', '"one", "two"'],
    ['a space', 'one two'],
    ['an open string', '"one'],
    ['a string with a parameter', '"one";a=1'],
    ['an escape of a letter', '"on\\e"'],
  ])('%s', async (_, key) => {
    const caller = callerOf()
    const { status, error } = await caller.send('POST', '/users', { key, body: newUser() })
    expect(status).toBe(400)
    expect(error).toMatchObject({
      code: 'BAD_REQUEST',
      details: [{ path: 'Idempotency-Key', in: 'header', code: 'invalid_key' }],
    })
    expect(await caller.users()).toBe(0)
  })
})
