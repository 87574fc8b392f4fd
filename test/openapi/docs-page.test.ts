import { describe, expect, test } from 'bun:test'
import { Hono } from 'hono'
import { docs } from '../../src/openapi/index.ts'
import { readDocsAsset } from '../../src/runtime/read-docs-asset.ts'
import { app } from '../app.ts'

const page = async () => {
  const response = await app.request('/docs')
  return { response, html: await response.text() }
}
const linksIn = (html: string): string[] =>
  [...html.matchAll(/<(?:script|link|img)[^>]* (?:src|href)="([^"]*)"/g)].map(([, url = '']) => url)

describe('the documentation page', () => {
  test('is HTML without a tenant or a login', async () => {
    const { response, html } = await page()
    expect(response.status).toBe(200)
    expect(response.headers.get('Content-Type')).toStartWith('text/html')
    expect(html).toStartWith('<!doctype html>')
    expect(html).toContain('<title>Rowhouse</title>')
  })

  test('ignores a malformed tenant header', async () => {
    expect((await app.request('/docs', { headers: { 'X-Tenant-Id': 'nonsense' } })).status).toBe(200)
  })

  test('loads its files from its own origin', async () => {
    expect(linksIn((await page()).html).map((url) => new URL(url, 'http://test/docs').href)).toEqual([
      'data:,',
      'http://test/docs/swagger-ui-dist/swagger-ui.css',
      'http://test/docs/swagger-ui-dist/swagger-ui-bundle.js',
    ])
  })

  test.each(['/', '/reference', '/internal/api-docs', '/docs/', '/v1/:name'])(
    'loads its files wherever it is mounted: %p',
    async (mount) => {
      const other = new Hono()
      other.route(mount, docs({ title: 'Tasks', documentUrl: '/openapi.json', loadAsset: readDocsAsset }))
      const pageUrl = new URL(mount.replace(':name', 'docs'), 'http://test')
      const html = await (await other.request(pageUrl)).text()
      const urls = linksIn(html).filter((url) => !url.startsWith('data:'))
      expect(urls).toHaveLength(2)
      for (const url of urls) expect((await other.request(new URL(url, pageUrl))).status).toBe(200)
    },
  )

  test('loads its files behind a proxy that removes a prefix', async () => {
    const pageUrl = new URL('http://test/api/docs')
    const urls = linksIn((await page()).html).map((url) => new URL(url, pageUrl).pathname)
    expect(urls).toContain('/api/docs/swagger-ui-dist/swagger-ui.css')
  })

  test('names no other host', async () => {
    expect((await page()).html).not.toMatch(/(?:https?:)?\/\/[a-z]/i)
  })

  test('shows the OpenAPI document of the service', async () => {
    const [, url = ''] = (await page()).html.match(/url: '([^']+)'/) ?? []
    const response = await app.request(url)
    expect(response.headers.get('Content-Type')).toStartWith('application/json')
    expect(await response.json()).toMatchObject({ openapi: '3.1.0', info: { title: 'Rowhouse' } })
  })

  test('uses no online validator', async () => {
    expect((await page()).html).toContain("validatorUrl: 'none'")
  })

  test('allows only its own two scripts, and nothing from another origin', async () => {
    const { response, html } = await page()
    const [, nonce = ''] = html.match(/<script nonce="([^"]+)">/) ?? []
    const policy = Object.fromEntries(
      (response.headers.get('Content-Security-Policy') ?? '').split('; ').map((directive) => {
        const [name = '', ...sources] = directive.split(' ')
        return [name, sources]
      }),
    )
    expect(policy).toEqual({
      'default-src': ["'none'"],
      'script-src': ["'self'", `'nonce-${nonce}'`],
      'style-src': ["'self'", `'nonce-${nonce}'`],
      'img-src': ["'self'", 'data:'],
      'connect-src': ["'self'"],
      'base-uri': ["'none'"],
      'form-action': ["'none'"],
      'frame-ancestors': ["'none'"],
    })
  })

  test('has a new nonce for each request, and is not cached', async () => {
    const [first, second] = [await page(), await page()]
    const nonce = /nonce="([^"]+)"/
    expect(first.html.match(nonce)?.[1]).not.toBe(second.html.match(nonce)?.[1])
    expect(first.response.headers.get('Cache-Control')).toBe('no-store')
  })

  test('has a nonce on every inline script and style', async () => {
    const inline = [...(await page()).html.matchAll(/<(?:script|style)(?![^>]* src=)[^>]*>/g)]
    expect(inline).toHaveLength(3)
    for (const [tag] of inline) expect(tag).toMatch(/ nonce="[0-9a-f-]{36}"/)
  })

  test('escapes its title', async () => {
    const other = docs({ title: '<script>alert(1)</script>', documentUrl: '/', loadAsset: readDocsAsset })
    expect(await (await other.request('/')).text()).toContain('<title>&lt;script&gt;alert(1)&lt;/script&gt;</title>')
  })

  test('responds to HEAD without a body', async () => {
    const response = await app.request('/docs', { method: 'HEAD' })
    expect([response.status, await response.text()]).toEqual([200, ''])
  })

  test('accepts only GET and HEAD', async () => {
    const response = await app.request('/docs', { method: 'POST' })
    expect([response.status, response.headers.get('Allow')]).toEqual([405, 'GET, HEAD'])
  })
})

describe('a file of the documentation page', () => {
  const named = [
    ['swagger-ui.css', 'text/css; charset=utf-8'],
    ['swagger-ui-bundle.js', 'text/javascript; charset=utf-8'],
  ] as const

  test.each(named)('%s comes from the package with its type, and may be cached', async (name, type) => {
    const response = await app.request(`/docs/swagger-ui-dist/${name}`)
    expect(response.status).toBe(200)
    expect(response.headers.get('Content-Type')).toBe(type)
    expect(response.headers.get('X-Content-Type-Options')).toBe('nosniff')
    expect(response.headers.get('Cache-Control')).toBe('public, max-age=86400')
    expect(Buffer.from(await readDocsAsset(name)).equals(await response.bytes())).toBe(true)
  })

  test('responds to HEAD without a body', async () => {
    const response = await app.request('/docs/swagger-ui-dist/swagger-ui.css', { method: 'HEAD' })
    expect([response.status, await response.text()]).toEqual([200, ''])
  })

  test.each(['package.json', '..%2f..%2fpackage.json', '../../package.json', ''])('%p does not exist', async (name) => {
    expect((await app.request(`/docs/swagger-ui-dist/${name}`)).status).toBe(404)
  })

  test('is loaded once, and again only after a failure', async () => {
    const outcomes = [Promise.reject(new Error('disk')), Promise.resolve('body {}')]
    let loads = 0
    const page = docs({
      title: 'Tasks',
      documentUrl: '/openapi.json',
      loadAsset: () => outcomes[loads++] ?? Promise.reject(new Error('loaded too often')),
    })
    page.onError((_error, c) => c.text('', 500))
    const statuses: number[] = []
    for (const _ of [1, 2, 3]) statuses.push((await page.request('/swagger-ui-dist/swagger-ui.css')).status)
    expect(statuses).toEqual([500, 200, 200])
  })
})

test('/docs/ leads to /docs, behind a prefix too', async () => {
  const response = await app.request('/docs/')
  expect([response.status, response.headers.get('Location')]).toEqual([308, '../docs'])
})

test('has tenants to choose from only where the app names them', async () => {
  const tenants = [{ name: 'Acme', id: 'a' }]
  const named = new Hono().route(
    '/docs',
    docs({ title: 'Tasks', documentUrl: '/x', loadAsset: readDocsAsset, tenants }),
  )
  expect(await (await named.request('/docs')).text()).toContain('Acme')
  expect((await page()).html).not.toContain('type="radio"')
})
