import { expect, test } from 'bun:test'
import { sql } from 'drizzle-orm'
import { pgTable, serial } from 'drizzle-orm/pg-core'
import { prepared, type TenantTx } from '../../src/database/index.ts'
import { createCarelessDatabase } from '../database/session-state.ts'
import { addUser, backendOf, failureOf, openDatabase, owner, until } from '../database/shared-database.ts'
import { directUrl } from '../faults/recovery.ts'
import { callerOf, newUser } from '../idempotency/caller.ts'
import { newTenant, withTenant } from '../tenants.ts'

// What nothing stops: SECURITY.md, "SQL injection". A test that turns red here is good news for that page.

const as = <T>(work: () => Promise<T>) => withTenant(newTenant(), work)

test('a SELECT can end the transaction of another tenant', async () => {
  await using victim = openDatabase({ url: directUrl() })
  await using attacker = openDatabase({ url: directUrl() })
  const backend = Promise.withResolvers<number>()
  const attack = Promise.withResolvers<void>()
  const work = async (tx: TenantTx) => {
    backend.resolve(await backendOf(tx))
    await attack.promise
    return await tx.execute(sql`select 1`)
  }
  const ended = as(() => failureOf(victim.write(work)))
  const pid = await backend.promise
  await as(() => attacker.read((tx) => tx.execute(sql`select pg_terminate_backend(${pid}::int)`)))
  await until(async () => (await owner`select from pg_stat_activity where pid = ${pid}`).length === 0)
  attack.resolve()
  expect(await ended).toMatchObject({ code: 'SERVICE_UNAVAILABLE' })
})

test('LOCK TABLE makes other tenants wait until its transaction ends', async () => {
  await using victim = openDatabase({ url: directUrl() })
  await using attacker = openDatabase({ url: directUrl() })
  const isLocked = Promise.withResolvers<void>()
  const isSeen = Promise.withResolvers<void>()
  const attack = as(() =>
    attacker.write(async (tx) => {
      await tx.execute(sql`lock table users in share mode`)
      isLocked.resolve()
      await isSeen.promise
    }),
  )
  await isLocked.promise
  const waiting = as(() => victim.write((tx) => addUser(tx)))
  await until(async () => (await owner`select from pg_locks where not granted`).length > 0)
  isSeen.resolve()
  await attack
  expect(await waiting).toBeString()
})

test('a statement can lift the time limits of its role, for its own transaction only', async () => {
  await using db = openDatabase()
  const limit = sql`select current_setting('statement_timeout') as value`
  const lift = async (tx: TenantTx) => {
    await tx.execute(sql`set local statement_timeout = 0`)
    return await tx.execute(limit)
  }
  expect(await as(() => db.write(lift))).toEqual([{ value: '0' }] as never)
  expect(await as(() => db.read((tx) => tx.execute(limit)))).toEqual([{ value: '10s' }] as never)
})

test('lastval() shows the number that a prepared query of another tenant took before', async () => {
  const { appUrl } = await createCarelessDatabase()
  const numbered = pgTable('numbered', { n: serial('n').primaryKey() })
  const insert = prepared([], (tx) => tx.insert(numbered).values({}).returning())
  await using db = openDatabase({ url: appUrl })
  const rows = await as(() => db.write((tx) => insert(tx, {})))
  const [seen] = await as(() => db.read((tx) => tx.execute(sql`select lastval()::int as n`)))
  expect(seen).toEqual(rows[0] ?? {})
})

test('who knows a key of another tenant can make its requests wait', async () => {
  await using attacker = openDatabase({ url: directUrl() })
  const victim = callerOf()
  const request = { key: 'order-17', body: newUser() }
  const lock = sql`select pg_advisory_xact_lock(hashtextextended(${victim.tenant}::text || encode(sha256(convert_to(
    jsonb_build_array('ada', 'POST /users', 'order-17')::text, 'UTF8')), 'hex'), 0))`
  await as(() =>
    attacker.write(async (tx) => {
      await tx.execute(lock)
      expect((await victim.send('POST', '/users', request)).status).toBe(409)
    }),
  )
  expect((await victim.send('POST', '/users', request)).status).toBe(201)
})
