import { expect, test } from 'bun:test'
import { Hono } from 'hono'
import { responseHeaders } from '../../../src/service/middleware/response-headers.ts'
import { newTenant } from '../../tenants.ts'
import { anonymous, failing } from '../http/app.ts'

const secured = {
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'strict-transport-security': 'max-age=15552000; includeSubDomains',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'SAMEORIGIN',
}
const securedPage = {
  'cross-origin-opener-policy': 'same-origin',
  'origin-agent-cluster': '?1',
  'x-dns-prefetch-control': 'off',
  'x-download-options': 'noopen',
  'x-permitted-cross-domain-policies': 'none',
  'x-xss-protection': '0',
}

const app = new Hono()
app.use(responseHeaders({ hsts: secured['strict-transport-security'] }))
app.get('/own', () => new Response('made by the handler itself'))
app.get('/policy', (c) => c.body('', 200, { 'Content-Security-Policy': "default-src 'self'" }))

test('a success and a failure have the security headers', async () => {
  for (const path of ['/health', '/tasks', '/nowhere'])
    expect(Object.fromEntries((await anonymous.get(path)).headers)).toMatchObject(secured)
})

test('a failure that is not an Error has them too', async () => {
  const { status, headers } = await failing('a string').as(newTenant()).get('/tasks')
  expect([status, Object.fromEntries(headers)]).toEqual([500, expect.objectContaining(secured)])
})

test('a response that a handler built itself has them too', async () => {
  expect(Object.fromEntries((await app.request('/own')).headers)).toMatchObject(secured)
})

test('a page has its own policy and the headers for pages', async () => {
  const { 'content-security-policy': _, ...common } = secured
  expect(Object.fromEntries((await anonymous.get('/docs')).headers)).toMatchObject({ ...common, ...securedPage })
})

test.each([...Object.keys(secured), ...Object.keys(securedPage)])('a handler can set its own %s', async (name) => {
  const page = new Hono()
  page.use(responseHeaders({ hsts: 'max-age=1' }))
  page.get('/raw', () => new Response('<p>', { headers: { 'Content-Type': 'text/html', [name]: 'of the handler' } }))
  page.get('/context', (c) => c.html('<p>', 200, { [name]: 'of the handler' }))
  for (const path of ['/raw', '/context']) expect((await page.request(path)).headers.get(name)).toBe('of the handler')
})

test('there is no Strict-Transport-Security without a value', async () => {
  const plain = new Hono().use(responseHeaders({ hsts: undefined })).get('/', (c) => c.text(''))
  expect((await plain.request('/')).headers.has('Strict-Transport-Security')).toBe(false)
})
