import { expect, test } from 'bun:test'
import { eq, sql } from 'drizzle-orm'
import { users } from '../../db/schema/users.ts'
import { createPool, createTenantDatabase, prepared, type TenantDatabase } from '../../src/database/index.ts'
import { main } from '../database.ts'
import { tenantIds, withTenant } from '../tenants.ts'
import { owner, tenantWithUser, until } from './shared-database.ts'

// No test here looks at the time: what waits ends only when the test ends it.

const userById = prepared(['id'], (tx, { id }) => tx.select().from(users).where(eq(users.id, id)))
const touch = prepared([], (tx) => tx.update(users).set({ name: sql`name` }))
const waits = prepared(['key'], (tx, { key }) =>
  tx
    .select({ slept: sql`pg_sleep(0.005)`, locked: sql`pg_advisory_xact_lock_shared(${key}::bigint)` })
    .from(sql`generate_series(1, 1)`),
)

/** A pool of two whose connections know every statement, and five tenants. */
async function opened() {
  const db = createTenantDatabase({ connections: createPool({ url: main.appUrl, size: 2 }), ...tenantIds })
  const tenants = await Promise.all(Array.from({ length: 5 }, () => tenantWithUser(db)))
  const get = ({ tenant, userId }: (typeof tenants)[number]) =>
    withTenant(tenant, () => db.read((tx) => userById(tx, { id: userId })))
  const getAll = async () => {
    const found = await Promise.all(tenants.slice(1).map(get))
    expect(found.map((rows) => rows.map(({ id }) => id))).toEqual(tenants.slice(1).map(({ userId }) => [userId]))
  }
  const first = tenants[0] ?? expect.unreachable()
  const asFirst = <T>(work: (db: TenantDatabase) => Promise<T>) => withTenant(first.tenant, () => work(db))
  const wait = (key: number) => asFirst((db) => db.read((tx) => waits(tx, { key })))
  const write = () => asFirst((db) => db.write((tx) => touch(tx, {})))
  for (let turn = 0; turn < 10; turn += 1)
    await Promise.all([wait(0), write(), getAll(), wait(0), getAll(), write(), getAll()])
  return { first, getAll, wait, write, [Symbol.asyncDispose]: () => db.close() }
}

const isWaiting = (condition: ReturnType<typeof owner>) =>
  until(async () => (await owner`select from pg_locks where not granted and ${condition}`).length > 0)

test('reads that begin with a slow statement are answered while it waits', async () => {
  await using db = await opened()
  const gate = await owner.reserve()
  const key = 91_001
  await gate`select pg_advisory_lock(${key})`
  for (let turn = 0; turn < 5; turn += 1) {
    const waiting = db.wait(key)
    await db.getAll()
    await isWaiting(owner`locktype = 'advisory' and objid = ${key}`)
    await gate`select pg_advisory_unlock(${key})`
    await waiting
    await gate`select pg_advisory_lock(${key})`
  }
  await gate`select pg_advisory_unlock(${key})`
  gate.release()
})

test('reads of other tenants that begin with a write are answered while it waits for a lock', async () => {
  await using db = await opened()
  const gate = await owner.reserve()
  for (let turn = 0; turn < 5; turn += 1) {
    await gate`begin`
    const [row] = await gate`
      select pg_backend_pid() as pid from users where id = ${db.first.userId} for update`
    const writing = db.write()
    await db.getAll()
    await until(
      async () =>
        (await owner`select from pg_stat_activity where ${row?.pid} = any (pg_blocking_pids(pid))`).length > 0,
    )
    await gate`commit`
    await writing
  }
  gate.release()
})
