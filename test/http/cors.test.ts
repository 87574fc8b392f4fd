import { describe, expect, test } from 'bun:test'
import { Hono } from 'hono'
import { cors as corsOfHono } from 'hono/cors'
import { cors } from '../../src/http/index.ts'

const exact = 'https://app.example.com'
const wildcard = 'https://*.preview.example.com'
const matching = 'https://pr-7.preview.example.com'

function newApp(options: Partial<Parameters<typeof cors>[0]> = {}) {
  const app = new Hono()
  app.use(cors({ origins: [exact, wildcard, 'http://localhost:5173'], ...options }))
  app.get('/tasks', (c) => c.json({}))
  app.get('/own', () => new Response('', { headers: { Vary: 'Accept' } }))
  app.get('/any', () => new Response('', { headers: { Vary: '*' } }))
  app.options('/own-options', (c) => c.text('', 200, { Allow: 'GET' }))
  app.get('/immutable', () => Response.redirect('https://example.com/'))
  app.get('/broken', () => {
    throw new Error('broken')
  })
  app.onError((_error, c) => c.text('', 500))
  return app
}

const get = (origin: string | undefined, path = '/tasks', app = newApp()) =>
  app.request(path, { headers: origin === undefined ? {} : { Origin: origin } })

const preflight = (origin: string, path = '/tasks', app = newApp()) =>
  app.request(path, { method: 'OPTIONS', headers: { Origin: origin, 'Access-Control-Request-Method': 'PUT' } })

/** The CORS headers of a response, without their common beginning. */
const corsOf = ({ headers }: Response) =>
  Object.fromEntries(
    [...headers].flatMap(([name, value]) =>
      name.startsWith('access-control-') ? [[name.slice('access-control-'.length), value]] : [],
    ),
  )

const exposed =
  'X-Request-Id, ETag, Location, Retry-After, RateLimit-Limit, RateLimit-Remaining, RateLimit-Reset, RateLimit-Policy, ' +
  'Idempotency-Replayed, Bookmark, Allow, WWW-Authenticate'
const allowed =
  'Content-Type, Authorization, X-Tenant-Id, X-Request-Id, Idempotency-Key, If-Match, If-None-Match, Bookmark, traceparent'

describe('a preflight', () => {
  test('of an exact origin is answered with 204, all methods and headers, and credentials', async () => {
    const response = await preflight(exact)
    expect([response.status, await response.text()]).toEqual([204, ''])
    expect(corsOf(response)).toEqual({
      'allow-origin': exact,
      'allow-credentials': 'true',
      'allow-methods': 'GET, HEAD, POST, PUT, PATCH, DELETE',
      'allow-headers': allowed,
      'max-age': '7200',
    })
    expect(response.headers.get('Vary')).toBe('Origin')
  })

  test('of an origin by wildcard has no credentials', async () => {
    expect(corsOf(await preflight(matching))).toMatchObject({ 'allow-origin': matching })
    expect(corsOf(await preflight(matching))).not.toHaveProperty('allow-credentials')
  })

  test('of another origin is answered with 204 without CORS headers', async () => {
    const response = await preflight('https://evil.example')
    expect([response.status, corsOf(response), response.headers.get('Vary')]).toEqual([204, {}, 'Origin'])
  })

  test('is answered on a path that does not exist, so that a page can read the 404', async () => {
    expect((await preflight(exact, '/nowhere')).status).toBe(204)
    expect(corsOf(await get(exact, '/nowhere'))).toMatchObject({ 'allow-origin': exact })
  })

  test('allows the tenant header of the app, and headers of its own', async () => {
    const app = newApp({ tenantHeader: 'X-Organization', allowHeaders: ['X-Shop'] })
    const headers = corsOf(await preflight(exact, '/tasks', app))['allow-headers']
    expect(headers).toBe(`${allowed.replace('X-Tenant-Id', 'X-Organization')}, X-Shop`)
  })
})

test('an OPTIONS request that is no preflight reaches its handler', async () => {
  const response = await newApp().request('/own-options', { method: 'OPTIONS', headers: { Origin: exact } })
  expect([response.status, response.headers.get('Allow')]).toEqual([200, 'GET'])
})

describe('a response', () => {
  test('to an exact origin lets the page read the exposed headers, with credentials', async () => {
    expect(corsOf(await get(exact))).toEqual({
      'allow-origin': exact,
      'allow-credentials': 'true',
      'expose-headers': exposed,
    })
  })

  test('to an origin by wildcard has no credentials', async () => {
    expect(corsOf(await get(matching))).toEqual({ 'allow-origin': matching, 'expose-headers': exposed })
  })

  test('exposes headers of the app too', async () => {
    const app = newApp({ exposeHeaders: ['X-Total'] })
    expect(corsOf(await get(exact, '/tasks', app))['expose-headers']).toBe(`${exposed}, X-Total`)
  })

  test.each(['/tasks', '/broken', '/nowhere', '/immutable'])(
    'of %s has CORS headers, also as a failure',
    async (path) => {
      expect(corsOf(await get(exact, path))).toMatchObject({ 'allow-origin': exact })
    },
  )

  test.each([exact, matching, 'https://evil.example', undefined])('to %p varies by Origin', async (origin) => {
    for (const path of ['/tasks', '/broken', '/nowhere'])
      expect((await get(origin, path)).headers.get('Vary')).toBe('Origin')
  })

  test('that a handler builds itself keeps its own Vary', async () => {
    expect((await get(exact, '/own')).headers.get('Vary')).toBe('Accept, Origin')
    expect((await get(exact, '/any')).headers.get('Vary')).toBe('*')
  })

  test.each([
    ['no origin', undefined],
    ['an empty origin', ''],
    ['a page without an origin', 'null'],
    ['a longer host', 'https://app.example.com.evil.io'],
    ['a host that ends with the name', 'https://evilapp.example.com'],
    ['a host that ends like the wildcard', 'https://evilpreview.example.com'],
    ['the domain of the wildcard itself', 'https://preview.example.com'],
    ['two labels for the wildcard', 'https://a.b.preview.example.com'],
    ['no label for the wildcard', 'https://.preview.example.com'],
    ['the text of the wildcard', wildcard],
    ['a path before the name', 'https://evil.io/.preview.example.com'],
    ['a user before the name', 'https://evil.io@pr.preview.example.com'],
    ['a query before the name', 'https://evil.io?.preview.example.com'],
    ['a longer host for the wildcard', 'https://pr.preview.example.com.evil.io'],
    ['the other scheme', 'http://app.example.com'],
    ['the other scheme for the wildcard', 'http://pr.preview.example.com'],
    ['another port', 'https://app.example.com:8443'],
    ['another port for the wildcard', 'https://pr.preview.example.com:8443'],
    ['another port of localhost', 'http://localhost:5174'],
    ['upper case, which no browser sends', 'https://APP.example.com'],
    ['the dot of the root', 'https://app.example.com.'],
    ['a slash at the end', 'https://app.example.com/'],
    ['two origins in one header', `${exact} ${exact}`],
    ['several Origin headers', `${exact}, https://evil.example`],
    ['the same Origin header twice', `${exact}, ${exact}`],
  ])('to %s has no CORS headers', async (_what, origin) => {
    expect(corsOf(await get(origin))).toEqual({})
    if (origin !== undefined) expect(corsOf(await preflight(origin))).toEqual({})
  })
})

describe('the list of origins', () => {
  test.each([
    ...['https://app.example.com', 'https://app.example.com:8443', 'http://localhost:5173', 'http://127.0.0.1:3000'],
    ...['http://[::1]:3000', 'https://*.example.com', 'https://*.example.com:8443', 'https://xn--bcher-kva.example'],
  ])('may contain %s', (origin) => {
    expect(cors({ origins: [origin] })).toBeFunction()
  })

  test.each([
    ...['*', 'null', '', 'app.example.com', 'https://', 'https://app.example.com/', 'https://app.example.com/path'],
    ...['https://App.example.com', 'https://app.example.com:443', 'https://user@app.example.com', 'ftp://example.com'],
    ...['https://*', 'https://*.com', 'https://*example.com', 'https://a.*.example.com', 'https://*.*.example.com'],
    ...['http://*.example.com', 'https://*.127.0.0.1', 'https://*.example.com/', 'https://*.example.com:*'],
    ...['https://bücher.example', 'https://app.example.com https://evil.example', 'https://*.example.com:443'],
  ])('must not contain %p', (origin) => {
    expect(() => cors({ origins: [exact, origin] })).toThrow(
      new TypeError(
        `cors() needs origins as a browser sends them, such as https://app.example.com, http://localhost:5173 or https://*.example.com (got "${origin}")`,
      ),
    )
  })

  test('must not be empty', () => {
    expect(() => cors({ origins: [] })).toThrow(new TypeError('cors() needs at least one origin'))
  })
})

test('the name of a header must be one', () => {
  for (const options of [{ tenantHeader: 'X Tenant' }, { allowHeaders: ['a\r\nb'] }, { exposeHeaders: [''] }])
    expect(() => newApp(options)).toThrow(TypeError)
})

// Why the kit has its own: credentials are one switch for all origins, and what follows.
test('the cors of Hono sends headers to an origin that is not allowed, and answers every OPTIONS request', async () => {
  const app = new Hono()
  app.use(corsOfHono({ origin: [exact], credentials: true, exposeHeaders: ['ETag'] }))
  app.options('/own', (c) => c.text('own', 200))
  const response = await app.request('/own', { method: 'OPTIONS', headers: { Origin: 'https://evil.example' } })
  expect([response.status, corsOf(response)]).toEqual([
    204,
    expect.objectContaining({ 'allow-credentials': 'true', 'expose-headers': 'ETag' }),
  ])
})
