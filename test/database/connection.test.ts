import { describe, expect, test } from 'bun:test'
import { createServer, type Server } from 'node:net'
import { sql } from 'drizzle-orm'
import { users } from '../../db/schema/users.ts'
import {
  connectionPerTransaction,
  createTenantDatabase,
  openConnection,
  query,
  TransactionMisuse,
} from '../../src/database/index.ts'
import { findDatabaseError } from '../../src/errors/index.ts'
import { assertRowSecurity, createIsolationCheck } from '../../src/isolation/index.ts'
import { main } from '../database.ts'
import { newTenant, tenantIds, withTenant } from '../tenants.ts'
import {
  addUser,
  backendOf,
  countUsers,
  failureOf,
  openCable,
  openDatabase,
  owner,
  tenantWithUser,
  terminate,
  until,
} from './shared-database.ts'

describe('a command that would begin or end the transaction', () => {
  test.each([
    'commit',
    'COMMIT AND CHAIN',
    ' rollback',
    'abort',
    'end',
    'begin',
    'start transaction',
    '\n commit; ',
    'prepare transaction $$x$$',
  ])('is rejected before it is sent, and nothing is committed: %p', async (text) => {
    await using db = openDatabase()
    const tenant = newTenant()
    const work = () =>
      db.write(async (tx) => {
        await addUser(tx)
        await tx.execute(sql.raw(text))
      })
    expect(await withTenant(tenant, () => failureOf(work()))).toBeInstanceOf(TransactionMisuse)
    expect(db.sent.slice(1)).not.toContain(text)
    expect(await countUsers(tenant)).toBe(0)
  })

  test.each(['commit', 'rollback', 'begin', 'commit and chain', 'rollback and chain'])(
    'is found behind a comment, and the next transaction is unaffected: %p',
    async (command) => {
      await using db = openDatabase()
      const work = () => db.write((tx) => tx.execute(sql.raw(`/* hidden */ ${command}`)))
      expect(await withTenant(newTenant(), () => failureOf(work()))).toBeInstanceOf(TransactionMisuse)
      const tenant = newTenant()
      await withTenant(tenant, () => db.write((tx) => addUser(tx)))
      expect(await countUsers(tenant)).toBe(1)
    },
  )

  test('is rejected behind another statement in the same text', async () => {
    await using db = openDatabase()
    const tenant = newTenant()
    const work = () =>
      db.write(async (tx) => {
        await addUser(tx)
        await tx.execute(sql.raw('select 1; commit'))
      })
    expect(findDatabaseError(await withTenant(tenant, () => failureOf(work())))?.sqlstate).toBe('42601')
    expect(await countUsers(tenant)).toBe(0)
  })
})

describe('a connection that is lost', () => {
  test('during a query rejects with SERVICE_UNAVAILABLE and rolls back', async () => {
    await using db = openDatabase()
    const tenant = newTenant()
    const work = withTenant(tenant, () =>
      failureOf(
        db.write(async (tx) => {
          await addUser(tx)
          await tx.execute(sql.raw(`select pg_sleep(60) /* ${tenant} */`))
        }),
      ),
    )
    const sleeper = () => owner`select pid from pg_stat_activity where query = ${`select pg_sleep(60) /* ${tenant} */`}`
    await until(async () => (await sleeper()).length === 1)
    await terminate((await sleeper())[0]?.pid)
    expect(await work).toMatchObject({ name: 'ApiError', code: 'SERVICE_UNAVAILABLE' })
    expect(await countUsers(tenant)).toBe(0)
    await withTenant(tenant, () => db.write((tx) => addUser(tx)))
    expect(await countUsers(tenant)).toBe(1)
  })

  test('between two queries rejects with SERVICE_UNAVAILABLE, and the second query never runs', async () => {
    await using cable = await openCable()
    await using db = openDatabase({ url: cable.url })
    const locks: unknown[] = []
    const work = () =>
      db.write(async (tx) => {
        await cable.cut(await backendOf(tx))
        // A session-level lock: it would outlive the transaction and show that the query ran.
        await tx.execute(sql`select pg_advisory_lock(70001)`).catch(() => {})
        locks.push(...(await owner`select from pg_locks where locktype = 'advisory' and objid = 70001`))
      })
    expect(await withTenant(newTenant(), () => failureOf(work()))).toMatchObject({ code: 'SERVICE_UNAVAILABLE' })
    expect(locks).toEqual([])
  })

  test('does not run a statement that was sent behind the running one', async () => {
    await using cable = await openCable()
    const connection = openConnection({ url: cable.url })
    const [row] = await query(connection, 'select pg_backend_pid() as pid')
    const sleep = { text: 'select pg_sleep($1::float8)', parameters: [60] }
    const behind = { text: 'select pg_advisory_lock($1)', parameters: [70002] }
    const lost = failureOf(connection.send([sleep, behind]))
    await until(
      async () => (await owner`select from pg_stat_activity where query like 'select pg_sleep($1%'`).length > 0,
    )
    await cable.cut(Number(row?.pid))
    expect(await lost).toMatchObject({ code: 'SERVICE_UNAVAILABLE' })
    expect([...(await owner`select from pg_locks where locktype = 'advisory' and objid = 70002`)]).toEqual([])
    await connection.close()
  })

  test('before the transaction begins fails at most one transaction', async () => {
    await using db = openDatabase()
    await terminate(await withTenant(newTenant(), () => db.read(backendOf)))
    const tenant = newTenant()
    const outcomes = await withTenant(tenant, () =>
      Promise.allSettled([db.write((tx) => addUser(tx)), db.write((tx) => addUser(tx))]),
    )
    expect(outcomes.at(-1)?.status).toBe('fulfilled')
    expect(await countUsers(tenant)).toBe(outcomes.filter(({ status }) => status === 'fulfilled').length)
  })
})

describe('a connection without answers', () => {
  test('is destroyed, and the next call gets a new one', async () => {
    await using cable = await openCable()
    await using db = openDatabase({ url: cable.url, answerTimeoutMs: 500 })
    const { tenant } = await tenantWithUser(db)
    const seen = () => withTenant(tenant, () => db.read((tx) => tx.$count(users)))
    cable.freeze()
    expect(await failureOf(seen())).toMatchObject({ name: 'ApiError', code: 'SERVICE_UNAVAILABLE' })
    expect(await seen()).toBe(1)
  })

  test('does not block the isolation check forever', async () => {
    await using cable = await openCable()
    const isolation = createIsolationCheck({ url: cable.url, answerTimeoutMs: 1500 })
    await isolation.inspect()
    cable.freeze()
    expect(await failureOf(isolation.inspect())).toMatchObject({ name: 'ApiError', code: 'SERVICE_UNAVAILABLE' })
    assertRowSecurity(await isolation.inspect())
    await isolation.close()
  })
})

describe('a server that cannot be reached', () => {
  const listen = async (server: Server) => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const address = server.address()
    return `postgres://app_user:x@127.0.0.1:${typeof address === 'object' ? address?.port : ''}/x`
  }
  const listeners = {
    'never answers': () => {},
    'closes the socket': (socket: { destroy(): void }) => socket.destroy(),
  }

  test.each(['never answers', 'closes the socket'] as const)('rejects in time when it %s', async (manner) => {
    const server = createServer(listeners[manner])
    await using db = openDatabase({ url: await listen(server), connectTimeoutMs: 100 })
    const error = await withTenant(newTenant(), () => failureOf(db.read(backendOf)))
    expect(error).toMatchObject({ code: 'SERVICE_UNAVAILABLE' })
    server.close()
  })

  test('rejects with SERVICE_UNAVAILABLE when no process listens', async () => {
    const server = createServer()
    const url = await listen(server)
    await new Promise((resolve) => server.close(resolve))
    await using db = openDatabase({ url })
    const error = await withTenant(newTenant(), () => failureOf(db.read(backendOf)))
    expect(error).toMatchObject({ code: 'SERVICE_UNAVAILABLE', headers: { 'Retry-After': '1' } })
  })

  test('rejects with SERVICE_UNAVAILABLE when it refuses the password', async () => {
    const url = new URL(main.appUrl)
    url.password = 'wrong'
    await using db = openDatabase({ url: url.href })
    const error = await withTenant(newTenant(), () => failureOf(db.read(backendOf)))
    expect(error).toMatchObject({ code: 'SERVICE_UNAVAILABLE', cause: { code: '28P01' } })
  })
})

test('a connection per transaction is closed after the transaction', async () => {
  const connections = connectionPerTransaction({ url: main.appUrl })
  const db = createTenantDatabase({ connections, ...tenantIds })
  const pids = await withTenant(newTenant(), async () => [await db.read(backendOf), await db.read(backendOf)])
  expect(new Set(pids).size).toBe(2)
  await until(async () => (await owner`select from pg_stat_activity where pid = any (${pids})`).length === 0)
})
