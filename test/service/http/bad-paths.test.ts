import { expect, test } from 'bun:test'
import { newTenant } from '../../tenants.ts'
import { anonymous, app, as, newAcme } from './app.ts'
import { anyId, json, testRefusals } from './refusals.ts'

const shapes = {
  'a word': 'ada',
  'a number': '1',
  'an id without hyphens': anyId.replaceAll('-', ''),
  'an id in braces': `%7B${anyId}%7D`,
  'an id with a digit too many': `${anyId}0`,
  'an id with a digit missing': anyId.slice(1),
  'an id with a letter that is no hex digit': `g${anyId.slice(1)}`,
  'an id with a space behind it': `${anyId}%20`,
  'an id with a line end': `${anyId}%0A`,
  'an id with NUL': `${anyId}%00`,
  NUL: '%00',
  'a percent sign alone': '%',
  'bytes that are not UTF-8': '%ff%fe',
  'half an escape': '%e',
  'a path within an id': '%2e%2e%2fusers',
  'a quote': `${anyId}'--`,
  'digits of another script': '%D9%A1'.repeat(8),
  'a urn': `urn:uuid:${anyId}`,
  'an id of 100,000 characters': 'a'.repeat(100_000),
}

for (const method of ['GET', 'DELETE'])
  testRefusals(
    Object.entries(shapes).map(([of, shape]) => ({
      of: `${method} of ${of}`,
      method,
      path: `/tasks/${shape}`,
      code: 'VALIDATION_FAILED',
      names: 'id',
      in: 'params',
    })),
  )
testRefusals(
  ['/tasks', '/users'].map((path) => ({
    of: `PATCH ${path} with a malformed id`,
    method: 'PATCH',
    path: `${path}/1`,
    body: { title: 'a' },
    code: 'VALIDATION_FAILED',
    names: 'id',
    in: 'params',
  })),
)

test('an id in upper case is the same id', async () => {
  const { client, task } = await newAcme()
  expect((await client.get(`/tasks/${task.id.toUpperCase()}`)).data).toEqual(task)
})

const unknownPaths = [
  '/',
  '/nope',
  '/Tasks',
  '/tasks/',
  '//tasks',
  `/tasks/${anyId}/`,
  `/tasks/${anyId}/users`,
  '/%00',
  '/%ff',
  '/health/',
]
test.each([...unknownPaths, '/.env', '/__proto__', '/docs/swagger-ui-dist/package.json'])(
  '%s is not found, with and without a tenant',
  async (path) => {
    for (const client of [as(newTenant()), anonymous]) {
      const { status, error } = await client.get(path)
      expect([status, error?.code]).toEqual([404, 'NOT_FOUND'])
    }
  },
)

const missing: [string, string, string][] = [
  ['PUT', '/tasks', 'GET, HEAD, POST'],
  ['OPTIONS', '/tasks', 'GET, HEAD, POST'],
  ['DELETE', '/users', 'GET, HEAD, POST'],
  ['TRACE', '/users', 'GET, HEAD, POST'],
  ['PROPFIND', '/users', 'GET, HEAD, POST'],
  ['PUT', `/tasks/${anyId}`, 'DELETE, GET, HEAD, PATCH'],
  ['POST', `/users/${anyId}`, 'DELETE, GET, HEAD, PATCH'],
  ['OPTIONS', '/users/not-an-id', 'DELETE, GET, HEAD, PATCH'],
  ['POST', '/health', 'GET, HEAD'],
  ['DELETE', '/ready', 'GET, HEAD'],
  ['PATCH', '/openapi.json', 'GET, HEAD'],
  ['POST', '/docs', 'GET, HEAD'],
]
test.each(missing)('%s %s is not allowed, with and without a tenant', async (method, path, allow) => {
  for (const client of [as(newTenant()), as('_nonsense'), anonymous]) {
    const { status, error, headers } = await client.send(method, path)
    expect([status, error?.code]).toEqual([405, 'METHOD_NOT_ALLOWED'])
    expect(headers.get('Allow')?.split(', ').toSorted().join(', ')).toBe(allow)
  }
})

test('rejects a method before it reads the body', async () => {
  const { status } = await as(newTenant()).send('PUT', '/tasks', { body: '{', headers: json })
  expect(status).toBe(405)
})

test.each(['/tasks', '/health', '/ready', '/openapi.json', '/docs'])(
  'HEAD %s answers as GET, without a body',
  async (path) => {
    const headers = { 'X-Tenant-Id': newTenant(), 'X-Request-Id': 'same' }
    const [get, head] = [await app.request(path, { headers }), await app.request(path, { headers, method: 'HEAD' })]
    expect(await head.text()).toBe('')
    const comparable = (response: Response) =>
      [...response.headers].filter(([name]) => !['content-length', 'content-security-policy'].includes(name))
    expect([head.status, comparable(head)]).toEqual([get.status, comparable(get)])
  },
)

test('answers HEAD with 404 for an unknown path, and with 403 without a tenant', async () => {
  expect((await as(newTenant()).send('HEAD', `/tasks/${anyId}`)).status).toBe(404)
  expect((await anonymous.send('HEAD', '/tasks')).status).toBe(403)
})
