import { expect, test } from 'bun:test'
import { deps } from '../../app.ts'
import { newTenant } from '../../tenants.ts'
import { as, build, newEmail } from './app.ts'
import { anyId, json, testRefusals } from './refusals.ts'

const user = { email: 'ada@acme.example', name: 'Ada' }
const users = { path: '/users' }
const bytes = (...values: number[]) => new Uint8Array(values)
const malformed = { ...users, code: 'BAD_REQUEST' } as const
const wrongType = { ...users, code: 'VALIDATION_FAILED', names: '' } as const
const unknown = { ...users, code: 'VALIDATION_FAILED' } as const
const wrongMedia = { ...users, code: 'UNSUPPORTED_MEDIA_TYPE' } as const

testRefusals([
  { of: 'JSON that breaks off', ...malformed, body: '{"email":' },
  { of: 'JSON with a comma too many', ...malformed, body: '{"name":"Ada",}' },
  { of: 'JSON with single quotes', ...malformed, body: "{'name':'Ada'}" },
  { of: 'JSON with something behind it', ...malformed, body: '{} {}' },
  { of: 'NaN', ...malformed, body: '{"name":NaN}' },
  { of: 'an empty body', ...malformed, body: '' },
  { of: 'a missing body', ...malformed, headers: json },
  { of: 'a body of white space', ...malformed, body: ' \n' },
  { of: 'a body that is not UTF-8', ...malformed, body: bytes(0x7b, 0xff, 0x7d) },
  { of: 'a name that is not UTF-8', ...malformed, body: Buffer.from('{"email":"a@b.co","name":"\xe9"}', 'latin1') },
  { of: 'a body in UTF-16', ...malformed, body: bytes(0xff, 0xfe, 0x7b, 0x00, 0x7d, 0x00) },
  { of: 'null', ...wrongType, body: 'null' },
  { of: 'an array', ...wrongType, body: '[]' },
  { of: 'a string', ...wrongType, body: '"Ada"' },
  { of: 'a number', ...wrongType, body: '1' },
  { of: 'true', ...wrongType, body: 'true' },
  { of: 'deeply nested JSON', ...malformed, body: `${'['.repeat(2000)}${']'.repeat(2000)}` },
  {
    of: 'a deeply nested field',
    ...malformed,
    body: `{"email":"a@b.co","name":${'['.repeat(2000)}${']'.repeat(2000)}}`,
  },
  { of: 'empty arrays', ...malformed, path: '/tasks', body: `[${'[],'.repeat(10_000)}0]` },
  { of: 'brackets alone', ...malformed, path: '/tasks', body: '['.repeat(131_072) },
  { of: 'a field of 64 levels', ...unknown, body: `{"name":${'['.repeat(63)}${']'.repeat(63)}}`, names: 'email' },
  { of: 'the key tenantId', ...unknown, body: { ...user, tenantId: anyId }, names: 'tenantId' },
  { of: 'the key tenant_id', ...unknown, body: { ...user, tenant_id: anyId }, names: 'tenant_id' },
  { of: 'the key id', ...unknown, body: { ...user, id: anyId }, names: 'id' },
  { of: 'the key createdAt', ...unknown, body: { ...user, createdAt: '2026-01-01T00:00:00.000Z' }, names: 'createdAt' },
  { of: 'the key updatedAt', ...unknown, body: { ...user, updatedAt: null }, names: 'updatedAt' },
  { of: 'the key constructor', ...unknown, body: { ...user, constructor: 1 }, names: 'constructor' },
  { of: 'the key toString', ...unknown, body: { ...user, toString: 1 }, names: 'toString' },
  { of: 'a key in another case', ...unknown, body: { ...user, Name: 'Ada' }, names: 'Name' },
  { of: 'the empty key', ...unknown, body: { ...user, '': 1 }, names: '' },
  {
    of: 'the key __proto__',
    ...unknown,
    body: '{"email":"a@b.co","name":"Ada","__proto__":{"tenantId":"x"}}',
    names: '__proto__',
  },
  { of: 'JSON in UTF-16', ...wrongMedia, headers: { 'Content-Type': 'application/json; charset=utf-16' }, body: '{}' },
  { of: 'text/plain', ...wrongMedia, headers: { 'Content-Type': 'text/plain' }, body: '{}' },
  {
    of: 'a form',
    ...wrongMedia,
    headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
    body: 'name=Ada',
  },
  { of: 'text/json', ...wrongMedia, headers: { 'Content-Type': 'text/json' }, body: '{}' },
  {
    of: 'a media type that only begins as JSON',
    ...wrongMedia,
    headers: { 'Content-Type': 'application/jsonp' },
    body: '{}',
  },
  { of: 'two media types', ...wrongMedia, headers: { 'Content-Type': 'application/json, text/plain' }, body: '{}' },
  { of: 'a body without a media type', ...wrongMedia, headers: {}, body: Buffer.from(JSON.stringify(user)) },
  { of: 'neither body nor media type', ...wrongMedia, headers: {} },
  {
    of: 'an empty media type',
    ...wrongMedia,
    headers: { 'Content-Type': '' },
    body: Buffer.from(JSON.stringify(user)),
  },
])

test.each(['application/json; charset=utf-8', 'Application/JSON', 'application/json;charset="UTF-8"'])(
  '%s is JSON',
  async (type) => {
    const body = JSON.stringify({ email: newEmail(), name: 'Ada' })
    const answer = await as(newTenant()).send('POST', '/users', { body, headers: { 'Content-Type': type } })
    expect(answer.status).toBe(201)
  },
)

test('accepts a byte order mark before the JSON', async () => {
  const body = `\ufeff${JSON.stringify({ email: newEmail(), name: 'Ada' })}`
  expect((await as(newTenant()).send('POST', '/users', { body, headers: json })).status).toBe(201)
})

test('takes the last value of a repeated key', async () => {
  const body = `{"name":"Ada","email":"${newEmail()}","name":"Grace"}`
  expect((await as(newTenant()).send('POST', '/users', { body, headers: json })).data).toMatchObject({ name: 'Grace' })
})

test.each([
  ['nests deeper than 64 levels', { name: Array.from({ length: 64 }).reduce((inner) => [inner], 1) }],
  ['has more than 1000 fields', Object.fromEntries(Array.from({ length: 1001 }, (_, n) => [n, 0]))],
])('says that a body %s', async (what, body) => {
  const { status, error } = await as(newTenant()).post('/users', body)
  expect([status, error?.message]).toEqual([400, `The body ${what}`])
})

test('lists every problem of a body', async () => {
  const { error } = await as(newTenant()).post('/tasks', { title: '', userId: 'x', tenantId: anyId })
  expect(error?.details?.map(({ path }) => path).toSorted()).toEqual(['tenantId', 'title', 'userId'])
})

test('reads the largest valid body: 10,000 emoji as escapes', async () => {
  const tenant = newTenant()
  const { data } = await as(tenant).post<{ id: string }>('/users', { email: newEmail(), name: 'Ada' })
  const emoji = String.raw`\ud83c\udfe1`
  const body = `{"title":"${emoji.repeat(200)}","description":"${emoji.repeat(10_000)}","userId":"${data.id}"}`
  const { status, data: task } = await as(tenant).send<object>('POST', '/tasks', { body, headers: json })
  expect({ status, task }).toMatchObject({ status: 201, task: { description: '🏡'.repeat(10_000) } })
})

test('rejects a body over 128 KiB', async () => {
  const { status, error } = await as(newTenant()).post('/users', { email: newEmail(), name: 'a'.repeat(128 * 1024) })
  expect([status, error?.code]).toEqual([413, 'PAYLOAD_TOO_LARGE'])
})

const small = build({ requests: { ...deps.requests, bodyLimitBytes: 100 } })
const streamed = (length: number) =>
  new ReadableStream({
    start(controller) {
      controller.enqueue(new TextEncoder().encode(JSON.stringify({ email: newEmail(), name: 'Ada' }).padEnd(length)))
      controller.close()
    },
  })

test('reads a stream of exactly the limit', async () => {
  const answer = await small.as(newTenant()).send('POST', '/users', { body: streamed(100), headers: json })
  expect(answer.status).toBe(201)
})

test('rejects a stream of one byte over the limit', async () => {
  const answer = await small.as(newTenant()).send('POST', '/users', { body: streamed(101), headers: json })
  expect([answer.status, answer.error?.code]).toEqual([413, 'PAYLOAD_TOO_LARGE'])
})

test('rejects a declared length over the limit', async () => {
  const init = { body: '{}', headers: { ...json, 'Content-Length': '101' } }
  expect((await small.as(newTenant()).send('POST', '/users', init)).status).toBe(413)
})

const manyUnknown = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, n) => [`unknown${n}`, n]))

test('names the first 20 problems of a body, and how many there are', async () => {
  const { status, error } = await as(newTenant()).post('/users', { ...manyUnknown(400), ...user })
  const [last, ...named] = error?.details?.toReversed() ?? []
  expect(status).toBe(400)
  expect(named.map(({ path }) => path).toReversed()).toEqual(Array.from({ length: 20 }, (_, n) => `unknown${n}`))
  expect(last).toEqual({ path: '', code: 'more_problems', message: 'Only 20 of 400 problems are listed' })
})

test('names all of exactly 20 problems', async () => {
  const { error } = await as(newTenant()).post('/users', { ...manyUnknown(20), ...user })
  expect(error?.details?.map(({ path }) => path)).toEqual(Object.keys(manyUnknown(20)))
})

test('shows the first 100 characters of a long unknown key', async () => {
  const { error } = await as(newTenant()).post('/users', { ...user, ['k'.repeat(5000)]: 1 })
  expect(error?.details?.map(({ path }) => path)).toEqual([`${'k'.repeat(100)}…`])
})
