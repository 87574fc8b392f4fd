import { expect, test } from 'bun:test'
import { Hono } from 'hono'
import { etagHeaders, etagOf, notModified, setEtag } from '../../src/conditions/index.ts'
import { unverified } from '../../src/context/index.ts'
import { ok } from '../../src/envelope/index.ts'
import { ApiError, createErrorHandler } from '../../src/errors/index.ts'
import { header, tenant } from '../../src/resolution/index.ts'
import { newTenant, tenantIds } from '../tenants.ts'

const app = new Hono().onError(createErrorHandler({ onError: () => {} }))
app.use(tenant({ from: header('X-Tenant-Id'), auth: unverified(), ...tenantIds }))
app.get('/report', (c) => notModified(c, etagOf(7)) ?? ok(c, 'a report'))
app.get('/set', (c) => {
  setEtag(c, etagOf('v'))
  return ok(c, null)
})
app.get('/value', (c) => c.body('text', 200, etagHeaders(etagOf(7n))))
app.get('/failing', (c) => {
  const unchanged = notModified(c, etagOf(7))
  if (unchanged) return unchanged
  throw new ApiError('SERVICE_UNAVAILABLE')
})

async function get(path: string, headers: Record<string, string> = {}, id = newTenant()) {
  const response = await app.request(path, { headers: { 'X-Tenant-Id': id, ...headers } })
  return { status: response.status, headers: response.headers, text: await response.text() }
}

test.each(['/report', '/set', '/value'])('%s has a tag, and is kept by the client alone', async (path) => {
  const { headers } = await get(path)
  expect(headers.get('ETag')).toMatch(/^"1-[\w-]{16}-[7v]"$/)
  expect([headers.get('Cache-Control'), headers.get('Vary')]).toEqual(['private, no-cache', 'X-Tenant-Id'])
})

test('what is no row has a version too', async () => {
  const id = newTenant()
  const etag = (await get('/report', {}, id)).headers.get('ETag') ?? ''
  expect(await get('/report', { 'If-None-Match': etag }, id)).toMatchObject({ status: 304, text: '' })
  expect((await get('/report', { 'If-None-Match': etag })).status).toBe(200)
})

test('a failure has no tag of what the handler began to answer', async () => {
  const { status, headers } = await get('/failing')
  expect([status, headers.get('ETag')]).toEqual([503, null])
})

test('a tag does not show the id of its tenant', async () => {
  const id = newTenant()
  const etag = (await get('/report', {}, id)).headers.get('ETag') ?? ''
  expect(etag.toLowerCase()).not.toContain(id.toLowerCase())
  expect((await get('/report', {}, id)).headers.get('ETag')).toBe(etag)
})
