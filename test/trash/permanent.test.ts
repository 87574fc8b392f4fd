import { describe, expect, test } from 'bun:test'
import { owner } from '../database/shared-database.ts'
import { callerOf, newKey } from '../idempotency/caller.ts'
import { createTask, createUser, newAcme } from '../service/http/app.ts'
import { actionsOn, trashOf } from './trash.ts'

const restored = async (client: Awaited<ReturnType<typeof newAcme>>['client'], id: string) =>
  (await client.post(`/tasks/${id}/restore`, undefined)).status

test('deletes a task that is there for good', async () => {
  const { client, task, tenant } = await newAcme()
  const { status, body } = await client.delete(`/tasks/${task.id}?permanent=true`)
  expect([status, body]).toEqual([204, undefined])
  expect(await trashOf(tenant)).toEqual([])
  expect([(await client.get(`/tasks/${task.id}`)).status, await restored(client, task.id)]).toEqual([404, 404])
  expect(await actionsOn(tenant, task.id)).toEqual(['created', 'deleted', 'purged'])
})

test('deletes a task in the trash for good, and is 404 when it is in neither', async () => {
  const { client, task, tenant } = await newAcme()
  await client.delete(`/tasks/${task.id}`)
  const remove = async () => (await client.delete(`/tasks/${task.id.toUpperCase()}?permanent=true`)).status
  expect([await remove(), await remove()]).toEqual([204, 404])
  expect(await trashOf(tenant)).toEqual([])
  expect(await restored(client, task.id)).toBe(404)
})

test('the audit trail has how many rows left the trash', async () => {
  const { client, task, tenant } = await newAcme()
  await client.delete(`/tasks/${task.id}?permanent=true`)
  const [entry] = await owner`
    select changes, source from tenancy.audit_trail where tenant_id = ${tenant} and action = 'purged'`
  expect(entry).toEqual({ changes: { rows: { from: '1', to: '0' } }, source: 'request' })
})

test('leaves the rest of the trash', async () => {
  const { client, task, tenant } = await newAcme()
  const other = await createTask(client)
  await client.delete(`/tasks/${other.id}`)
  await client.delete(`/tasks/${task.id}?permanent=true`)
  expect((await trashOf(tenant)).map(({ id }) => id)).toEqual([other.id])
})

test('permanent=false and a deletion without it keep the row in the trash', async () => {
  const { client, task } = await newAcme()
  for (const query of ['', '?permanent=false']) {
    expect((await client.delete(`/tasks/${task.id}${query}`)).status).toBe(204)
    expect(await restored(client, task.id)).toBe(200)
  }
})

test.each(['', 'yes', '1', 'TRUE', 'true&permanent=true'])(
  '?permanent=%s is 400 that names the parameter',
  async (value) => {
    const { client, task } = await newAcme()
    const { status, error } = await client.delete(`/tasks/${task.id}?permanent=${value}`)
    expect([status, error?.details]).toMatchObject([400, [{ path: 'permanent', in: 'query' }]])
    expect((await client.get(`/tasks/${task.id}`)).status).toBe(200)
  },
)

describe('a condition applies to a row that is there', () => {
  test('an ETag of another version is 412, and leaves the row and what the trash has', async () => {
    const { client, task, tenant } = await newAcme()
    const { headers } = await client.get(`/tasks/${task.id}`)
    await client.patch(`/tasks/${task.id}`, { status: 'done' })
    // An older generation of the row, as an import with the same id would leave it.
    await owner`
      insert into tenancy.trash (tenant_id, batch, resource, target_id, "row")
      values (${tenant}, ${crypto.randomUUID()}, 'tasks', ${task.id}, '{}')`
    const condition = { headers: { 'If-Match': headers.get('ETag') ?? '' } }
    expect((await client.send('DELETE', `/tasks/${task.id}?permanent=true`, condition)).status).toBe(412)
    expect((await client.get(`/tasks/${task.id}`)).status).toBe(200)
    expect(await trashOf(tenant)).toHaveLength(1)
  })

  test('its own ETag deletes it', async () => {
    const { client, task, tenant } = await newAcme()
    const { headers } = await client.get(`/tasks/${task.id}`)
    const condition = { headers: { 'If-Match': headers.get('ETag') ?? '' } }
    expect((await client.send('DELETE', `/tasks/${task.id}?permanent=true`, condition)).status).toBe(204)
    expect(await trashOf(tenant)).toEqual([])
  })
})

test('needs an owner, also for what is in the trash, while a member deletes into it', async () => {
  const caller = callerOf()
  const { id } = await createUser(caller.client)
  const as = (roles: string, query: string) =>
    caller.send('DELETE', `/users/${id}${query}`, { headers: { 'X-Roles': roles } })
  const refused = await as('member', '?permanent=true')
  expect([refused.status, refused.error?.message]).toEqual([403, 'You need the permission users:purge'])
  expect((await as('member', '')).status).toBe(204)
  expect((await as('member', '?permanent=true')).status).toBe(403)
  expect(await trashOf(caller.tenant)).toHaveLength(1)
  expect((await as('owner', '?permanent=true')).status).toBe(204)
})

test('under an Idempotency-Key it is another request than the deletion into the trash', async () => {
  const caller = callerOf()
  const { id } = await createUser(caller.client)
  const key = newKey()
  expect((await caller.send('DELETE', `/users/${id}`, { key })).status).toBe(204)
  expect((await caller.send('DELETE', `/users/${id}?permanent=true`, { key })).status).toBe(422)
  expect(await trashOf(caller.tenant)).toHaveLength(1)
})
