import { expect, test } from 'bun:test'
import { callerOf, newKey, newUser } from '../../idempotency/caller.ts'
import { newTenant } from '../../tenants.ts'
import type { Task } from './app.ts'

type Undone = { requestId: string; changes: { resource: string; id: string; action: string }[] }

const idOf = ({ headers }: { headers: Headers }) => headers.get('X-Request-Id') ?? ''

/** A tenant with a user and a task, and what undoes a request. */
async function newCaller() {
  const caller = callerOf()
  const user = await caller.send('POST', '/users', { body: newUser() })
  const task = await caller.send<Task>('POST', '/tasks', { body: { title: 'Write', userId: user.data.id } })
  const undo = (requestId: string, options: Parameters<typeof caller.send>[2] = {}, query = '') =>
    caller.send<Undone>('POST', `/undo/${requestId}${query}`, options)
  return { ...caller, user, task, path: `/tasks/${task.data.id}`, undo }
}

test("undoing another tenant's request is 404 as for an unknown one, and changes nothing", async () => {
  const own = await newCaller()
  const other = callerOf()
  const answers = [await other.send('POST', `/undo/${idOf(own.task)}`), await other.send('POST', '/undo/unknown')]
  expect(answers.map(({ status, error }) => [status, error])).toEqual(
    Array(2).fill([404, { code: 'NOT_FOUND', message: 'No request with this id changed anything' }]),
  )
  expect((await own.client.get(own.path)).status).toBe(200)
})

test('undo takes back what a request created, changed or deleted', async () => {
  const { undo, send, client, task, path } = await newCaller()
  const changed = await send('PATCH', path, { body: { status: 'done', title: 'Send' } })
  const one = { resource: 'tasks', id: task.data.id }
  const undone = await undo(idOf(changed))
  expect([undone.status, undone.data]).toEqual([
    200,
    { requestId: idOf(changed), changes: [{ ...one, action: 'updated' }] },
  ])
  const { data } = await client.get<Task>(path)
  expect(data).toEqual({ ...task.data, updatedAt: data.updatedAt })
  expect(data.updatedAt > task.data.updatedAt).toBe(true)
  const deleted = await send('DELETE', path)
  expect((await undo(idOf(deleted))).data.changes).toEqual([{ ...one, action: 'restored' }])
  expect((await client.get(path)).data).toEqual(data)
})

test('a conditional request sees that an undo changed the row', async () => {
  const { undo, send, client, path } = await newCaller()
  const changed = await send('PATCH', path, { body: { status: 'done' } })
  const tag = changed.headers.get('ETag') ?? ''
  expect((await client.get(path, { 'If-None-Match': tag })).status).toBe(304)
  await undo(idOf(changed))
  expect((await client.get(path, { 'If-None-Match': tag })).status).toBe(200)
  expect((await send('PATCH', path, { body: { status: 'todo' }, headers: { 'If-Match': tag } })).status).toBe(412)
})

test('an undo that something stands in the way of is 409 and names it', async () => {
  const { undo, send, task, user, path } = await newCaller()
  await send('PATCH', path, { body: { status: 'done' } })
  const later = await undo(idOf(task))
  expect([later.status, later.error]).toEqual([
    409,
    {
      code: 'CONFLICT',
      message: 'Something stands in the way of the undo',
      details: [{ path: path.slice(1), code: 'changed_later', message: 'Another request changed the row later' }],
    },
  ])
  const referred = await undo(idOf(user))
  expect(referred.error?.details).toMatchObject([{ path: `users/${user.data.id}`, code: 'reference' }])
  const email = await send('PATCH', `/users/${user.data.id}`, { body: { email: newUser().email } })
  expect((await undo(idOf(email))).error?.details).toMatchObject([{ code: 'redacted' }])
})

test('a request id of several transactions needs ?all=true', async () => {
  const { undo, send, client } = await newCaller()
  const headers = { 'X-Request-Id': crypto.randomUUID() }
  for (let count = 0; count < 2; count += 1) await send('POST', '/users', { body: newUser(), headers })
  const refused = await undo(headers['X-Request-Id'])
  expect([refused.status, refused.error?.details]).toEqual([
    409,
    [{ path: 'all', in: 'query', code: 'several_transactions', message: expect.stringContaining('?all=true') }],
  ])
  expect((await undo(headers['X-Request-Id'], {}, '?all=false')).status).toBe(409)
  const undone = await undo(headers['X-Request-Id'], {}, '?all=true')
  expect(undone.data.changes.map(({ action }) => action)).toEqual(['deleted', 'deleted'])
  expect((await client.get<unknown[]>('/users')).data).toHaveLength(1)
})

test('the same undo under its key is done once and answered alike', async () => {
  const { undo, task, client, path } = await newCaller()
  const key = newKey()
  const [first, second] = [await undo(idOf(task), { key }), await undo(idOf(task), { key })]
  expect([first.status, second.status, second.data]).toEqual([200, 200, first.data])
  expect(second.headers.get('Idempotency-Replayed')).toBe('true')
  expect((await undo(idOf(task))).status).toBe(409)
  expect((await client.get(path)).status).toBe(404)
})

test('only an owner undoes a request', async () => {
  const { undo, task, client, path } = await newCaller()
  const refused = await undo(idOf(task), { headers: { 'X-Roles': 'member' } })
  expect([refused.status, refused.error?.message]).toEqual([403, 'You need the permission requests:undo'])
  expect((await client.get(path)).status).toBe(200)
})

test.each([
  ['/undo/a%20b', 'requestId'],
  [`/undo/${'a'.repeat(129)}`, 'requestId'],
  ['/undo/a?all=yes', 'all'],
  ['/undo/a?every=true', 'every'],
])('POST %s is 400 and names the field', async (path, field) => {
  const { status, error } = await callerOf(newTenant()).send('POST', path)
  expect([status, error?.code, error?.details?.[0]?.path]).toEqual([400, 'VALIDATION_FAILED', field])
})
