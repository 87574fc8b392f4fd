import type { Failure } from '../envelope/index.ts'

/** Anything that answers requests: an app of Hono, or `fetch` at a running server. */
export interface Target {
  request(path: string, init?: RequestInit): Response | Promise<Response>
}

/** An answer with its JSON body; `data` and `error` are the envelope's, undefined where it has none. */
export interface Answer<Data = unknown> {
  status: number
  headers: Headers
  /** The whole body as it was parsed; undefined where there is none. */
  body: unknown
  data: Data
  error: Failure['error'] | undefined
}

/** Sends requests as one tenant, or as none. */
export interface TestClient {
  send<Data>(method: string, path: string, init?: RequestInit): Promise<Answer<Data>>
  get<Data>(path: string): Promise<Answer<Data>>
  post<Data>(path: string, body: unknown): Promise<Answer<Data>>
  patch<Data>(path: string, body: unknown): Promise<Answer<Data>>
  delete(path: string): Promise<Answer<undefined>>
}

/**
 * A client for HTTP tests.
 *
 * @param target an app, or a running server by its URL
 * @param options `tenantHeader`: where the tenant goes, `X-Tenant-Id` when left out
 * @example
 * const { as, anonymous } = testClient(app)
 * const { status, data } = await as(tenant).post<Task>('/tasks', { title: 'Paint the fence', userId })
 */
export function testClient(target: Target | string, options: { tenantHeader?: string } = {}) {
  const { tenantHeader = 'X-Tenant-Id' } = options
  const ask: Target['request'] =
    typeof target === 'string'
      ? (path, init) => fetch(new URL(path, target), { ...init, redirect: 'manual' })
      : (path, init) => target.request(path, init)

  const client = (tenant?: string): TestClient => {
    async function send<Data>(method: string, path: string, init: RequestInit = {}): Promise<Answer<Data>> {
      const headers = new Headers(init.headers)
      if (tenant !== undefined && !headers.has(tenantHeader)) headers.set(tenantHeader, tenant)
      const response = await ask(path, { ...init, method, headers })
      const text = await response.text()
      const isJson = response.headers.get('Content-Type')?.startsWith('application/json') ?? false
      const body: unknown = isJson && text !== '' ? JSON.parse(text) : undefined
      const envelope = (body ?? {}) as { data: Data; error: Failure['error'] } // what a test expects is the test's to say
      return {
        status: response.status,
        headers: response.headers,
        body: body ?? (text === '' ? undefined : text),
        data: envelope.data,
        error: envelope.error,
      }
    }
    const withBody = <Data>(method: string, path: string, body: unknown) =>
      send<Data>(method, path, { body: JSON.stringify(body), headers: { 'Content-Type': 'application/json' } })
    return {
      send,
      get: (path) => send('GET', path),
      post: (path, body) => withBody('POST', path, body),
      patch: (path, body) => withBody('PATCH', path, body),
      delete: (path) => send('DELETE', path),
    }
  }
  return {
    /** Requests of this tenant. */
    as: (tenant: string): TestClient => client(tenant),
    /** Requests without a tenant. */
    anonymous: client(),
  }
}
