import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { eq, sql } from 'drizzle-orm'
import { users } from '../../db/schema/users.ts'
import { createPool, createTenantDatabase, prepared, type TenantTx } from '../../src/database/index.ts'
import { createApp } from '../../src/service/app.ts'
import { testClient } from '../../src/testing/index.ts'
import { deps, fixtures } from '../app.ts'
import { main } from '../database.ts'
import { newTenant, tenantIds, withTenant } from '../tenants.ts'
import { openCountingProxy } from './counting-proxy.ts'
import { addUser } from './shared-database.ts'

const proxy = await openCountingProxy(main.appUrl)
// One connection, so that every statement is prepared on it.
const db = createTenantDatabase({ connections: createPool({ url: proxy.url, size: 1 }), ...tenantIds })
const client = testClient(createApp({ ...deps, db })).as(newTenant())

afterAll(async () => {
  await db.close()
  await proxy[Symbol.asyncDispose]()
})

const userById = prepared(['id'], (tx, { id }) => tx.select().from(users).where(eq(users.id, id)))

/** The round trips of work whose connection is open and whose statements are prepared. More than `most` never arrive. */
async function tripsOf(most: number, work: () => Promise<unknown>): Promise<number> {
  await work()
  return await tripsOfFirst(most, work)
}
async function tripsOfFirst(most: number, work: () => Promise<unknown>): Promise<number> {
  // A read resolves before its COMMIT is answered: this transaction waits for it.
  await withTenant(newTenant(), () => db.write((tx) => tx.execute(sql`select 1`)))
  return await proxy.within(most, work)
}

describe('a request takes this many round trips:', () => {
  let userId = ''
  beforeAll(async () => {
    userId = await fixtures.userId(client)
  })
  const create = async () =>
    (await client.post<{ id: string }>('/tasks', { title: 'Write the report', userId })).data.id

  test('one to get a task', async () => {
    const id = await create()
    expect(await tripsOf(1, () => client.get(`/tasks/${id}`))).toBe(1)
  })

  test('one to list tasks with their total', async () => {
    expect(await tripsOf(1, () => client.get('/tasks?page=1&limit=20'))).toBe(1)
  })

  test('one to create a task', async () => {
    expect(await tripsOf(1, create)).toBe(1)
  })

  test('one to change a task', async () => {
    const id = await create()
    expect(await tripsOf(1, () => client.patch(`/tasks/${id}`, { status: 'done' }))).toBe(1)
  })

  test.each(['*', '"other"'])('one to change a task with If-Match: %s', async (tag) => {
    const id = await create()
    const headers = { 'If-Match': tag, 'Content-Type': 'application/json' }
    const change = () => client.send('PATCH', `/tasks/${id}`, { headers, body: '{"status":"done"}' })
    expect(await tripsOf(1, change)).toBe(1)
  })

  test('one to delete a task', async () => {
    const ids = [await create(), await create()]
    expect(await tripsOf(1, () => client.delete(`/tasks/${ids.pop()}`))).toBe(1)
  })

  test('one to delete a task for good', async () => {
    const ids = [await create(), await create()]
    expect(await tripsOf(1, () => client.delete(`/tasks/${ids.pop()}?permanent=true`))).toBe(1)
  })

  test('one to restore a task', async () => {
    const ids = [await create(), await create()]
    for (const id of ids) await client.delete(`/tasks/${id}`)
    expect(await tripsOf(1, () => client.post(`/tasks/${ids.pop()}/restore`, undefined))).toBe(1)
  })

  test('one to list deleted tasks with their total', async () => {
    expect(await tripsOf(1, () => client.get('/tasks?deleted=only'))).toBe(1)
  })
})

describe('a request with an Idempotency-Key takes this many round trips:', () => {
  const create = (key: string) => () =>
    client.send('POST', '/users', {
      body: JSON.stringify({ email: `${key}@rowhouse.example`, name: 'Ada' }),
      headers: { 'Content-Type': 'application/json', 'Idempotency-Key': key },
    })

  test('two: the claim goes with the work, and the answer with COMMIT', async () => {
    await create(crypto.randomUUID())()
    expect(await tripsOfFirst(2, create(crypto.randomUUID()))).toBe(2)
  })

  test('three for a replay: the claim, ROLLBACK and the answer', async () => {
    expect(await tripsOf(3, create(crypto.randomUUID()))).toBe(3)
  })
})

describe('a transaction takes this many round trips:', () => {
  const asTenant = (work: (tx: TenantTx) => PromiseLike<unknown>) => () => withTenant(newTenant(), () => db.write(work))

  test.each([1, 2, 5])('one for each of %p queries that wait for one another, and one for COMMIT', async (n) => {
    const work = asTenant(async (tx) => {
      for (let query = 0; query < n; query += 1) await tx.execute(sql`select ${query}::int`)
    })
    expect(await tripsOf(n + 1, work)).toBe(n + 1)
  })

  test('one for a read, which does not wait for its COMMIT', async () => {
    const read = () => withTenant(newTenant(), () => db.read((tx) => tx.$count(users)))
    expect(await tripsOf(1, read)).toBe(1)
  })

  test('one for a write that returns its queries', async () => {
    const write = () => withTenant(newTenant(), () => db.write((tx) => [tx.$count(users), tx.execute(sql`select 1`)]))
    expect(await tripsOf(1, write)).toBe(1)
  })

  test('two for a write whose work is async, although it awaits nothing', async () => {
    expect(
      await tripsOf(
        2,
        asTenant(async (tx) => tx.$count(users)),
      ),
    ).toBe(2)
  })

  test('one, and one for COMMIT, for queries that do not wait for one another, in their order', async () => {
    const seen: unknown[] = []
    const work = asTenant(async (tx) => {
      const [id, rows] = await Promise.all([addUser(tx), tx.select({ id: users.id }).from(users)])
      seen.push(rows.length === 1 && rows[0]?.id === id)
    })
    expect(await tripsOf(2, work)).toBe(2)
    expect(seen).toEqual([true, true])
  })

  test('zero without a query', async () => {
    expect(
      await tripsOf(
        0,
        asTenant(async () => {}),
      ),
    ).toBe(0)
  })

  test('as many for a new statement as for a prepared one', async () => {
    expect(
      await tripsOfFirst(
        1,
        asTenant((tx) => tx.execute(sql`select 'never before'`)),
      ),
    ).toBe(1)
  })

  test('one more to roll back a failure of work that awaits', async () => {
    const work = asTenant(async (tx) => await tx.select().from(users).where(eq(users.id, 'no id')))
    expect(await tripsOf(2, () => work().catch(() => {}))).toBe(2)
  })

  test('no more for the failure of a prepared query that the work returns', async () => {
    const work = asTenant((tx) => userById(tx, { id: 'no id' }))
    expect(await tripsOf(1, () => work().catch(() => {}))).toBe(1)
  })
})
