import type { TestClient, TestResponse } from '../../../src/testing/index.ts'

/** The tag of a response; `none` without one. */
export const etagOf = ({ headers }: TestResponse): string => headers.get('ETag') ?? 'none'

/** What conditions change in a response: its status, its tag, and how long it is kept. */
export const shown = ({ status, headers }: TestResponse) => [status, headers.get('ETag'), headers.get('Cache-Control')]

/** Sends a request with headers, and with a body as JSON. */
export function sendWith(
  client: TestClient,
  method: string,
  path: string,
  headers: Record<string, string>,
  body?: object,
): Promise<TestResponse> {
  if (!body) return client.send(method, path, { headers })
  const withType = { ...headers, 'Content-Type': 'application/json' }
  return client.send(method, path, { headers: withType, body: JSON.stringify(body) })
}
