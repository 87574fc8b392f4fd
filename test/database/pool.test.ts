import { describe, expect, test } from 'bun:test'
import { join } from 'node:path'
import { sql } from 'drizzle-orm'
import { users } from '../../db/schema/users.ts'
import { createPool, type TenantTx } from '../../src/database/index.ts'
import { main } from '../database.ts'
import { newTenant, withTenant } from '../tenants.ts'
import { addUser, backendOf, countUsers, failureOf, gate, openDatabase, terminate } from './shared-database.ts'

const root = join(import.meta.dir, '../..')

describe('a pool', () => {
  test('can be closed twice while a connection is in use', async () => {
    const pool = createPool({ url: main.appUrl, size: 1 })
    const connection = await pool.acquire()
    const closed = [pool.close(), pool.close()]
    pool.release(connection)
    await Promise.all(closed)
  })

  test('rejects a call that waits too long with SERVICE_UNAVAILABLE', async () => {
    await using db = openDatabase({ acquireTimeoutMs: 20 })
    const waited = gate(2)
    const running = withTenant(newTenant(), () =>
      db.read(async (tx) => {
        await backendOf(tx)
        await waited()
      }),
    )
    expect(await withTenant(newTenant(), () => failureOf(db.read(backendOf)))).toMatchObject({
      code: 'SERVICE_UNAVAILABLE',
      headers: { 'Retry-After': '1' },
    })
    await waited()
    await running
    expect(await withTenant(newTenant(), () => db.read(backendOf))).toBeGreaterThan(0)
  })

  test('does not keep a process from its end when it is closed', async () => {
    const program = `
      import { users } from '${root}/db/schema/users.ts'
      import { tenantIds, withTenant } from '${root}/test/tenants.ts'
      import { countUpTo, createPool, createTenantDatabase } from '${root}/src/database/index.ts'
      const db = createTenantDatabase({ connections: createPool({ url: process.env.URL, size: 1, acquireTimeoutMs: 600_000 }), ...tenantIds })
      const count = countUpTo(users, 1)
      for (let time = 0; time < 2; time += 1) await withTenant('${newTenant()}', () => db.read((tx) => count(tx)))
      await db.close()`
    const child = Bun.spawn([process.execPath, '--eval', program], {
      cwd: root,
      env: { ...process.env, URL: main.appUrl },
    })
    expect(await child.exited).toBe(0)
  })

  test('serves waiting calls in their order', async () => {
    const pool = createPool({ url: main.appUrl, size: 1 })
    const first = await pool.acquire()
    const served: number[] = []
    const waiters = [1, 2, 3, 4, 5].map(async (number) => {
      const connection = await pool.acquire()
      served.push(number)
      pool.release(connection)
    })
    pool.release(first)
    const late = pool.acquire()
    await Promise.all(waiters)
    pool.release(await late)
    expect(served).toEqual([1, 2, 3, 4, 5])
    await pool.close()
  })

  test('closes a connection that is released inside a transaction', async () => {
    const pool = createPool({ url: main.appUrl, size: 1 })
    const first = await pool.acquire()
    await first.command('begin read only')
    pool.release(first)
    const second = await pool.acquire()
    expect([first.fault, second.status]).toEqual(['closed', 'idle'])
    pool.release(second)
    await pool.close()
  })

  test('closes a connection that is released before the result of its statement', async () => {
    const pool = createPool({ url: main.appUrl, size: 1 })
    const first = await pool.acquire()
    const unfinished = failureOf(first.command('begin'))
    pool.release(first)
    const second = await pool.acquire()
    await second.command('begin')
    expect(await unfinished).toMatchObject({ code: 'SERVICE_UNAVAILABLE' })
    pool.release(second)
    await pool.close()
  })

  test('opens at most as many connections as its size', async () => {
    await using db = openDatabase({ size: 2 })
    const pids = await withTenant(newTenant(), () => Promise.all(Array.from({ length: 20 }, () => db.read(backendOf))))
    expect(new Set(pids).size).toBe(2)
  })

  test('replaces a connection that reached its lifetime', async () => {
    await using db = openDatabase({ lifetimeMs: 0 })
    const pids = await withTenant(newTenant(), async () => [await db.read(backendOf), await db.read(backendOf)])
    expect(new Set(pids).size).toBe(2)
  })

  test('opens a new connection for a waiting call when one is released with a fault', async () => {
    await using db = openDatabase()
    const [lost, next] = await withTenant(newTenant(), () =>
      Promise.allSettled([db.write(async (tx) => terminate(await backendOf(tx))), db.read(backendOf)]),
    )
    expect([lost?.status, next?.status]).toEqual(['rejected', 'fulfilled'])
  })

  test('closes after running and waiting calls finish, and rejects new ones', async () => {
    const db = openDatabase()
    const tenant = newTenant()
    const began = gate(2)
    const closing = gate(2)
    const [running, waiting] = withTenant(tenant, () => [
      db.write(async (tx) => {
        await addUser(tx)
        await began()
        await closing()
      }),
      db.write((tx) => addUser(tx)),
    ])
    await began()
    const closed = db.close()
    expect(await withTenant(tenant, () => failureOf(db.read(backendOf)))).toMatchObject({
      code: 'SERVICE_UNAVAILABLE',
    })
    await closing()
    await Promise.all([running, waiting, closed])
    expect(await countUsers(tenant)).toBe(2)
  })
})

describe('many transactions of many tenants', () => {
  const tenantsOf = async (tx: TenantTx) =>
    new Set((await tx.select({ tenant: users.tenantId }).from(users)).map((row) => row.tenant))

  /** The work of transaction `n`. Five of seven fail, each in its own way. */
  async function work(tx: TenantTx, n: number): Promise<Set<string>> {
    await addUser(tx)
    if (n % 7 === 1) throw new Error('thrown')
    if (n % 7 === 2) await tx.execute(sql`select 1 / 0`)
    if (n % 7 === 3) await tx.execute(sql`/* hidden */ commit`)
    if (n % 7 === 4) await tx.execute(sql`select pg_terminate_backend(pg_backend_pid())`)
    if (n % 7 === 5) await Promise.all([addUser(tx), Promise.reject(new Error('sibling'))])
    return await tenantsOf(tx)
  }

  test.each([1, 3])('see only their own rows, with a pool of %p and failing transactions in between', async (size) => {
    await using db = openDatabase({ size, acquireTimeoutMs: 60_000 })
    const tenants = Array.from({ length: 12 }, newTenant)
    const runs = Array.from({ length: 300 }, async (_, n) => {
      const tenant = tenants[n % tenants.length] ?? ''
      const found = await withTenant(tenant, () =>
        n % 2 === 0 ? db.write((tx) => work(tx, n)) : db.read(tenantsOf),
      ).catch(() => undefined)
      return { tenant, found, fails: n % 2 === 0 && n % 7 > 0 && n % 7 < 6 }
    })
    for (const { tenant, found, fails } of await Promise.all(runs)) {
      if (fails) expect(found).toBeUndefined()
      for (const seen of found ?? []) expect(seen).toBe(tenant)
    }
    const after = await Promise.all(tenants.map((tenant) => withTenant(tenant, () => db.read(tenantsOf))))
    expect(after.map((seen) => [...seen])).toEqual(tenants.map((tenant, n) => (n % 2 === 0 ? [tenant] : [])))
  })
})

describe('the spare connection of a pool', () => {
  const openPool = () => createPool({ url: main.appUrl, size: 3, spare: 1, acquireTimeoutMs: 10_000 })

  test('is not lent to a tenant that has one', async () => {
    const pool = openPool()
    const held = [await pool.acquire('a'), await pool.acquire('a')]
    let isServed = false
    const third = pool.acquire('a').then((connection) => {
      isServed = true
      return connection
    })
    const ofB = await pool.acquire('b')
    expect(isServed).toBe(false)
    for (const connection of [...held, ofB]) pool.release(connection)
    pool.release(await third)
    await pool.close()
  })

  test('is lent to a tenant without one, although a tenant with one waited before', async () => {
    const pool = openPool()
    const [first, second] = [await pool.acquire('a'), await pool.acquire('b')]
    const order: string[] = []
    const waits = ['a', 'c'].map(async (tenant) => {
      const connection = await pool.acquire(tenant)
      order.push(tenant)
      return connection
    })
    const ofC = await waits[1]
    expect(order).toEqual(['c'])
    for (const connection of [first, second, ofC]) if (connection) pool.release(connection)
    const ofA = await waits[0]
    if (ofA) pool.release(ofA)
    await pool.close()
  })

  test('is lent to transactions of no tenant', async () => {
    const pool = openPool()
    const held = [await pool.acquire('a'), await pool.acquire('a'), await pool.acquire()]
    for (const connection of held) pool.release(connection)
    await pool.close()
  })

  test.each([-1, 3, 0.5])('cannot be %p of three', (spare) => {
    expect(() => createPool({ url: main.appUrl, size: 3, spare })).toThrow(TypeError)
  })
})
