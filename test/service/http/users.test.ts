import { expect, test } from 'bun:test'
import { newTenant } from '../../tenants.ts'
import { as, createTask, createUser, newAcme, newEmail, type User } from './app.ts'
import { anyId } from './refusals.ts'

const instant = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/

test('returns a created user and its Location', async () => {
  const email = newEmail()
  const { status, headers, data } = await as(newTenant()).post<User>('/users', { email, name: 'Ada' })
  expect(status).toBe(201)
  expect(Object.keys(data)).toEqual(['id', 'email', 'name', 'createdAt', 'updatedAt'])
  expect(data).toMatchObject({ email, name: 'Ada' })
  expect([data.createdAt, data.updatedAt].every((moment) => instant.test(moment))).toBe(true)
  expect(headers.get('Location')).toBe(`/users/${data.id}`)
})

test('the Location of a new user leads to it', async () => {
  const client = as(newTenant())
  const { headers, data } = await client.post<User>('/users', { email: newEmail(), name: 'Ada' })
  expect((await client.get(headers.get('Location') ?? '')).data).toEqual(data)
})

test('a list holds the tenant’s users', async () => {
  const client = as(newTenant())
  const user = await createUser(client)
  expect((await client.get('/users')).data).toEqual([user])
})

test('renames a user, and keeps the other fields', async () => {
  const client = as(newTenant())
  const user = await createUser(client)
  const { status, data } = await client.patch<User>(`/users/${user.id}`, { name: 'Grace' })
  expect(status).toBe(200)
  expect(data).toEqual({ ...user, name: 'Grace', updatedAt: data.updatedAt })
  expect((await client.get(`/users/${user.id}`)).data).toEqual(data)
})

test('every update changes updatedAt of a user', async () => {
  const client = as(newTenant())
  const user = await createUser(client)
  const first = await client.patch<User>(`/users/${user.id}`, { name: 'Grace' })
  const second = await client.patch<User>(`/users/${user.id}`, { name: 'Grace' })
  const moments = [user.updatedAt, first.data.updatedAt, second.data.updatedAt]
  expect(moments).toEqual([...new Set(moments)].toSorted())
})

test('answers the deletion of a user with an empty 204, and the user is gone', async () => {
  const client = as(newTenant())
  const { id } = await createUser(client)
  const { status, body, headers } = await client.delete(`/users/${id}`)
  expect([status, body, headers.get('Content-Type')]).toEqual([204, undefined, null])
  expect((await client.get(`/users/${id}`)).status).toBe(404)
  expect((await client.delete(`/users/${id}`)).status).toBe(404)
})

test('a user that does not exist is 404 for every method', async () => {
  const client = as(newTenant())
  const answers = [
    await client.get(`/users/${anyId}`),
    await client.patch(`/users/${anyId}`, { name: 'Ada' }),
    await client.delete(`/users/${anyId}`),
  ]
  const notFound = [404, { code: 'NOT_FOUND', message: 'User not found' }]
  expect(answers.map(({ status, error }) => [status, error])).toEqual([notFound, notFound, notFound])
})

test('the same email in one tenant is a conflict, in any letter case', async () => {
  const client = as(newTenant())
  const email = newEmail()
  await createUser(client, email)
  for (const again of [email, email.toUpperCase()]) {
    const { status, error } = await client.post('/users', { email: again, name: 'Eve' })
    expect({ status, error }).toEqual({
      status: 409,
      error: { code: 'CONFLICT', message: 'A user with this email exists already' },
    })
  }
})

test('an update to a used email is a conflict, and changes nothing', async () => {
  const client = as(newTenant())
  const [ada, grace] = [await createUser(client), await createUser(client)]
  const { status } = await client.patch(`/users/${grace.id}`, { email: ada.email.toUpperCase(), name: 'Eve' })
  expect(status).toBe(409)
  expect((await client.get(`/users/${grace.id}`)).data).toEqual(grace)
})

test('a user may change the letter case of its own email', async () => {
  const client = as(newTenant())
  const { id, email } = await createUser(client)
  const { status, data } = await client.patch(`/users/${id}`, { email: email.toUpperCase() })
  expect({ status, data }).toMatchObject({ status: 200, data: { email: email.toUpperCase() } })
})

test('the same email is free in every other tenant', async () => {
  const email = newEmail()
  for (const client of [as(newTenant()), as(newTenant())])
    expect((await client.post('/users', { email, name: 'Ada' })).status).toBe(201)
})

test('a user who still has tasks cannot be deleted', async () => {
  const { client, userId, task } = await newAcme()
  const { status, error } = await client.delete(`/users/${userId}`)
  expect([status, error?.code]).toEqual([409, 'CONFLICT'])
  expect((await client.get(`/tasks/${task.id}`)).status).toBe(200)
})

test('a user whose tasks are gone can be deleted', async () => {
  const client = as(newTenant())
  const task = await createTask(client)
  await client.delete(`/tasks/${task.id}`)
  expect((await client.delete(`/users/${task.userId}`)).status).toBe(204)
})
