import type { Failure } from '../envelope/index.ts'

/** What a test client sends requests to: a Hono app, or an object of that form. */
export interface Target {
  request(path: string, init?: RequestInit): Response | Promise<Response>
}

/** A response with its parsed body. `data` and `error` are fields of the envelope, undefined without it. */
export interface TestResponse<Data = unknown> {
  status: number
  headers: Headers
  /** The parsed JSON body, the text of another body, or undefined without a body. */
  body: unknown
  data: Data
  error: Failure['error'] | undefined
}

/** Sends requests as one tenant, or without a tenant. */
export interface TestClient {
  send<Data>(method: string, path: string, init?: RequestInit): Promise<TestResponse<Data>>
  get<Data>(path: string, headers?: Record<string, string>): Promise<TestResponse<Data>>
  post<Data>(path: string, body: unknown, headers?: Record<string, string>): Promise<TestResponse<Data>>
  patch<Data>(path: string, body: unknown, headers?: Record<string, string>): Promise<TestResponse<Data>>
  delete(path: string, headers?: Record<string, string>): Promise<TestResponse<undefined>>
}

/**
 * Creates a client for HTTP tests.
 *
 * @param target an app, or the URL of a running server
 * @param options `tenantHeader`: the header that carries the tenant. @default 'X-Tenant-Id'
 * @example
 * const { as, anonymous } = testClient(app)
 * const { status, data, headers } = await as(tenant).post<Task>('/tasks', { title: 'Write the report', userId })
 * await as(tenant).delete(`/tasks/${data.id}`, { 'If-Match': headers.get('ETag') ?? '' })
 */
export function testClient(target: Target | string, options: { tenantHeader?: string | undefined } = {}) {
  const { tenantHeader = 'X-Tenant-Id' } = options
  const sendTo: Target['request'] =
    typeof target === 'string'
      ? (path, init) => fetch(new URL(path, target), { ...init, redirect: 'manual' })
      : (path, init) => target.request(path, init)

  const client = (tenant?: string): TestClient => {
    async function send<Data>(method: string, path: string, init: RequestInit = {}): Promise<TestResponse<Data>> {
      const headers = new Headers(init.headers)
      if (tenant !== undefined && !headers.has(tenantHeader)) headers.set(tenantHeader, tenant)
      const response = await sendTo(path, { ...init, method, headers })
      // A stream of events has no end.
      const isEndless = response.headers.get('Content-Type')?.startsWith('text/event-stream') ?? false
      if (isEndless) await response.body?.cancel()
      const text = isEndless ? '' : await response.text()
      const isJson = response.headers.get('Content-Type')?.startsWith('application/json') ?? false
      const body: unknown = isJson && text !== '' ? JSON.parse(text) : undefined
      const envelope = (body ?? {}) as { data: Data; error: Failure['error'] } // the test names the type of its data
      return {
        status: response.status,
        headers: response.headers,
        body: body ?? (text === '' ? undefined : text),
        data: envelope.data,
        error: envelope.error,
      }
    }
    const withBody = <Data>(method: string, path: string, body: unknown, headers?: Record<string, string>) =>
      send<Data>(method, path, {
        body: JSON.stringify(body),
        headers: { 'Content-Type': 'application/json', ...headers },
      })
    return {
      send,
      get: (path, headers = {}) => send('GET', path, { headers }),
      post: (path, body, headers) => withBody('POST', path, body, headers),
      patch: (path, body, headers) => withBody('PATCH', path, body, headers),
      delete: (path, headers = {}) => send('DELETE', path, { headers }),
    }
  }
  return {
    /** Sends requests as this tenant. */
    as: (tenant: string): TestClient => client(tenant),
    /** Sends requests without a tenant. */
    anonymous: client(),
  }
}
