import { expect, test } from 'bun:test'
import { newTenant } from '../../database.ts'
import { as, createTask, createUser, newAcme, type Task } from './app.ts'
import { anyId } from './refusals.ts'

const instant = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/

test('the guide’s loop: a user, a task, the list, a change, the end', async () => {
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

test('a task that was created is answered whole, with its place', async () => {
  const { client, userId } = await newAcme()
  const given = { title: 'Paint the fence', description: 'Green', userId }
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
  expect((await client.post('/tasks', { title: 'Paint', userId, ...fields })).data).toMatchObject({ description: null })
})

test.each(['todo', 'in_progress', 'done'])('a task may be %s', async (status) => {
  const { client, task } = await newAcme()
  expect((await client.patch(`/tasks/${task.id}`, { status })).data).toMatchObject({ status })
})

test('a change keeps what it does not name', async () => {
  const { client, task } = await newAcme()
  const { data } = await client.patch<Task>(`/tasks/${task.id}`, { title: 'Paint the gate' })
  expect(data).toEqual({ ...task, title: 'Paint the gate', updatedAt: data.updatedAt })
  expect((await client.get(`/tasks/${task.id}`)).data).toEqual(data)
})

test('a description of null clears it', async () => {
  const { client, task } = await newAcme()
  await client.patch(`/tasks/${task.id}`, { description: 'Green' })
  expect((await client.patch(`/tasks/${task.id}`, { description: null })).data).toMatchObject({ description: null })
})

test('updatedAt of a task moves with every change, createdAt never', async () => {
  const { client, task } = await newAcme()
  const first = await client.patch<Task>(`/tasks/${task.id}`, { status: 'done' })
  const second = await client.patch<Task>(`/tasks/${task.id}`, { status: 'done' })
  const moments = [task.updatedAt, first.data.updatedAt, second.data.updatedAt]
  expect(moments).toEqual([...new Set(moments)].toSorted())
  expect(second.data.createdAt).toBe(task.createdAt)
})

test('a task that was deleted is answered with 204 and nothing, and is gone', async () => {
  const { client, task } = await newAcme()
  const { status, body, headers } = await client.delete(`/tasks/${task.id}`)
  expect([status, body, headers.get('Content-Type')]).toEqual([204, undefined, null])
  expect((await client.get('/tasks')).data).toEqual([])
})

test('a task that does not exist is 404 for every method', async () => {
  const client = as(newTenant())
  const answers = [
    await client.get(`/tasks/${anyId}`),
    await client.patch(`/tasks/${anyId}`, { title: 'Paint' }),
    await client.delete(`/tasks/${anyId}`),
  ]
  const notFound = [404, { code: 'NOT_FOUND', message: 'Task not found' }]
  expect(answers.map(({ status, error }) => [status, error])).toEqual([notFound, notFound, notFound])
})

test('a user of nobody is an invalid reference', async () => {
  const { client } = await newAcme()
  const { status, error } = await client.post('/tasks', { title: 'Paint', userId: anyId })
  expect([status, error?.code]).toEqual([422, 'INVALID_REFERENCE'])
  expect(error?.details).toEqual([{ path: 'userId', code: 'invalid_reference', message: 'No user has this id' }])
})

test('a refused task leaves nothing behind', async () => {
  const { client, task } = await newAcme()
  await client.post('/tasks', { title: 'Paint', userId: anyId })
  expect((await client.get('/tasks')).data).toEqual([task])
})

test('tasks that are made at the same time are all made', async () => {
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
