import { expect, test } from 'bun:test'
import { newTenant } from '../../tenants.ts'
import { as, createTask, createUser, newAcme, type Task } from './app.ts'
import { anyId } from './refusals.ts'

const instant = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/

test('creates, lists, updates and deletes a task of a user', async () => {
  const [client, other] = [as(newTenant()), as(newTenant())]
  const { data: task } = await client.post<Task>('/tasks', {
    title: 'Set up the CI pipeline',
    description: 'Tests on every push',
    userId: (await createUser(client)).id,
  })
  expect((await client.get<Task[]>('/tasks')).data).toContainEqual(task)
  expect((await other.get<Task[]>('/tasks')).data.some(({ id }) => id === task.id)).toBe(false)
  expect((await other.get(`/tasks/${task.id}`)).status).toBe(404)
  expect((await client.patch(`/tasks/${task.id}`, { status: 'done' })).data).toMatchObject({ status: 'done' })
  expect((await client.delete(`/tasks/${task.id}`)).status).toBe(204)
  expect((await client.delete(`/users/${task.userId}`)).status).toBe(204)
})

test('returns a created task and its Location', async () => {
  const { client, userId } = await newAcme()
  const given = { title: 'Write the report', description: 'Green', userId }
  const { status, headers, data } = await client.post<Task>('/tasks', given)
  expect(status).toBe(201)
  expect(Object.keys(data)).toEqual(['id', 'title', 'description', 'status', 'userId', 'createdAt', 'updatedAt'])
  expect(data).toMatchObject({ ...given, status: 'todo' })
  expect([data.createdAt, data.updatedAt].every((moment) => instant.test(moment))).toBe(true)
  expect(headers.get('Location')).toBe(`/tasks/${data.id}`)
  expect((await client.get(`/tasks/${data.id}`)).data).toEqual(data)
})

test.each([[{}], [{ description: null }]])('a task without a description has null: %j', async (fields) => {
  const { client, userId } = await newAcme()
  expect((await client.post('/tasks', { title: 'Write', userId, ...fields })).data).toMatchObject({ description: null })
})

test.each(['todo', 'in_progress', 'done'])('a task may be %s', async (status) => {
  const { client, task } = await newAcme()
  expect((await client.patch(`/tasks/${task.id}`, { status })).data).toMatchObject({ status })
})

test('an update keeps the fields that it leaves out', async () => {
  const { client, task } = await newAcme()
  const { data } = await client.patch<Task>(`/tasks/${task.id}`, { title: 'Send the report' })
  expect(data).toEqual({ ...task, title: 'Send the report', updatedAt: data.updatedAt })
  expect((await client.get(`/tasks/${task.id}`)).data).toEqual(data)
})

test('a description of null clears it', async () => {
  const { client, task } = await newAcme()
  await client.patch(`/tasks/${task.id}`, { description: 'Green' })
  expect((await client.patch(`/tasks/${task.id}`, { description: null })).data).toMatchObject({ description: null })
})

test('every update changes updatedAt of a task, and never createdAt', async () => {
  const { client, task } = await newAcme()
  const first = await client.patch<Task>(`/tasks/${task.id}`, { status: 'done' })
  const second = await client.patch<Task>(`/tasks/${task.id}`, { status: 'done' })
  const moments = [task.updatedAt, first.data.updatedAt, second.data.updatedAt]
  expect(moments).toEqual([...new Set(moments)].toSorted())
  expect(second.data.createdAt).toBe(task.createdAt)
})

test('answers the deletion of a task with an empty 204, and the task is gone', async () => {
  const { client, task } = await newAcme()
  const { status, body, headers } = await client.delete(`/tasks/${task.id}`)
  expect([status, body, headers.get('Content-Type')]).toEqual([204, undefined, null])
  expect((await client.get('/tasks')).data).toEqual([])
})

test('a task that does not exist is 404 for every method', async () => {
  const client = as(newTenant())
  const answers = [
    await client.get(`/tasks/${anyId}`),
    await client.patch(`/tasks/${anyId}`, { title: 'Write' }),
    await client.delete(`/tasks/${anyId}`),
  ]
  const notFound = [404, { code: 'NOT_FOUND', message: 'Task not found' }]
  expect(answers.map(({ status, error }) => [status, error])).toEqual([notFound, notFound, notFound])
})

test('an unknown user is an invalid reference', async () => {
  const { client } = await newAcme()
  const { status, error } = await client.post('/tasks', { title: 'Write', userId: anyId })
  expect([status, error?.code]).toEqual([422, 'INVALID_REFERENCE'])
  expect(error?.details).toEqual([{ path: 'userId', code: 'invalid_reference', message: 'No user has this id' }])
})

test('a rejected task writes nothing', async () => {
  const { client, task } = await newAcme()
  await client.post('/tasks', { title: 'Write', userId: anyId })
  expect((await client.get('/tasks')).data).toEqual([task])
})

test('creates every task of concurrent requests', async () => {
  const { client, userId } = await newAcme()
  const titles = Array.from({ length: 30 }, (_, index) => `Task ${index}`)
  const answers = await Promise.all(titles.map((title) => client.post('/tasks', { title, userId })))
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([201]))
  expect((await client.get<Task[]>('/tasks?limit=100')).data).toHaveLength(31)
})

test('a tenant’s new task is never in another one’s list', async () => {
  const [a, b] = [as(newTenant()), as(newTenant())]
  await createTask(a)
  expect((await b.get('/tasks')).data).toEqual([])
})
