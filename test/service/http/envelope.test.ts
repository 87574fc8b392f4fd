import { expect, test } from 'bun:test'
import { newTenant } from '../../tenants.ts'
import { anonymous, as, newAcme } from './app.ts'
import { anyId } from './refusals.ts'

const keysOf = (value: unknown) => Object.keys(value as object)

test('a success has its keys in order, and no meta without pagination', async () => {
  const { client, task } = await newAcme()
  const { body } = await client.get(`/tasks/${task.id}`)
  expect(keysOf(body)).toEqual(['success', 'statusCode', 'requestId', 'data', 'timestamp', 'path'])
  expect(body).toMatchObject({ success: true, statusCode: 200, data: task, path: `/tasks/${task.id}` })
})

test('a list has meta between data and timestamp', async () => {
  const { body } = await as(newTenant()).get('/tasks')
  expect(keysOf(body)).toEqual(['success', 'statusCode', 'requestId', 'data', 'meta', 'timestamp', 'path'])
})

test('a failure has its keys in order, and no details without a list of problems', async () => {
  const { body, error } = await as(newTenant()).get(`/tasks/${anyId}`)
  expect(keysOf(body)).toEqual(['success', 'statusCode', 'requestId', 'error', 'timestamp', 'path'])
  expect(keysOf(error)).toEqual(['code', 'message'])
  expect(body).toMatchObject({ success: false, statusCode: 404, path: `/tasks/${anyId}` })
})

test('details are last, and each has its keys in order', async () => {
  const { error } = await as(newTenant()).get('/tasks?page=0')
  expect(keysOf(error)).toEqual(['code', 'message', 'details'])
  expect(keysOf(error?.details?.[0])).toEqual(['path', 'in', 'code', 'message'])
})

test('a problem of the body has no "in"', async () => {
  const { error } = await as(newTenant()).post('/tasks', { title: '', userId: anyId })
  expect(error?.details).toEqual([{ path: 'title', code: 'too_small', message: 'Must have at least 1 character' }])
})

test('statusCode is the status, whatever it is', async () => {
  const { client, userId } = await newAcme()
  const answers = [
    await client.get('/tasks'),
    await client.post('/tasks', { title: 'Write', userId }),
    await client.post('/tasks', {}),
    await anonymous.get('/tasks'),
    await client.get('/nope'),
    await client.send('PUT', '/tasks'),
    await client.delete(`/users/${userId}`),
    await client.send('POST', '/tasks', { body: 'x' }),
    await client.post('/tasks', { title: 'Write', userId: anyId }),
  ]
  const statuses = answers.map(({ status }) => status)
  expect(statuses).toEqual([200, 201, 400, 403, 404, 405, 409, 415, 422])
  expect(answers.map(({ body }) => (body as { statusCode: number }).statusCode)).toEqual(statuses)
})

test('the path is without the query, which may hold secrets', async () => {
  const client = as(newTenant())
  for (const path of ['/tasks?token=s3cret', '/nope?token=s3cret', '/tasks/x?token=s3cret#token=s3cret']) {
    const { body } = await client.get(path)
    expect(body).toMatchObject({ path: path.split('?')[0] })
    expect(JSON.stringify({ ...(body as object), meta: undefined })).not.toContain('s3cret')
  }
})

test('the timestamp is the time of the answer, in UTC with milliseconds', async () => {
  const before = new Date().toISOString()
  const { timestamp } = (await as(newTenant()).get('/tasks')).body as { timestamp: string }
  expect([before, timestamp, new Date().toISOString()].toSorted()[1]).toBe(timestamp)
  expect(timestamp).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
})

test.each(['/health', '/ready', '/openapi.json', '/docs'])(
  '%s is not in the envelope, but an error of it is',
  async (path) => {
    const { body } = await anonymous.get(path)
    if (typeof body === 'object') expect(body).not.toHaveProperty('success')
    else expect(body).toStartWith('<!doctype html>')
    expect((await anonymous.send('POST', path)).body).toMatchObject({ success: false, statusCode: 405, path })
  },
)

test('marks every answer to a tenant as private', async () => {
  const { client, task } = await newAcme()
  const { headers: one } = await client.get(`/tasks/${task.id}`)
  expect([one.get('Cache-Control'), one.get('Vary')]).toEqual(['private, no-cache', 'X-Tenant-Id'])
  const own = [await client.get('/tasks'), await client.delete(`/tasks/${task.id}`)]
  const refused = [
    await client.get(`/tasks/${task.id}`),
    await client.post('/tasks', {}),
    await anonymous.get('/tasks'),
  ]
  for (const { headers } of [...own, ...refused, await as('_nonsense').get('/users')]) {
    expect(headers.get('Cache-Control')).toBe('private, no-store')
    expect(headers.get('Vary')).toBe('X-Tenant-Id')
  }
})

test('every answer has its security headers, an error too', async () => {
  for (const path of ['/tasks', '/health', '/nope', '/openapi.json']) {
    const { headers } = await as(newTenant()).get(path)
    expect(headers.get('X-Content-Type-Options')).toBe('nosniff')
    expect(headers.get('Content-Security-Policy')).toContain("frame-ancestors 'none'")
  }
})
