import { expect, test } from 'bun:test'
import { newTenant } from '../../tenants.ts'
import { build } from '../http/app.ts'

const { app } = build({ hosts: ['rowhouse.local', 'app.example.com'] })
const get = (host: string | undefined, path = '/tasks', own = app) =>
  own.request(path, { headers: { 'X-Tenant-Id': newTenant(), ...(host === undefined ? {} : { Host: host }) } })

test.each([
  ...[
    'localhost',
    'localhost:3000',
    'LOCALHOST.',
    'acme.localhost:3000',
    '127.0.0.1:3000',
    '[::1]:3000',
    '[::1]',
    '10.0.0.7',
  ],
  ...['rowhouse.local:3000', 'app.example.com', 'acme.app.example.com', undefined],
])('answers a request for the Host %p while callers are unverified', async (host) => {
  expect((await get(host)).status).toBe(200)
})

test.each([
  ...['evil.example', 'evil.example:3000', 'localhost.evil.example', '127.0.0.1.evil.example', 'notlocalhost'],
  ...['evilapp.example.com', 'example.com', '1.2.3.4.5'],
])('rejects a request for the foreign Host %p while callers are unverified, and says what to do', async (host) => {
  for (const path of ['/tasks', '/health', '/docs', '/openapi.json', '/unknown']) {
    const response = await get(host, path)
    expect([response.status, response.headers.get('Connection')]).toEqual([403, 'close'])
    const { error } = await response.json()
    expect(error).toEqual({ code: 'FORBIDDEN', message: expect.stringContaining('ALLOW_UNVERIFIED=true') })
    expect(JSON.stringify(error)).not.toContain('evil')
  }
})

test('writes nothing for a request with a foreign Host', async () => {
  const tenant = newTenant()
  const headers = { 'X-Tenant-Id': tenant, 'Content-Type': 'application/json' }
  const body = JSON.stringify({ email: 'ada@example.com', name: 'Ada' })
  const post = (host: string) => app.request('/users', { method: 'POST', headers: { ...headers, Host: host }, body })
  expect((await post('evil.example')).status).toBe(403)
  expect((await (await get('localhost', '/users')).json()).data).toEqual([])
  expect((await post('localhost')).status).toBe(201)
})

test('answers a request for every Host where callers are verified, or unverified ones are allowed by name', async () => {
  expect((await get('evil.example', '/tasks', build().app)).status).toBe(200)
})
