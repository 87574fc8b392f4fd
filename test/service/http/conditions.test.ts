import { describe, expect, test } from 'bun:test'
import { users } from '../../../db/schema/users.ts'
import type { TestClient, TestResponse } from '../../../src/testing/index.ts'
import { db } from '../../database.ts'
import { newTenant, withTenant } from '../../tenants.ts'
import { as, build, createTask, createUser } from './app.ts'
import { nameAfter } from './lost-updates.ts'
import { anyId } from './refusals.ts'

interface Resource {
  updatedAt: string
}
const kinds = [
  {
    kind: 'task',
    create: async (client: TestClient) => `/tasks/${(await createTask(client)).id}`,
    change: { title: 'Send the report' },
  },
  {
    kind: 'user',
    create: async (client: TestClient) => `/users/${(await createUser(client)).id}`,
    change: { name: 'Grace' },
  },
]

const etagOf = ({ headers }: TestResponse) => headers.get('ETag') ?? 'none'
const shown = ({ status, headers }: TestResponse) => [status, headers.get('ETag'), headers.get('Cache-Control')]
const jsonType = { 'Content-Type': 'application/json' }

/** Sends a request with headers: a change has a body. */
const sendWith = (client: TestClient, method: string, path: string, headers: Record<string, string>, body?: object) =>
  client.send<Resource>(
    method,
    path,
    body ? { headers: { ...headers, ...jsonType }, body: JSON.stringify(body) } : { headers },
  )

/** A response without what differs from one request to the next. */
function traits({ status, headers, body }: TestResponse) {
  const { requestId: _, timestamp: __, path: ___, ...rest } = body as Record<string, unknown> // the envelope
  return { status, headers: [...headers].filter(([name]) => name !== 'x-request-id'), rest }
}

describe.each(kinds)('a $kind', ({ create, change }) => {
  /** The path of a new row, its tag, and the client of its tenant. */
  async function newRow() {
    const client = as(newTenant())
    const path = await create(client)
    return { client, path, etag: etagOf(await client.get(path)) }
  }

  test('has an ETag, and the same one until it changes', async () => {
    const { client, path, etag } = await newRow()
    expect(etag).toMatch(/^"[\w-]+"$/)
    const noCache = 'private, no-cache'
    expect(shown(await client.get(path))).toEqual([200, etag, noCache])
    expect(shown(await client.send('HEAD', path))).toEqual([200, etag, noCache])
    const changed = await client.patch(path, change)
    expect(shown(changed)).toEqual([200, expect.not.stringContaining(etag), noCache])
    expect(etagOf(await client.get(path))).toBe(etagOf(changed))
  })

  test('has another ETag after a PATCH with equal values', async () => {
    const { client, path } = await newRow()
    const [first, second] = [await client.patch(path, change), await client.patch(path, change)]
    expect(etagOf(first)).not.toBe(etagOf(second))
  })

  test('is not sent again to a client that has its version', async () => {
    const { client, path, etag } = await newRow()
    for (const method of ['GET', 'HEAD'])
      for (const known of [etag, `W/${etag}`, `"other", ${etag}`, `"a,b" ,,\t${etag},`, '*', ' * ']) {
        const response = await sendWith(client, method, path, { 'If-None-Match': known })
        expect([known, ...shown(response), response.body]).toEqual([known, 304, etag, 'private, no-cache', undefined])
        const { headers } = response
        expect([headers.get('Vary'), headers.has('X-Request-Id')]).toEqual(['X-Tenant-Id', true])
        expect([headers.get('Content-Type'), headers.get('Content-Length')]).toEqual([null, null])
      }
  })

  test('is sent to a client that has another version', async () => {
    const { client, path, etag } = await newRow()
    await client.patch(path, change)
    for (const known of [etag, `W/${etag}`, '"other"', 'W/"other", "another"', '', '""'])
      expect((await sendWith(client, 'GET', path, { 'If-None-Match': known })).status).toBe(200)
  })

  test('changes when If-Match has its version, and says 412 after that', async () => {
    const { client, path, etag } = await newRow()
    const first = await sendWith(client, 'PATCH', path, { 'If-Match': `"other", ${etag}` }, change)
    expect([first.status, first.data]).toEqual([200, expect.objectContaining(change)])
    const second = await sendWith(client, 'PATCH', path, { 'If-Match': etag }, change)
    expect([second.status, second.error?.code]).toEqual([412, 'PRECONDITION_FAILED'])
    expect(shown(second)).toEqual([412, null, 'private, no-store'])
    expect(shown(await client.get(path))).toEqual(shown(first))
  })

  test('is deleted when If-Match has its version, and stays otherwise', async () => {
    const { client, path, etag } = await newRow()
    const { headers } = await client.patch(path, change)
    expect((await sendWith(client, 'DELETE', path, { 'If-Match': etag })).status).toBe(412)
    expect((await client.get(path)).status).toBe(200)
    expect((await sendWith(client, 'DELETE', path, { 'If-Match': headers.get('ETag') ?? '' })).status).toBe(204)
    expect((await client.get(path)).status).toBe(404)
  })

  test('is not written for a weak tag, an unknown one, or none at all in If-Match', async () => {
    const { client, path, etag } = await newRow()
    const inner = etag.slice(1, -1)
    const version = inner.slice(inner.lastIndexOf('-') + 1)
    const others = [
      `W/${etag}`,
      '"other"',
      '""',
      '',
      `"${inner}0"`,
      `"0${inner}"`,
      `"${version}"`,
      `"2${inner.slice(1)}"`,
    ]
    const forged = ['zzzzzzzzzzz', 'NaN', '-zzzzzzzz', '', '0x1', `${version}.5`, `0${version}`, version.toUpperCase()]
    const tags = [...others, ...forged.map((text) => `"${inner.slice(0, -version.length)}${text}"`)]
    for (const tag of tags) {
      const statuses = [
        (await sendWith(client, 'PATCH', path, { 'If-Match': tag }, change)).status,
        (await sendWith(client, 'DELETE', path, { 'If-Match': tag })).status,
      ]
      expect([tag, ...statuses]).toEqual([tag, 412, 412])
    }
    expect(etagOf(await client.get(path))).toBe(etag)
  })

  test('is written for If-Match: *', async () => {
    const { client, path } = await newRow()
    expect((await sendWith(client, 'PATCH', path, { 'If-Match': '*' }, change)).status).toBe(200)
    expect((await sendWith(client, 'DELETE', path, { 'If-Match': '*' })).status).toBe(204)
  })

  test('is written unless If-None-Match has its version', async () => {
    const { client, path, etag } = await newRow()
    for (const excluded of [etag, `W/${etag}`, `"other", ${etag}`, '*'])
      for (const [method, body] of [['PATCH', change], ['DELETE']] as const) {
        const none = await sendWith(client, method, path, { 'If-None-Match': excluded }, body)
        const both = await sendWith(client, method, path, { 'If-None-Match': excluded, 'If-Match': etag }, body)
        const any = await sendWith(client, method, path, { 'If-None-Match': excluded, 'If-Match': '*' }, body)
        expect([none.status, both.status, any.status]).toEqual([412, 412, 412])
      }
    const both = { 'If-None-Match': '"other"', 'If-Match': etag }
    expect((await sendWith(client, 'PATCH', path, both, change)).status).toBe(200)
    expect((await sendWith(client, 'DELETE', path, { 'If-None-Match': etag })).status).toBe(204)
  })

  test('of another tenant is answered as one that does not exist, whatever the condition', async () => {
    const { path, etag } = await newRow()
    const other = as(newTenant())
    const unknown = path.replace(/[^/]+$/, anyId)
    for (const header of ['If-Match', 'If-None-Match'])
      for (const value of [etag, '*', '"other"', `W/${etag}`, ''])
        for (const [method, body] of [['GET'], ['PATCH', change], ['DELETE']] as const) {
          const plain = await sendWith(other, method, unknown, {}, body)
          const absent = await sendWith(other, method, unknown, { [header]: value }, body)
          const foreign = await sendWith(other, method, path, { [header]: value }, body)
          expect(absent.status).toBe(404)
          expect([traits(absent), traits(foreign)]).toEqual([traits(plain), traits(plain)])
        }
  })

  test.each(['If-Match', 'If-None-Match'])('is not written with a malformed %s, which is named', async (name) => {
    const { client, path, etag } = await newRow()
    const malformed = [
      'etag',
      '"',
      '"a" "b"',
      '"a"b',
      "'a'",
      'w/"a"',
      'W/',
      'W/ "a"',
      'W/*',
      '**',
      '*, "a"',
      '"a", *',
      '"a b"',
      '"a";',
    ]
    for (const value of malformed)
      for (const [method, body] of [['PATCH', change], ['DELETE']] as const) {
        const { status, error } = await sendWith(client, method, path, { [name]: value }, body)
        const details = [{ path: name, in: 'header' as const, code: 'invalid_format', message: expect.any(String) }]
        expect([value, status, error]).toEqual([
          value,
          400,
          { code: 'BAD_REQUEST', message: expect.any(String), details },
        ])
      }
    expect(etagOf(await client.get(path))).toBe(etag)
  })

  test('is not read with a malformed If-None-Match', async () => {
    const { client, path } = await newRow()
    const response = await sendWith(client, 'GET', path, { 'If-None-Match': 'etag' })
    expect([...shown(response), response.error?.code]).toEqual([400, null, 'private, no-store', 'BAD_REQUEST'])
  })

  test('takes up to 50 tags and 8192 characters', async () => {
    const { client, path, etag } = await newRow()
    const tags = (count: number) => [...Array.from({ length: count - 1 }, (_, index) => `"${index}"`), etag].join(',')
    const read = async (value: string) => {
      const { status, error } = await sendWith(client, 'GET', path, { 'If-None-Match': value })
      return [status, error?.details?.[0]?.code]
    }
    expect(await read(tags(50))).toEqual([304, undefined])
    expect(await read(tags(51))).toEqual([400, 'too_big'])
    expect(await read(`"${'x'.repeat(8190)}"`)).toEqual([200, undefined])
    expect(await read(`"${'x'.repeat(8191)}"`)).toEqual([400, 'too_big'])
  })
})

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
