import { expect, test } from 'bun:test'
import { Hono } from 'hono'
import { pagination, toPage } from '../../src/envelope/index.ts'
import { behindProxies } from '../../src/http/index.ts'

const at = (page: number, limit: number, total: number) =>
  pagination(
    `http://x.example/things?page=${page}&limit=${limit}`,
    { page, limit },
    { total, hasNext: page * limit < total },
  )

test('an extra row means a next page, and is not on this page', () => {
  expect(toPage([1, 2, 3], 2, 3)).toEqual({ rows: [1, 2], total: 3, hasNext: true })
  expect(toPage([1, 2], 2, 2)).toEqual({ rows: [1, 2], total: 2, hasNext: false })
})

test.each([
  [0, 0],
  [1, 1],
  [20, 1],
  [21, 2],
  [10_000, 500],
])('%d rows are %d pages of 20', (total, totalPages) => {
  expect(at(1, 20, total).totalPages).toBe(totalPages)
})

test('links are relative', () => {
  expect(at(1, 20, 1).links.self).toBe('/things?page=1&limit=20')
})

test('links keep the encoded path and the other parameters, and vary only by the prefix', async () => {
  const app = new Hono()
  app.use(behindProxies({ count: 1 }))
  app.get('/of/:name', (c) => c.json(pagination(c, { page: 1, limit: 20 }, { total: 1, hasNext: false })))
  const response = await app.request('/of/a%20b%2520?q=%26&page=7', { headers: { 'X-Forwarded-Prefix': '/api' } })
  expect((await response.json()).links.self).toBe('/api/of/a%20b%2520?q=%26&page=1&limit=20')
  expect(response.headers.get('Vary')).toBe('X-Forwarded-Prefix')
})

test('a link leads to an allowed page', () => {
  for (const limit of [1, 3, 7, 33, 99, 100])
    for (const total of [0, 1, limit, limit + 1, 9_999, 10_000, 10_001])
      for (const page of [1, 2, Math.floor(10_000 / limit)]) {
        const { links } = at(page, limit, total)
        for (const link of Object.values(links)) {
          const linked = Number(new URLSearchParams(link?.split('?')[1]).get('page') ?? 1)
          expect(linked * limit).toBeLessThanOrEqual(10_000)
          expect(linked).toBeGreaterThanOrEqual(1)
        }
      }
})

test.each(['http://[/t?limit=5', 'http://x:99999999/t?limit=5', 'http://%/t?limit=5#part', 'https://x/t?limit=5'])(
  'accepts any host of a client: %s',
  (url) => {
    expect(pagination(url, { page: 1, limit: 5 }, { total: 0, hasNext: false }).links.self).toBe('/t?limit=5&page=1')
  },
)

test('keeps repeated and empty parameters', () => {
  const { links } = pagination(
    'http://x.example/t?limit=5&a=&a=%26',
    { page: 1, limit: 5 },
    { total: 9, hasNext: true },
  )
  expect(links.next).toBe('/t?limit=5&a=&a=%26&page=2')
})
