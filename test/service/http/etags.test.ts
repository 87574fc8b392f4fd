import { expect, test } from 'bun:test'
import { SignJWT } from 'jose'
import { users } from '../../../db/schema/users.ts'
import { jwt } from '../../../src/auth/index.ts'
import { header } from '../../../src/resolution/index.ts'
import { db } from '../../database.ts'
import { newTenant, tenantIds, withTenant } from '../../tenants.ts'
import { as, build, createTask } from './app.ts'
import { etagOf, sendWith, shown } from './conditions.ts'
import { nameAfter } from './lost-updates.ts'
import { anyId } from './refusals.ts'

test('a created task and a created user have an ETag beside their Location', async () => {
  const client = as(newTenant())
  const user = await client.post<{ id: string }>('/users', { email: 'ada@acme.example', name: 'Ada' })
  const task = await client.post<{ id: string }>('/tasks', { title: 'Write the report', userId: user.data.id })
  for (const created of [user, task]) {
    const location = created.headers.get('Location') ?? ''
    expect(shown(created)).toEqual([201, etagOf(await client.get(location)), 'private, no-cache'])
  }
})

test('a POST ignores conditions, also malformed ones', async () => {
  const client = as(newTenant())
  const body = { email: 'ada@acme.example', name: 'Ada' }
  const conditions = { 'If-Match': '"other"', 'If-None-Match': 'malformed' }
  expect((await sendWith(client, 'POST', '/users', conditions, body)).status).toBe(201)
})

test('a row with the id and the times of another tenant has a tag of its own', async () => {
  const [id, updatedAt] = [crypto.randomUUID(), new Date()]
  const [a, b] = [newTenant(), newTenant()]
  const values = { id, updatedAt, email: 'ada@acme.example', name: 'Ada' }
  for (const tenant of [a, b]) await withTenant(tenant, () => db.write((tx) => tx.insert(users).values(values)))
  const theirs = etagOf(await as(a).get(`/users/${id}`))
  for (const known of [theirs, `W/${theirs}`]) {
    const { status, headers } = await sendWith(as(b), 'GET', `/users/${id}`, { 'If-None-Match': known })
    expect([status, headers.get('Vary')]).toEqual([200, 'X-Tenant-Id'])
  }
  expect((await sendWith(as(b), 'DELETE', `/users/${id}`, { 'If-Match': theirs })).status).toBe(412)
  expect((await sendWith(as(b), 'DELETE', `/users/${id}`, { 'If-None-Match': theirs })).status).toBe(204)
  expect((await sendWith(as(a), 'DELETE', `/users/${id}`, { 'If-Match': theirs })).status).toBe(204)
})

test('304 to a caller with a token names the header of the token in Vary', async () => {
  const id = newTenant()
  const path = `/tasks/${(await createTask(as(id))).id}`
  const key = { secret: 'x'.repeat(32) }
  const auth = jwt({ key, issuer: 'https://issuer.example', audience: 'api' })
  const client = build({ tenant: { from: header('X-Tenant-Id'), auth, ...tenantIds } }).as(id)
  const token = await new SignJWT({ tenant_id: id, iss: 'https://issuer.example', aud: 'api', sub: 'ada', exp: 1e10 })
    .setProtectedHeader({ alg: 'HS256' })
    .sign(new TextEncoder().encode(key.secret))
  const { status, headers } = await sendWith(client, 'GET', path, {
    Authorization: `Bearer ${token}`,
    'If-None-Match': etagOf(await as(id).get(path)),
  })
  expect([status, headers.get('Vary')]).toEqual([304, 'X-Tenant-Id, Authorization'])
})

test('a list and a failure have no ETag, and are not kept', async () => {
  const client = as(newTenant())
  await createTask(client)
  for (const path of ['/tasks', '/users', `/tasks/${anyId}`])
    expect(shown(await client.get(path)).slice(1)).toEqual([null, 'private, no-store'])
})

test('40 changes at once and 40 in a row have 81 tags with the first one', async () => {
  const client = as(newTenant())
  const path = `/tasks/${(await createTask(client)).id}`
  const tags = [etagOf(await client.get(path))]
  const change = async () => void tags.push(etagOf(await client.patch(path, { title: 'Write the report' })))
  await Promise.all(Array.from({ length: 40 }, change))
  for (let count = 0; count < 40; count += 1) await change()
  expect(new Set(tags).size).toBe(81)
})

test('a delete of a user with tasks is 412 for another version, and a conflict for the last one', async () => {
  const client = as(newTenant())
  const { userId } = await createTask(client)
  const etag = etagOf(await client.get(`/users/${userId}`))
  const statuses = ['"other"', etag].map(
    async (tag) => (await sendWith(client, 'DELETE', `/users/${userId}`, { 'If-Match': tag })).status,
  )
  expect(await Promise.all(statuses)).toEqual([412, 409])
})

test('304 and 412 have the headers of CORS, and 412 the form that the client accepts', async () => {
  const origin = 'https://app.example.com'
  const client = build({ corsOrigins: [origin], problems: true }).as(newTenant())
  const path = `/tasks/${(await createTask(client)).id}`
  const etag = etagOf(await client.get(path))
  const unchanged = await sendWith(client, 'GET', path, { Origin: origin, 'If-None-Match': etag })
  expect([unchanged.status, unchanged.headers.get('Access-Control-Allow-Origin')]).toEqual([304, origin])
  expect(unchanged.headers.get('Access-Control-Expose-Headers')?.split(', ')).toContain('ETag')
  expect(unchanged.headers.get('Vary')?.split(', ').toSorted()).toEqual(['Origin', 'X-Tenant-Id'])
  const headers = { Origin: origin, 'If-Match': '"other"', Accept: 'application/problem+json' }
  const refused = await sendWith(client, 'DELETE', path, headers)
  expect([refused.status, refused.headers.get('Content-Type')]).toEqual([412, 'application/problem+json'])
  expect(refused.headers.get('Access-Control-Allow-Origin')).toBe(origin)
})

test('clients that read, change and write with If-Match at the same time lose no change', async () => {
  expect(await nameAfter(8)).toBe('8')
})
