import { describe, expect, test } from 'bun:test'
import { brotliDecompressSync, gunzipSync } from 'node:zlib'
import { Hono } from 'hono'
import { staticFile } from '../../src/openapi/index.ts'

const content = 'body { margin: 0 } '.repeat(500)
const file = { type: 'text/css; charset=utf-8', cacheControl: 'public, max-age=60', load: async () => content }
const app = new Hono().get('/', staticFile(file))
const get = async (headers: Record<string, string> = {}, method = 'GET') => await app.request('/', { method, headers })
const tagOf = async (encoding: string) => (await get({ 'Accept-Encoding': encoding })).headers.get('ETag') ?? ''

describe('a static file', () => {
  test('has its type, its caching rule, and depends on Accept-Encoding', async () => {
    const { status, headers } = await get()
    expect([status, headers.get('Content-Type'), headers.get('Cache-Control'), headers.get('Vary')]).toEqual([
      200,
      file.type,
      file.cacheControl,
      'Accept-Encoding',
    ])
  })

  test('is revalidated at each use without a caching rule', async () => {
    const { type, load } = file
    const response = await new Hono().get('/', staticFile({ type, load })).request('/')
    expect(response.headers.get('Cache-Control')).toBe('no-cache')
  })

  test('may be text or bytes', async () => {
    const bytes = new TextEncoder().encode('naïve 🏡')
    for (const given of ['naïve 🏡', bytes, Buffer.from(bytes)]) {
      const response = await new Hono().get('/', staticFile({ ...file, load: async () => given })).request('/')
      expect(await response.text()).toBe('naïve 🏡')
    }
  })

  test.each([
    ['br', brotliDecompressSync],
    ['gzip', gunzipSync],
  ] as const)('is sent in %s to a client that accepts it', async (encoding, decode) => {
    const response = await get({ 'Accept-Encoding': encoding })
    const bytes = await response.bytes()
    expect(response.headers.get('Content-Encoding')).toBe(encoding)
    expect(bytes.length).toBeLessThan(content.length / 10)
    expect(decode(bytes).toString()).toBe(content)
  })

  test.each([
    [undefined, null],
    ['', null],
    ['gzip, deflate, br, zstd', 'br'],
    ['gzip, deflate', 'gzip'],
    ['GZIP', 'gzip'],
    ['deflate', null],
    ['br;q=0.5, gzip', 'gzip'],
    ['br;q=0, gzip;q=0.001', 'gzip'],
    ['gzip;q=0', null],
    ['gzip;q=0.0, br;q=0.000', null],
    ['*', 'br'],
    ['*;q=0.1', 'br'],
    ['br;q=0, *', 'gzip'],
    ['*;q=0', null],
    ['gzip, *;q=0', 'gzip'],
    ['identity', null],
    ['gzip;q=0.5, identity', null],
    ['identity;q=0.5, gzip', 'gzip'],
    ['identity;q=0', null],
  ])('for Accept-Encoding %p has the encoding %p (RFC 9110, section 12.5.3)', async (accepted, encoding) => {
    const response = await get(accepted === undefined ? {} : { 'Accept-Encoding': accepted })
    expect([response.status, response.headers.get('Content-Encoding')]).toEqual([200, encoding])
  })

  test('has another strong ETag in each encoding, and the same one each time (RFC 9110, section 8.8.3)', async () => {
    const encodings = ['identity', 'br', 'gzip']
    const tags = await Promise.all(encodings.map(tagOf))
    for (const tag of tags) expect(tag).toMatch(/^"[\w-]{10,60}"$/)
    expect(new Set(tags).size).toBe(3)
    expect(await Promise.all(encodings.map(tagOf))).toEqual(tags)
  })

  test('has another ETag when its content differs', async () => {
    const other = new Hono().get('/', staticFile({ ...file, load: async () => `${content}.` }))
    expect((await other.request('/')).headers.get('ETag')).not.toBe(await tagOf('identity'))
  })

  const conditions: [string, (tag: string) => string][] = [
    ['its ETag', (tag) => tag],
    ['its ETag marked as weak', (tag) => `W/${tag}`],
    ['its ETag in a list', (tag) => `"other", ${tag},W/"third"`],
    ['*', () => '*'],
  ]
  test.each(conditions)('is not sent again for If-None-Match with %s', async (_, condition) => {
    for (const encoding of ['identity', 'br'])
      for (const method of ['GET', 'HEAD']) {
        const tag = await tagOf(encoding)
        const again = await get({ 'Accept-Encoding': encoding, 'If-None-Match': condition(tag) }, method)
        expect([again.status, await again.text()]).toEqual([304, ''])
        expect(again.headers.toJSON()).toEqual({
          'cache-control': file.cacheControl,
          etag: tag,
          vary: 'Accept-Encoding',
        })
      }
  })

  test.each(['"other"', 'W/"other"', '', 'nonsense', '"'])('is sent for If-None-Match with %p', async (condition) => {
    expect((await get({ 'If-None-Match': condition })).status).toBe(200)
  })

  test('is sent for the ETag of another encoding', async () => {
    const response = await get({ 'Accept-Encoding': 'br', 'If-None-Match': await tagOf('gzip') })
    expect([response.status, response.headers.get('Content-Encoding')]).toEqual([200, 'br'])
  })

  test.each(['identity', 'br', 'gzip'])('in %s has on HEAD the headers of GET and no body', async (encoding) => {
    await using server = Bun.serve({ port: 0, hostname: '127.0.0.1', fetch: app.fetch })
    const ask = async (method: string) => {
      const response = await fetch(server.url, { method, headers: { 'Accept-Encoding': encoding }, decompress: false })
      const { date: _, ...headers } = Object.fromEntries(response.headers)
      return { headers, length: (await response.bytes()).length }
    }
    const [head, whole] = [await ask('HEAD'), await ask('GET')]
    expect(whole.headers['content-length']).toBe(String(whole.length))
    expect(head).toEqual({ headers: whole.headers, length: 0 })
  })

  test('is loaded once for concurrent first requests in every encoding', async () => {
    let loads = 0
    const load = async () => {
      loads++
      return content
    }
    const counted = new Hono().get('/', staticFile({ ...file, load }))
    const ask = (encoding: string) => counted.request('/', { headers: { 'Accept-Encoding': encoding } })
    await Promise.all(['br', 'gzip', 'identity', 'br', 'gzip', 'identity'].map(ask))
    expect(loads).toBe(1)
  })

  test('is loaded again after a failure, and each request of the failure fails', async () => {
    const outcomes = [Promise.reject(new Error('disk')), Promise.resolve(content)]
    const failing = new Hono().get(
      '/',
      staticFile({ ...file, load: () => outcomes.shift() ?? Promise.reject(new Error('loaded too often')) }),
    )
    failing.onError((_error, c) => c.text('', 500))
    const ask = async () => (await failing.request('/', { headers: { 'Accept-Encoding': 'br' } })).status
    expect(await Promise.all([ask(), ask()])).toEqual([500, 500])
    expect([await ask(), await ask()]).toEqual([200, 200])
  })
})
