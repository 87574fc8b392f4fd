import { expect } from 'bun:test'
import { connect } from 'node:net'
import { type ContractCase, contractCases, testClient } from '../../src/testing/index.ts'
import { app, fixtures } from '../app.ts'
import { newTenant } from '../tenants.ts'

const document = await (await app.request('/openapi.json')).text()

/**
 * The checks of a running server on every runtime: its whole contract, and a few more.
 *
 * @param url returns the server's URL: the server starts after its tests are declared
 */
export function serviceCases(url: () => string): ContractCase[] {
  // A server may close a connection after a refused body, just when the next request begins on it: each has its own.
  const raw = async (path: string, init?: RequestInit) =>
    await fetch(new URL(path, url()), { ...init, keepalive: false })
  const client = testClient({ request: raw })
  return [
    ...contractCases({ client, document, fixtures }),
    {
      name: 'a tenant lists what it created, and another tenant does not',
      async run() {
        const [a, b] = [client.as(newTenant()), client.as(newTenant())]
        const userId = await fixtures.userId(a)
        const created = await a.post<{ id: string }>('/tasks', { title: 'Write the report', userId })
        expect(created.status).toBe(201)
        expect((await a.get<{ id: string }[]>('/tasks')).data.map(({ id }) => id)).toEqual([created.data.id])
        expect((await b.get('/tasks')).data).toEqual([])
      },
    },
    {
      name: 'many concurrent tenants each list their own users',
      async run() {
        const tenants = Array.from({ length: 20 }, () => client.as(newTenant()))
        const made = await Promise.all(tenants.map((tenant) => fixtures.userId(tenant)))
        const seen = await Promise.all(tenants.map((tenant) => tenant.get<{ id: string }[]>('/users')))
        expect(seen.map(({ data }) => data.map(({ id }) => id))).toEqual(made.map((id) => [id]))
      },
    },
    {
      name: 'rejects a request without a tenant in the envelope',
      async run() {
        const { status, error } = await client.anonymous.get('/tasks')
        expect({ status, code: error?.code }).toEqual({ status: 403, code: 'FORBIDDEN' })
      },
    },
    {
      name: 'health and readiness are plain JSON',
      async run() {
        expect((await client.anonymous.get('/health')).body).toEqual({ status: 'ok' })
        expect((await client.anonymous.get('/ready')).body).toEqual({ status: 'ready' })
      },
    },
    {
      name: 'serves the OpenAPI document of the app',
      run: async () => expect(await (await raw('/openapi.json')).text()).toBe(document),
    },
    {
      name: 'serves the documentation page and every file that it loads',
      async run() {
        const page = await (await raw('/docs')).text()
        const files = [...page.matchAll(/(?:src|href)="(\.\/[^"]+)"/g)].map(([, path = '']) => path.slice(1))
        expect(files).toHaveLength(2)
        for (const file of files) {
          const response = await raw(file)
          expect({ file, status: response.status, empty: (await response.text()) === '' }).toEqual({
            file,
            status: 200,
            empty: false,
          })
        }
      },
    },
    {
      name: 'serves the same file to a client that accepts compression, and answers its ETag with 304',
      async run() {
        const ask = (headers: Record<string, string>) => raw('/docs/swagger-ui-dist/swagger-ui-bundle.js', { headers })
        const [plain, compressed] = await Promise.all(['identity', 'br'].map((one) => ask({ 'Accept-Encoding': one })))
        const etag = compressed?.headers.get('ETag') ?? ''
        expect((await compressed?.text()) === (await plain?.text())).toBe(true)
        const again = await ask({ 'Accept-Encoding': 'br', 'If-None-Match': etag })
        expect([again.status, await again.text()]).toEqual([304, ''])
      },
    },
    {
      name: 'answers the ETag of a user with 304, without the headers of a body',
      async run() {
        const tenant = newTenant()
        const path = `/users/${await fixtures.userId(client.as(tenant))}`
        const etag = (await client.as(tenant).get(path)).headers.get('ETag') ?? ''
        for (const method of ['GET', 'HEAD']) {
          const { status, headers } = await raw(path, {
            method,
            headers: { 'X-Tenant-Id': tenant, 'If-None-Match': etag },
          })
          expect([status, headers.get('ETag'), headers.get('Content-Type')]).toEqual([304, etag, null])
          expect(Number(headers.get('Content-Length') ?? 0)).toBe(0)
        }
      },
    },
    {
      name: 'HEAD answers as GET, without a body',
      async run() {
        const [head, get] = await Promise.all([raw('/openapi.json', { method: 'HEAD' }), raw('/openapi.json')])
        expect([head.status, head.headers.get('Content-Type')]).toEqual([200, get.headers.get('Content-Type')])
        expect(await head.text()).toBe('')
      },
    },
    {
      name: 'returns a request id, on 204 too',
      async run() {
        const headers = { 'X-Tenant-Id': newTenant(), 'X-Request-Id': 'the-id.of-the_caller~1' }
        const user = await fixtures.userId(client.as(headers['X-Tenant-Id']))
        const response = await raw(`/users/${user}`, { method: 'DELETE', headers })
        expect([response.status, response.headers.get('X-Request-Id')]).toEqual([204, headers['X-Request-Id']])
      },
    },
    {
      name: 'answers a caller without a tenant before its body has arrived',
      async run() {
        const { hostname, port, host } = new URL(url())
        const socket = connect(Number(port), hostname)
        const head = ['POST /users HTTP/1.1', `Host: ${host}`, 'Content-Type: application/json', 'Content-Length: 99']
        socket.write([...head, '', '{'].join('\r\n'))
        const answer = await new Promise<string>((resolve) => socket.once('data', (bytes) => resolve(bytes.toString())))
        socket.destroy()
        expect(answer).toStartWith('HTTP/1.1 403 ')
      },
    },
    {
      name: 'rejects a body over the limit',
      async run() {
        const { status } = await client
          .as(newTenant())
          .post('/users', { email: 'a@b.example', name: 'x'.repeat(2 ** 20) })
        expect(status).toBe(413)
      },
    },
  ]
}
