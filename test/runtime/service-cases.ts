import { expect } from 'bun:test'
import { type ContractCase, contractCases, testClient } from '../../src/testing/index.ts'
import { app, fixtures } from '../app.ts'
import { newTenant } from '../database.ts'

const document = await (await app.request('/openapi.json')).text()

/**
 * What must hold on every runtime, as checks against a running server: its whole contract, and a few things by name.
 *
 * @param url asked for by each check, since a server is started after its tests have been written down
 */
export function serviceCases(url: () => string): ContractCase[] {
  const raw = async (path: string, init?: RequestInit) => await fetch(new URL(path, url()), init)
  const client = testClient({ request: raw })
  return [
    ...contractCases({ client, document, fixtures }),
    {
      name: 'what one tenant makes, it sees in its list, and another does not',
      async run() {
        const [a, b] = [client.as(newTenant()), client.as(newTenant())]
        const userId = await fixtures.userId(a)
        const created = await a.post<{ id: string }>('/tasks', { title: 'Lay the bricks', userId })
        expect(created.status).toBe(201)
        expect((await a.get<{ id: string }[]>('/tasks')).data.map(({ id }) => id)).toEqual([created.data.id])
        expect((await b.get('/tasks')).data).toEqual([])
      },
    },
    {
      name: 'many tenants at once each see their own',
      async run() {
        const tenants = Array.from({ length: 20 }, () => client.as(newTenant()))
        const made = await Promise.all(tenants.map((tenant) => fixtures.userId(tenant)))
        const seen = await Promise.all(tenants.map((tenant) => tenant.get<{ id: string }[]>('/users')))
        expect(seen.map(({ data }) => data.map(({ id }) => id))).toEqual(made.map((id) => [id]))
      },
    },
    {
      name: 'a request without a tenant is refused in the envelope',
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
      name: 'the document is the one that the app writes',
      run: async () => expect(await (await raw('/openapi.json')).text()).toBe(document),
    },
    {
      name: 'the documentation page and every file that it loads are served',
      async run() {
        const page = await (await raw('/docs')).text()
        const files = [...page.matchAll(/(?:src|href)="(\/[^"]+)"/g)].map(([, path = '']) => path)
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
      name: 'HEAD answers as GET, without a body',
      async run() {
        const [head, get] = await Promise.all([raw('/openapi.json', { method: 'HEAD' }), raw('/openapi.json')])
        expect([head.status, head.headers.get('Content-Type')]).toEqual([200, get.headers.get('Content-Type')])
        expect(await head.text()).toBe('')
      },
    },
    {
      name: 'a request id comes back, also on 204',
      async run() {
        const headers = { 'X-Tenant-Id': newTenant(), 'X-Request-Id': 'the-id.of-the_caller~1' }
        const user = await fixtures.userId(client.as(headers['X-Tenant-Id']))
        const response = await raw(`/users/${user}`, { method: 'DELETE', headers })
        expect([response.status, response.headers.get('X-Request-Id')]).toEqual([204, headers['X-Request-Id']])
      },
    },
    {
      name: 'a body over the limit is refused',
      async run() {
        const { status } = await client
          .as(newTenant())
          .post('/users', { email: 'a@b.example', name: 'x'.repeat(2 ** 20) })
        expect(status).toBe(413)
      },
    },
  ]
}
