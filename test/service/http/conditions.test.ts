import { describe, expect, test } from 'bun:test'
import type { TestClient, TestResponse } from '../../../src/testing/index.ts'
import { newTenant } from '../../tenants.ts'
import { as, createTask, createUser } from './app.ts'
import { etagOf, sendWith, shown } from './conditions.ts'
import { anyId } from './refusals.ts'

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
