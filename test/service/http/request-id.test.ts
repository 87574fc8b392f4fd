import { expect, test } from 'bun:test'
import { newTenant } from '../../tenants.ts'
import { anonymous, as, failing, lineOf, newAcme } from './app.ts'

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/
const withId = (id: string): RequestInit => ({ headers: { 'X-Request-Id': id } })

test.each(['a', 'A-Za-z0-9_.~', '550e8400-e29b-41d4-a716-446655440000', 'a'.repeat(128), '...'])(
  'keeps the id %s',
  async (id) => {
    const { headers, body } = await as(newTenant()).send('GET', '/tasks', withId(id))
    expect(headers.get('X-Request-Id')).toBe(id)
    expect(body).toMatchObject({ requestId: id })
  },
)

const refused = [
  '',
  ' ',
  'a'.repeat(129),
  'a b',
  'a,b',
  'a, b',
  'a/b',
  '<script>',
  'a%0Ab',
  'é',
  'a;b',
  '{"a":1}',
  '$(id)',
  'a\tb',
]
test.each(refused)('replaces the id %j with a fresh UUID', async (id) => {
  const { headers, body } = await as(newTenant()).send('GET', '/tasks', withId(id))
  expect(headers.get('X-Request-Id')).toMatch(uuid)
  expect(body).toMatchObject({ requestId: headers.get('X-Request-Id') })
})

test('gives two requests without an id two ids', async () => {
  const [one, two] = [await anonymous.get('/health'), await anonymous.get('/health')]
  expect(one.headers.get('X-Request-Id')).toMatch(uuid)
  expect(one.headers.get('X-Request-Id')).not.toBe(two.headers.get('X-Request-Id'))
})

test('gives two requests with the same invalid id two ids', async () => {
  const [one, two] = [
    await anonymous.send('GET', '/health', withId('a b')),
    await anonymous.send('GET', '/health', withId('a b')),
  ]
  expect(one.headers.get('X-Request-Id')).not.toBe(two.headers.get('X-Request-Id'))
})

test('replaces an id that comes in two header lines', async () => {
  const headers = new Headers()
  for (const id of ['one', 'two']) headers.append('X-Request-Id', id)
  const answer = await anonymous.send('GET', '/health', { headers })
  expect(answer.headers.get('X-Request-Id')).toMatch(uuid)
})

test.each(['/nope', '/health', '/ready', '/openapi.json', '/docs', '/tasks'])('GET %s returns the id', async (path) => {
  const { headers } = await anonymous.send('GET', path, withId('trace-1'))
  expect(headers.get('X-Request-Id')).toBe('trace-1')
})

test('a failure has the id in its header and its body', async () => {
  for (const [method, path] of [
    ['GET', '/nope'],
    ['PUT', '/tasks'],
    ['GET', '/tasks'],
    ['POST', '/users'],
  ] as const) {
    const { headers, body } = await anonymous.send(method, path, withId('trace-2'))
    expect(headers.get('X-Request-Id')).toBe('trace-2')
    expect(body).toMatchObject({ success: false, requestId: 'trace-2' })
  }
})

test('a 500 has the id in its header, its body and its log line', async () => {
  const { lines, as } = failing(new Error())
  const { status, headers, body } = await as(newTenant()).send('GET', '/tasks', withId('trace-3'))
  expect([status, headers.get('X-Request-Id')]).toEqual([500, 'trace-3'])
  expect(body).toMatchObject({ requestId: 'trace-3' })
  expect(lineOf('trace-3', lines)).toMatchObject({ level: 'error', status: 500 })
})

test('a 204 has the id in its header', async () => {
  const { client, task } = await newAcme()
  const { status, headers } = await client.send('DELETE', `/tasks/${task.id}`, withId('trace-4'))
  expect([status, headers.get('X-Request-Id')]).toEqual([204, 'trace-4'])
})
