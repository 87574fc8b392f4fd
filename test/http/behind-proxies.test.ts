import { describe, expect, test } from 'bun:test'
import { Hono } from 'hono'
import { csrf } from 'hono/csrf'
import { behindProxies, forwardedAddress, publicHost, publicPath, publicUrl } from '../../src/http/index.ts'

type Options = Parameters<typeof behindProxies>[0]

function newApp(options?: Options) {
  const app = new Hono()
  if (options) app.use(behindProxies(options))
  app.get('/seen', (c) =>
    c.json({ host: publicHost(c), path: publicPath(c, '/tasks'), url: publicUrl(c), address: forwardedAddress(c) }),
  )
  app.post('/tasks', (c) => c.body(null, 201, { Location: '/tasks/1' }))
  app.post('/own', () => new Response(null, { status: 201, headers: { Location: '/tasks/1' } }))
  app.get('/redirect', (c) => c.redirect(c.req.query('to') ?? '/docs'))
  app.get('/plain', (c) => c.text(''))
  return app
}

const address = 'http://10.0.0.5:3000'

/** What the app sees of a request with these headers. */
async function seen(headers: Record<string, string>, options?: Options, query = '') {
  const response = await newApp(options).request(`${address}/seen${query}`, { headers })
  return await response.json()
}

const spoofed = {
  'X-Forwarded-For': '203.0.113.9',
  'X-Forwarded-Host': 'evil.example',
  'X-Forwarded-Proto': 'https',
  'X-Forwarded-Prefix': '/evil',
  Forwarded: 'for=203.0.113.9;host=evil.example;proto=https',
}
const plain = { host: '10.0.0.5:3000', path: '/tasks', url: `${address}/seen`, address: undefined }

describe('without a proxy', () => {
  test.each([undefined, { count: 0 }])('a spoofed header changes nothing: %p', async (options) => {
    expect(await seen(spoofed, options)).toEqual(JSON.parse(JSON.stringify(plain)))
    const response = await newApp(options).request(`${address}/tasks`, { method: 'POST', headers: spoofed })
    expect([response.headers.get('Location'), response.headers.has('Vary')]).toEqual(['/tasks/1', false])
  })

  test('a base path counts', async () => {
    expect(await seen(spoofed, { count: 0, basePath: '/api' })).toMatchObject({
      path: '/api/tasks',
      url: `${address}/api/seen`,
    })
  })
})

describe('behind one proxy', () => {
  test('X-Forwarded-Host, -Proto, -Prefix and -For count', async () => {
    const headers = {
      'X-Forwarded-For': '203.0.113.9',
      'X-Forwarded-Host': 'acme.example.com:8443',
      'X-Forwarded-Proto': 'https',
      'X-Forwarded-Prefix': '/api/v1',
    }
    expect(await seen(headers, { count: 1 }, '?page=2&q=a%20b')).toEqual({
      host: 'acme.example.com:8443',
      path: '/api/v1/tasks',
      url: 'https://acme.example.com:8443/api/v1/seen?page=2&q=a%20b',
      address: '203.0.113.9',
    })
  })

  test('Forwarded counts', async () => {
    const headers = { Forwarded: 'for="[2001:db8::17]:4711";By=203.0.113.43;HOST="acme.example.com:8443";proto=HTTPS' }
    expect(await seen(headers, { count: 1 })).toMatchObject({
      host: 'acme.example.com:8443',
      url: 'https://acme.example.com:8443/seen',
      address: '2001:db8::17',
    })
  })

  test('X-Forwarded-* counts before Forwarded', async () => {
    const headers = { 'X-Forwarded-Host': 'acme.example.com', Forwarded: 'host=evil.example;for=203.0.113.9' }
    expect(await seen({ ...headers, 'X-Forwarded-For': '198.51.100.1' }, { count: 1 })).toMatchObject({
      host: 'acme.example.com',
      address: '198.51.100.1',
    })
  })

  test('the last entry counts: a client wrote those before it', async () => {
    const headers = Object.fromEntries(Object.entries(spoofed).map(([name, value]) => [name, `${value}, `]))
    const appended = {
      'X-Forwarded-For': `${headers['X-Forwarded-For']}198.51.100.1`,
      'X-Forwarded-Host': `${headers['X-Forwarded-Host']}acme.example.com`,
      'X-Forwarded-Proto': 'http, https',
      'X-Forwarded-Prefix': `${headers['X-Forwarded-Prefix']}/api`,
    }
    expect(await seen(appended, { count: 1 })).toEqual({
      host: 'acme.example.com',
      path: '/api/tasks',
      url: 'https://acme.example.com/api/seen',
      address: '198.51.100.1',
    })
    const forwarded = { Forwarded: `${headers.Forwarded}for=198.51.100.1;host=acme.example.com` }
    expect(await seen(forwarded, { count: 1 })).toMatchObject({ host: 'acme.example.com', address: '198.51.100.1' })
  })

  test('blanks may stand around the values of Forwarded', async () => {
    const headers = {
      Forwarded: ' for=198.51.100.1 ; host=acme.example.com\t,  proto=https;host="shop.acme.example"  ',
    }
    expect(await seen(headers, { count: 2 })).toMatchObject({ host: 'acme.example.com', address: '198.51.100.1' })
    expect(await seen(headers, { count: 1 })).toMatchObject({ host: 'shop.acme.example' })
  })

  test('a comma in a quoted value is no end of an entry', async () => {
    const headers = { Forwarded: 'for="_a,host=evil.example", for=198.51.100.1;host=acme.example.com' }
    expect(await seen(headers, { count: 1 })).toMatchObject({ host: 'acme.example.com' })
  })

  test.each([
    ...['host', 'host=', 'host=a b', 'host="acme.example.com', 'host=acme.example.com;host=evil.example', '=acme'],
    ...['host=acme.example.com for=1', 'host="a/b"', 'host="acme.example.com@evil.example"', '', ',', ';;'],
  ])('a malformed Forwarded is ignored: %p', async (value) => {
    expect((await seen({ Forwarded: value }, { count: 1 })).host).toBe('10.0.0.5:3000')
  })

  test.each([
    '',
    'a b',
    'evil.example/path',
    'user@evil.example',
    'evil.example:port',
    'x:65536',
    'http://evil.example',
  ])('a malformed X-Forwarded-Host is ignored: %p', async (host) => {
    expect((await seen({ 'X-Forwarded-Host': host }, { count: 1 })).host).toBe('10.0.0.5:3000')
  })

  test.each(['', 'javascript', 'https://', 'ftp', 'http s'])('another protocol is ignored: %p', async (proto) => {
    expect((await seen({ 'X-Forwarded-Proto': proto }, { count: 1 })).url).toStartWith('http://')
  })

  test.each([
    ...['//evil.example', '/a//b', '/\\evil.example', '\\evil', 'api', 'https://evil.example', '/api?x', '/api#x'],
    ...['/..', '/a/../b', '/.', '/a b', '/%2f', '/a,//evil.example'],
  ])('a malformed X-Forwarded-Prefix is ignored: %p', async (prefix) => {
    expect((await seen({ 'X-Forwarded-Prefix': prefix }, { count: 1 })).path).toBe('/tasks')
  })

  test.each([
    ['/', '/tasks'],
    ['/api/', '/api/tasks'],
  ])('a slash at the end of the prefix %p is dropped', async (prefix, path) => {
    expect((await seen({ 'X-Forwarded-Prefix': prefix }, { count: 1 })).path).toBe(path)
  })

  test('the base path counts before X-Forwarded-Prefix', async () => {
    const options = { count: 1, basePath: '/api' }
    expect((await seen({ 'X-Forwarded-Prefix': '/evil' }, options)).path).toBe('/api/tasks')
  })
})

describe('behind two proxies', () => {
  test('the entry before the last counts', async () => {
    const headers = {
      'X-Forwarded-For': '203.0.113.9, 198.51.100.1, 10.0.0.1',
      'X-Forwarded-Host': 'evil.example, acme.example.com, inner.example',
      'X-Forwarded-Proto': 'ftp, https, http',
    }
    expect(await seen(headers, { count: 2 })).toMatchObject({
      host: 'acme.example.com',
      url: 'https://acme.example.com/seen',
      address: '198.51.100.1',
    })
  })

  test('the prefixes of both count, the outer one first', async () => {
    expect((await seen({ 'X-Forwarded-Prefix': '/evil, /api, /v1' }, { count: 2 })).path).toBe('/api/v1/tasks')
  })

  test('the only entry counts where a proxy overwrote the header, but not as the address', async () => {
    const headers = { 'X-Forwarded-Host': 'acme.example.com', 'X-Forwarded-For': '203.0.113.9' }
    const { host, address } = await seen(headers, { count: 2 })
    expect([host, address]).toEqual(['acme.example.com', undefined])
  })
})

describe('a Location', () => {
  const options = { count: 1 }
  const headers = { 'X-Forwarded-Prefix': '/api', 'X-Forwarded-Host': 'acme.example.com' }

  test.each(['/tasks', '/own'])('that is a path gets the prefix: POST %s', async (path) => {
    const response = await newApp(options).request(path, { method: 'POST', headers })
    expect(response.headers.get('Location')).toBe('/api/tasks/1')
  })

  test.each(['https://example.com/x', '//example.com/x', 'relative'])('that is no path stays: %s', async (to) => {
    const response = await newApp(options).request(`/redirect?to=${encodeURIComponent(to)}`, { headers })
    expect(response.headers.get('Location')).toBe(to)
  })
})

describe('a Location with the prefix already', () => {
  const headers = { 'X-Forwarded-Prefix': '/api' }
  const locationOf = async (app: Hono, path: string) => (await app.request(path, { headers })).headers.get('Location')

  test.each(['/tasks', '/', '/?page=2'])('stays, as publicPath returns it for %s', async (to) => {
    const app = new Hono()
    app.use(behindProxies({ count: 1 }))
    app.get('/redirect', (c) => c.redirect(publicPath(c, to)))
    expect(await locationOf(app, '/redirect')).toBe(`/api${to}`)
  })

  test.each(['/apidocs', '/other/api/tasks'])('is not one that only looks like it: %s', async (to) => {
    const app = new Hono()
    app.use(behindProxies({ count: 1 }))
    app.get('/redirect', (c) => c.redirect(to))
    expect(await locationOf(app, '/redirect')).toBe(`/api${to}`)
  })

  test.each(['route', 'mount'] as const)(
    'stays where an app and one that it has by %s use behindProxies',
    async (how) => {
      const inner = newApp({ count: 1 })
      const outer = new Hono()
      outer.use(behindProxies({ count: 1 }))
      if (how === 'route') outer.route('/inner', inner)
      else outer.mount('/inner', inner.fetch)
      expect(await locationOf(outer, '/inner/redirect')).toBe('/api/docs')
    },
  )
})

test('the options of the outer app count where an app in it uses behindProxies too', async () => {
  const outer = new Hono()
  outer.use(behindProxies({ count: 0, basePath: '/api' }))
  outer.route('/', newApp({ count: 1, basePath: '/inner' }))
  expect(await (await outer.request(`${address}/seen`, { headers: spoofed })).json()).toMatchObject({
    host: '10.0.0.5:3000',
    path: '/api/tasks',
  })
})

describe('the origin of publicUrl, compared as the documentation does', () => {
  async function statusOf(headers: Record<string, string>) {
    const app = new Hono()
    app.use(behindProxies({ count: 1 }))
    app.use(csrf({ origin: (origin, c) => publicUrl(c).startsWith(`${origin}/`) }))
    app.post('/', (c) => c.text(''))
    const type = { 'Content-Type': 'text/plain', Origin: 'https://acme.example.com' }
    return (await app.request(address, { method: 'POST', headers: { ...type, ...headers } })).status
  }

  test('lets the page of the same origin through, and no other one', async () => {
    const statusFor = (host: string) => statusOf({ 'X-Forwarded-Host': host, 'X-Forwarded-Proto': 'https' })
    expect(await statusFor('acme.example.com')).toBe(200)
    expect(await statusFor('acme.example.com.evil.example')).toBe(403)
    expect(await statusFor('acme.example.com:8443')).toBe(403)
  })

  test.each([{ 'X-Forwarded-Host': 'x:99999' }, { Host: 'a b' }, { Host: 'x:99999' }, { Host: '' }])(
    'refuses a malformed host without an error: %p',
    async (headers) => {
      expect(await statusOf(headers)).toBe(403)
    },
  )

  test('is written so in the documentation', async () => {
    const page = await Bun.file(new URL('../../docs/browsers-and-proxies.md', import.meta.url)).text()
    expect(page).toMatch(/csrf\(\{ origin: \(origin, c\) => publicUrl\(c\)\.startsWith\(/)
  })
})

describe('Vary', () => {
  test('names the headers that a response depends on, also when the request has none of them', async () => {
    for (const headers of [{}, spoofed]) {
      const seen = await newApp({ count: 1 }).request('/seen', { headers })
      expect(seen.headers.get('Vary')?.split(', ').toSorted()).toEqual([
        'Forwarded',
        'X-Forwarded-Host',
        'X-Forwarded-Prefix',
        'X-Forwarded-Proto',
      ])
    }
  })

  test('does not change where a response depends on none of them', async () => {
    expect((await newApp({ count: 1 }).request('/plain', { headers: spoofed })).headers.has('Vary')).toBe(false)
  })
})

test.each([{ count: -1 }, { count: 1.5 }, { count: 0, basePath: '/' }, { count: 0, basePath: 'api' }])(
  'wrong options throw at construction: %p',
  (options) => {
    expect(() => behindProxies(options)).toThrow(TypeError)
  },
)
