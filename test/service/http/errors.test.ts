import { expect, test } from 'bun:test'
import type { TestClient, TestResponse } from '../../../src/testing/index.ts'
import { newTenant } from '../../tenants.ts'
import { as, build, createTask, createUser, failing, lineOf, lines, newAcme, newEmail } from './app.ts'
import { anyId } from './refusals.ts'

/** An answer without its request id, time and path. */
function traits({ status, headers, body }: TestResponse) {
  const { requestId: _, timestamp: __, path: ___, ...rest } = body as Record<string, unknown> // the envelope
  return { status, headers: [...headers].filter(([name]) => !['x-request-id', 'date'].includes(name)), rest }
}

const attempts: [string, (client: TestClient, id: string) => Promise<TestResponse>][] = [
  ['GET', (client, id) => client.get(id)],
  ['PATCH', (client, id) => client.patch(id, id.startsWith('/users') ? { name: 'Eve' } : { title: 'Mine' })],
  ['DELETE', (client, id) => client.delete(id)],
]
for (const [method, attempt] of attempts)
  test.each(['users', 'tasks'])(`${method} answers another tenant's id like an unknown id: %s`, async (collection) => {
    const { client, task, userId } = await newAcme()
    const other = as(newTenant())
    const id = collection === 'users' ? userId : task.id
    const foreign = await attempt(other, `/${collection}/${id}`)
    expect(foreign.status).toBe(404)
    expect(traits(foreign)).toEqual(traits(await attempt(other, `/${collection}/${anyId}`)))
    expect((await client.get(`/tasks/${task.id}`)).data).toEqual(task)
  })

test("a new task answers another tenant's user like an unknown user", async () => {
  const { userId } = await newAcme()
  const other = as(newTenant())
  const foreign = await other.post('/tasks', { title: 'Mine', userId })
  expect(foreign.status).toBe(422)
  expect(traits(foreign)).toEqual(traits(await other.post('/tasks', { title: 'Mine', userId: anyId })))
})

test('an email that only another tenant uses is answered like a free one', async () => {
  const { email } = await createUser(as(newTenant()))
  const other = as(newTenant())
  const [taken, free] = [
    await other.post('/users', { email, name: 'A' }),
    await other.post('/users', { email: newEmail(), name: 'A' }),
  ]
  expect([taken.status, free.status]).toEqual([201, 201])
})

test('an unexpected error reaches the client without details', async () => {
  const secret = new Error('password s3cret', { cause: new Error('s3cret') })
  Object.assign(secret, { code: 's3cret', detail: 's3cret', query: 'select s3cret' })
  for (const answer of [
    await failing(secret).as(newTenant()).get('/tasks'),
    await failing(secret).as(newTenant()).delete(`/users/${anyId}`),
  ]) {
    expect(answer.status).toBe(500)
    expect(answer.error).toEqual({ code: 'INTERNAL_SERVER_ERROR', message: 'Something went wrong' })
    expect(JSON.stringify([answer.body, ...answer.headers])).not.toContain('s3cret')
  }
})

test('logs where in the code an unexpected error happened, and never its message', async () => {
  const thrown = new Error('s3cret\n    at s3cret (s3cret.ts:1:1)', { cause: new TypeError('s3cret\nat s3cret') })
  const { lines, as } = failing(thrown)
  await as(newTenant()).get('/tasks')
  expect(lines).toHaveLength(1)
  expect(lines[0]).toMatchObject({ level: 'error', error: { code: 'INTERNAL_SERVER_ERROR', name: 'Error' } })
  expect(JSON.stringify(lines)).toMatch(/"at":\["Error","at [^"]*errors\.test\.ts:.*"TypeError","at /)
  expect(JSON.stringify(lines)).not.toContain('s3cret')
})

test.each([['a string s3cret'], [{ secret: 's3cret' }], [undefined], [null], [42]])(
  'a thrown value that is not an Error is a 500: %j',
  async (thrown) => {
    const { status, error, body, headers } = await failing(thrown).as(newTenant()).get('/tasks')
    expect([status, error?.code]).toEqual([500, 'INTERNAL_SERVER_ERROR'])
    expect(body).toMatchObject({ requestId: headers.get('X-Request-Id') ?? '' })
    expect(JSON.stringify(body)).not.toContain('s3cret')
  },
)

test('log lines hold ids and codes, and no value that a client sent', async () => {
  const tenant = newTenant()
  const client = as(tenant)
  const { id: userId } = await createUser(client, `s3cret-${newEmail()}`)
  const task = await createTask(client, 's3cret title')
  const answers = [
    await client.get('/tasks?token=s3cret&page=1'),
    await client.get('/tasks?titlePrefix=s3cret&cursor='),
    await client.get('/tasks?cursor=s3cret'),
    await client.get('/tasks?page=s3cret'),
    await client.get('/tasks/s3cret'),
    await client.get('/s3cret'),
    await client.send('GET', '/tasks', { headers: { 'X-Request-Id': 's3cret!', 'User-Agent': 's3cret' } }),
    await client.patch(`/tasks/${task.id}`, { description: 's3cret' }),
    await client.patch(`/tasks/${task.id}`, { s3cret: 's3cret' }),
    await client.post('/users', { email: 's3cret', name: 's3cret' }),
    await client.post('/tasks', { title: 's3cret', userId: anyId }),
    await client.send('POST', '/tasks', { body: '{"s3cret', headers: { 'Content-Type': 'application/json' } }),
    await client.delete(`/users/${userId}`),
    await as('_s3cret').get('/tasks'),
  ]
  const written = answers.map(({ headers }) => lineOf(headers.get('X-Request-Id')))
  expect(written.every((line) => line !== undefined)).toBe(true)
  expect(JSON.stringify([...written, ...lines.filter((line) => line.tenant === tenant)])).not.toContain('s3cret')
})

test('with PROBLEM_JSON=on a failure is a problem for a client that accepts it, as the document says', async () => {
  const { app: service } = build({ problems: true })
  const accept = { Accept: 'application/problem+json' }
  const response = await service.request('/tasks', { headers: accept })
  expect([response.status, response.headers.get('Content-Type')]).toEqual([403, accept.Accept])
  expect(await response.json()).toMatchObject({ code: 'FORBIDDEN', instance: '/tasks', title: 'Forbidden' })
  const { paths } = await (await service.request('/openapi.json')).json()
  expect(Object.keys(paths['/tasks'].get.responses[403].content)).toEqual(['application/json', accept.Accept])
})
