import { describe, expect, test } from 'bun:test'
import { callerOf, newKey, serviceOnFive } from '../idempotency/caller.ts'
import { as, createUser, newAcme, type Task, type User } from '../service/http/app.ts'
import { anyId } from '../service/http/refusals.ts'
import { newTenant } from '../tenants.ts'
import { actionsOn, trashOf } from './trash.ts'

test('a deleted task comes back as it was, with its ETag, and is in no trash any more', async () => {
  const { client, task, tenant } = await newAcme()
  const { headers } = await client.get(`/tasks/${task.id}`)
  await client.delete(`/tasks/${task.id}`)
  expect((await client.get(`/tasks/${task.id}`)).status).toBe(404)
  const restored = await client.post<Task>(`/tasks/${task.id}/restore`, undefined)
  expect([restored.status, restored.data]).toEqual([200, task])
  expect(restored.headers.get('ETag')).toBe(headers.get('ETag'))
  expect((await client.get(`/tasks/${task.id}`)).data).toEqual(task)
  expect(await trashOf(tenant)).toEqual([])
  expect(await actionsOn(tenant, task.id)).toEqual(['created', 'deleted', 'restored'])
})

test('an id in upper case restores the same row', async () => {
  const { client, task } = await newAcme()
  await client.delete(`/tasks/${task.id}`)
  expect((await client.post(`/tasks/${task.id.toUpperCase()}/restore`, undefined)).status).toBe(200)
})

test('restoring a task that is there, that never was, and a second time is 404', async () => {
  const { client, task } = await newAcme()
  const restore = async (id: string) => (await client.post(`/tasks/${id}/restore`, undefined)).status
  expect([await restore(task.id), await restore(anyId)]).toEqual([404, 404])
  await client.delete(`/tasks/${task.id}`)
  expect([await restore(task.id), await restore(task.id)]).toEqual([200, 404])
})

test('of twenty equal deletions at once one is 204, with one row in the trash and one entry in the audit trail', async () => {
  const { task, tenant, client } = await newAcme()
  const caller = serviceOnFive().as(tenant)
  const answers = await Promise.all(Array.from({ length: 20 }, () => caller.delete(`/tasks/${task.id}`)))
  expect(answers.map(({ status }) => status).toSorted()).toEqual([204, ...Array<number>(19).fill(404)])
  expect((await trashOf(tenant)).map(({ id }) => id)).toEqual([task.id])
  expect(await actionsOn(tenant, task.id)).toEqual(['created', 'deleted'])
  expect((await client.patch(`/tasks/${task.id}`, { status: 'done' })).status).toBe(404)
})

test('of ten equal restorations at once one is 200', async () => {
  const { task, tenant, client } = await newAcme()
  await client.delete(`/tasks/${task.id}`)
  const caller = serviceOnFive().as(tenant)
  const answers = await Promise.all(
    Array.from({ length: 10 }, () => caller.post(`/tasks/${task.id}/restore`, undefined)),
  )
  expect(answers.map(({ status }) => status).toSorted()).toEqual([200, ...Array<number>(9).fill(404)])
  expect(await actionsOn(tenant, task.id)).toEqual(['created', 'deleted', 'restored'])
})

test('under an Idempotency-Key the answer is stored, and its replay restores nothing', async () => {
  const caller = callerOf()
  const { id } = await createUser(caller.client)
  await caller.send('DELETE', `/users/${id}`)
  const key = newKey()
  const first = await caller.send('POST', `/users/${id}/restore`, { key })
  await caller.send('DELETE', `/users/${id}`)
  const second = await caller.send('POST', `/users/${id}/restore`, { key })
  expect([first.status, second.status, second.headers.get('Idempotency-Replayed')]).toEqual([200, 200, 'true'])
  expect([second.data, second.headers.get('ETag')]).toEqual([first.data, first.headers.get('ETag')])
  expect((await caller.send('GET', `/users/${id}`)).status).toBe(404)
})

describe('what stands in the way is 409, and nothing changes', () => {
  test('another user has the email: the details name the user', async () => {
    const tenant = newTenant()
    const client = as(tenant)
    const first = await createUser(client, 'U@x.example')
    await client.delete(`/users/${first.id}`)
    const second = await createUser(client, 'u@x.example')
    expect((await client.post('/users', { email: 'u@X.example', name: 'Ada' })).status).toBe(409)
    const before = await trashOf(tenant)
    const { status, error } = await client.post(`/users/${first.id}/restore`, undefined)
    expect({ status, ...error }).toMatchObject({
      ...{ status: 409, code: 'CONFLICT', message: 'The row cannot be restored' },
      details: [
        { path: 'email', code: 'exists', message: `A user with this email exists already: users ${second.id}` },
      ],
    })
    expect(await trashOf(tenant)).toEqual(before)
    expect((await client.get<User[]>('/users')).data.map(({ id }) => id)).toEqual([second.id])
    await client.delete(`/users/${second.id}`)
    expect((await client.post<User>(`/users/${first.id}/restore`, undefined)).data).toEqual(first)
  })

  test('the user of the task is deleted: the details name the user, who can be restored first', async () => {
    const { client, task, tenant } = await newAcme()
    await client.delete(`/tasks/${task.id}`)
    await client.delete(`/users/${task.userId}`)
    const { status, error } = await client.post(`/tasks/${task.id}/restore`, undefined)
    expect({ status, details: error?.details }).toEqual({
      status: 409,
      details: [{ path: 'userId', code: 'missing', message: `No user has this id: users ${task.userId}` }],
    })
    expect((await trashOf(tenant)).map(({ id }) => id).toSorted()).toEqual([task.id, task.userId].toSorted())
    for (const path of [`/users/${task.userId}`, `/tasks/${task.id}`])
      expect((await client.post(`${path}/restore`, undefined)).status).toBe(200)
    expect((await client.get<Task>(`/tasks/${task.id}`)).data).toEqual(task)
  })

  test('a keyed attempt stores no answer, so the same request works later', async () => {
    const caller = callerOf()
    const first = await createUser(caller.client)
    await caller.send('DELETE', `/users/${first.id}`)
    const second = await createUser(caller.client, first.email)
    const key = newKey()
    expect((await caller.send('POST', `/users/${first.id}/restore`, { key })).status).toBe(409)
    await caller.send('DELETE', `/users/${second.id}`)
    expect((await caller.send('POST', `/users/${first.id}/restore`, { key })).status).toBe(200)
  })
})

test('a user who has tasks is not deleted', async () => {
  const { client, task, tenant } = await newAcme()
  expect((await client.delete(`/users/${task.userId}`)).status).toBe(409)
  expect((await client.delete(`/users/${task.userId}?permanent=true`)).status).toBe(409)
  expect(await trashOf(tenant)).toEqual([])
})

test('a member restores', async () => {
  const caller = callerOf()
  const { id } = await createUser(caller.client)
  await caller.send('DELETE', `/users/${id}`)
  const asMember = (roles: string) => caller.send('POST', `/users/${id}/restore`, { headers: { 'X-Roles': roles } })
  expect([(await asMember('viewer')).status, (await asMember('member')).status]).toEqual([403, 200])
})
