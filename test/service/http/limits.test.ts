import { expect, test } from 'bun:test'
import { deps } from '../../app.ts'
import { newTenant } from '../../tenants.ts'
import { build, createUser } from './app.ts'

test('refuses a page that does not fit into the bytes of the process', async () => {
  const { as } = build({ requests: { ...deps.requests, sentBytesMax: 50_000 } })
  const client = as(newTenant())
  const { id: userId } = await createUser(client)
  for (const title of ['1', '2', '3', '4'])
    await client.post('/tasks', { title, userId, description: 'x'.repeat(10_000) })
  expect([(await client.get('/tasks?limit=1')).status, (await client.get('/tasks')).status]).toEqual([200, 503])
})

test('sends a 429 after responses to later requests', async () => {
  const { as } = build({ limits: { rate: { limit: 1, windowSeconds: 60 } }, refusals: { delayMs: 50 } })
  const [client, other] = [as(newTenant()), as(newTenant())]
  const answered: number[] = []
  const send = async (tenant: typeof client) => answered.push((await tenant.get('/users')).status)
  await send(client)
  await Promise.all([send(client), send(other)])
  expect(answered).toEqual([200, 200, 429])
})
