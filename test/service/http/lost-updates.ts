import type { TestClient } from '../../../src/testing/index.ts'
import { newTenant } from '../../tenants.ts'
import { as } from './app.ts'

/** Reads a name that is a number, writes the next one, and begins again when another client was faster. */
async function increment(client: TestClient, path: string): Promise<void> {
  for (;;) {
    const { data, headers } = await client.get<{ name: string }>(path)
    const { status } = await client.send('PATCH', path, {
      headers: { 'If-Match': headers.get('ETag') ?? '', 'Content-Type': 'application/json' },
      body: JSON.stringify({ name: String(Number(data.name) + 1) }),
    })
    if (status === 200) return
    if (status !== 412) throw new Error(`PATCH returned ${status}`)
  }
}

/** The name of a user, 0 at first, after so many clients have added one to it at the same time. */
export async function nameAfter(clients: number): Promise<string> {
  const client = as(newTenant())
  const { data } = await client.post<{ id: string }>('/users', { email: 'ada@acme.example', name: '0' })
  const path = `/users/${data.id}`
  await Promise.all(Array.from({ length: clients }, () => increment(client, path)))
  return (await client.get<{ name: string }>(path)).data.name
}
