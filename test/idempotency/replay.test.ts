import { describe, expect, test } from 'bun:test'
import { owner } from '../database/shared-database.ts'
import { newTenant } from '../tenants.ts'
import { callerOf, newKey, newUser } from './caller.ts'

describe('the same request under its key', () => {
  test('is done once and answered alike', async () => {
    const caller = callerOf()
    const request = { key: newKey(), body: newUser() }
    const first = await caller.send('POST', '/users', request)
    const second = await caller.send('POST', '/users', request)
    expect([first.status, second.status]).toEqual([201, 201])
    expect(JSON.stringify(second.data)).toBe(JSON.stringify(first.data))
    expect(second.headers.get('Location')).toBe(`/users/${first.data.id}`)
    expect(second.headers.get('Location')).toBe(first.headers.get('Location'))
    expect(await caller.users()).toBe(1)
  })

  test('says that it is replayed, with a request id of its own in header and body', async () => {
    const caller = callerOf()
    const request = { key: newKey(), body: newUser() }
    const first = await caller.send('POST', '/users', request)
    const second = await caller.send('POST', '/users', { ...request, headers: { 'X-Request-Id': 'second' } })
    expect(first.headers.has('Idempotency-Replayed')).toBe(false)
    expect(second.headers.get('Idempotency-Replayed')).toBe('true')
    expect(second.headers.get('X-Request-Id')).toBe('second')
    expect(second.body).toMatchObject({ requestId: 'second' })
  })

  test('changes a row once: the answer is that of the first time', async () => {
    const caller = callerOf()
    const { data } = await caller.send('POST', '/users', { body: newUser() })
    const request = { key: newKey(), body: { name: 'Grace' } }
    const first = await caller.send<{ updatedAt: string }>('PATCH', `/users/${data.id}`, request)
    await caller.send('PATCH', `/users/${data.id}`, { body: { name: 'Edith' } })
    const second = await caller.send<{ updatedAt: string }>('PATCH', `/users/${data.id}`, request)
    expect(second.data).toEqual(first.data)
    expect((await caller.client.get<{ name: string }>(`/users/${data.id}`)).data.name).toBe('Edith')
  })

  test('deletes a row once: the second answer is 204 too', async () => {
    const caller = callerOf()
    const { data } = await caller.send('POST', '/users', { body: newUser() })
    const key = newKey()
    const path = `/users/${data.id}`
    expect((await caller.send('DELETE', path, { key })).status).toBe(204)
    const second = await caller.send('DELETE', path, { key })
    expect(second).toMatchObject({ status: 204, body: undefined })
    expect(second.headers.get('Idempotency-Replayed')).toBe('true')
    expect((await caller.send('DELETE', path)).status).toBe(404)
  })

  test('is done again 24 hours later', async () => {
    const caller = callerOf()
    const request = { key: newKey(), body: newUser() }
    const { data } = await caller.send('POST', '/users', request)
    const [stored] = await owner`
      select extract(epoch from expires_at - now())::int as seconds from tenancy.idempotency_keys where tenant_id = ${caller.tenant}`
    expect(stored?.seconds).toBeWithin(86_390, 86_401)
    await owner`update tenancy.idempotency_keys set expires_at = now() where tenant_id = ${caller.tenant}`
    await caller.send('DELETE', `/users/${data.id}`)
    const again = await caller.send('POST', '/users', request)
    expect(again.status).toBe(201)
    expect(again.data.id).not.toBe(data.id)
    expect((await caller.send('POST', '/users', request)).data).toEqual(again.data)
  })

  test('is refused a caller who may not do it any more', async () => {
    const caller = callerOf()
    const request = { key: newKey(), body: newUser() }
    await caller.send('POST', '/users', request)
    expect((await caller.send('POST', '/users', { ...request, headers: { 'X-Roles': 'viewer' } })).status).toBe(403)
  })
})

describe('the body is the same', () => {
  const { email, name } = newUser()
  test.each([
    ['with its keys in another order', `{"name":"${name}","email":"${email}"}`],
    ['with white space', ` {\n"email" : "${email}",\t"name":"${name}" } `],
    ['with escapes', `{"email":"${email}","name":"\\u0041da"}`],
  ])('%s', async (_, body) => {
    const caller = callerOf()
    const key = newKey()
    await caller.send('POST', '/users', { key, body: { email, name } })
    expect((await caller.send('POST', '/users', { key, body })).headers.get('Idempotency-Replayed')).toBe('true')
  })
})

describe('another request under the key is 422 IDEMPOTENCY_KEY_REUSED, and nothing is done:', () => {
  const user = newUser()
  test.each([
    ['another value', '/users', { ...user, name: 'Grace' }],
    ['another query', '/users?a=1', user],
  ])('%s', async (_, path, body) => {
    const caller = callerOf()
    const key = newKey()
    await caller.send('POST', '/users', { key, body: user })
    const { status, error } = await caller.send('POST', path, { key, body })
    expect({ status, code: error?.code }).toEqual({ status: 422, code: 'IDEMPOTENCY_KEY_REUSED' })
    expect(await caller.users()).toBe(1)
  })

  test('a body where there was none', async () => {
    const caller = callerOf()
    const { data } = await caller.send('POST', '/users', { body: newUser() })
    const key = newKey()
    await caller.send('DELETE', `/users/${data.id}`, { key })
    expect((await caller.send('DELETE', `/users/${data.id}`, { key, body: {} })).status).toBe(422)
  })

  test('the parameters of the query in another order are the same query', async () => {
    const caller = callerOf()
    const request = { key: newKey(), body: newUser() }
    await caller.send('POST', '/users?a=1&b=2', request)
    expect((await caller.send('POST', '/users?b=2&a=1', request)).headers.get('Idempotency-Replayed')).toBe('true')
  })
})

describe('one key stands for different requests of', () => {
  test('two tenants', async () => {
    const [one, other] = [callerOf(), callerOf()]
    const request = { key: newKey(), body: newUser() }
    const first = await one.send('POST', '/users', request)
    const second = await other.send('POST', '/users', { ...request, body: newUser() })
    expect(second.status).toBe(201)
    expect(second.data.id).not.toBe(first.data.id)
    expect([await one.users(), await other.users()]).toEqual([1, 1])
  })

  test('two actors', async () => {
    const caller = callerOf()
    const key = newKey()
    await caller.send('POST', '/users', { key, body: newUser() })
    const second = await caller.send('POST', '/users', { key, body: newUser(), headers: { 'X-Actor': 'grace' } })
    expect(second.status).toBe(201)
    expect(await caller.users()).toBe(2)
  })

  test('two paths', async () => {
    const caller = callerOf()
    const ids = [newUser(), newUser()].map(async (body) => (await caller.send('POST', '/users', { body })).data.id)
    const key = newKey()
    for (const id of await Promise.all(ids))
      expect((await caller.send('PATCH', `/users/${id}`, { key, body: { name: id } })).status).toBe(200)
  })

  test('two methods', async () => {
    const caller = callerOf()
    const { data } = await caller.send('POST', '/users', { body: newUser() })
    const key = newKey()
    expect((await caller.send('PATCH', `/users/${data.id}`, { key, body: { name: 'Grace' } })).status).toBe(200)
    expect((await caller.send('DELETE', `/users/${data.id}`, { key })).status).toBe(204)
  })
})

describe('a failure is not stored:', () => {
  test('a reference to nobody, then the request that creates it', async () => {
    const caller = callerOf(newTenant())
    const key = newKey()
    const body = { title: 'Write the report', userId: crypto.randomUUID() }
    expect((await caller.send('POST', '/tasks', { key, body })).status).toBe(422)
    await owner`insert into users (tenant_id, id, email, name) values (${caller.tenant}, ${body.userId}, 'a@b.example', 'Ada')`
    expect((await caller.send('POST', '/tasks', { key, body })).status).toBe(201)
  })

  test('a row that is not there', async () => {
    const caller = callerOf(newTenant())
    const request = { key: newKey(), body: { name: 'Grace' } }
    const id = crypto.randomUUID()
    expect((await caller.send('PATCH', `/users/${id}`, request)).status).toBe(404)
    await owner`insert into users (tenant_id, id, email, name) values (${caller.tenant}, ${id}, 'a@b.example', 'Ada')`
    expect((await caller.send('PATCH', `/users/${id}`, request)).status).toBe(200)
  })

  test('a conflict', async () => {
    const caller = callerOf()
    const body = newUser()
    const { data } = await caller.send('POST', '/users', { body })
    const key = newKey()
    expect((await caller.send('POST', '/users', { key, body })).status).toBe(409)
    await caller.send('DELETE', `/users/${data.id}`)
    expect((await caller.send('POST', '/users', { key, body })).status).toBe(201)
  })
})

test('a replay has the ETag of the first answer, and the change that it names is not made twice', async () => {
  const caller = callerOf()
  const { data, headers } = await caller.send('POST', '/users', { body: newUser() })
  const request = { key: newKey(), body: { name: 'Grace' }, headers: { 'If-Match': headers.get('ETag') ?? '' } }
  const first = await caller.send('PATCH', `/users/${data.id}`, request)
  const second = await caller.send('PATCH', `/users/${data.id}`, request)
  expect([first.status, second.status]).toEqual([200, 200])
  expect(second.headers.get('ETag')).toBe(first.headers.get('ETag'))
  expect(second.headers.get('Cache-Control')).toBe('private, no-cache')
})

test('a precondition that fails stores nothing under the key', async () => {
  const caller = callerOf()
  const { data, headers } = await caller.send('POST', '/users', { body: newUser() })
  const key = newKey()
  const path = `/users/${data.id}`
  const body = { name: 'Grace' }
  expect((await caller.send('PATCH', path, { key, body, headers: { 'If-Match': '"other"' } })).status).toBe(412)
  const etag = headers.get('ETag') ?? ''
  expect((await caller.send('PATCH', path, { key, body, headers: { 'If-Match': etag } })).status).toBe(200)
})
