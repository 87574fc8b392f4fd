import { afterAll, describe, expect, test } from 'bun:test'
import { sql } from 'drizzle-orm'
import { users } from '../../db/schema/users.ts'
import { createPool, createTenantDatabase, PrivilegedLogin, type TenantTx } from '../../src/database/index.ts'
import { main, db as shared } from '../database.ts'
import { newTenant, tenantIds, withTenant } from '../tenants.ts'
import { addUser, countUsers, failureOf, openDatabase, owner, tenantWithUser } from './shared-database.ts'

// Row-level security does not apply to these logins: without the check, each tenant would get the rows of all, without an error.

const bypassing = `bypassing_${crypto.randomUUID().slice(0, 8)}`
await owner.unsafe(`create role ${bypassing} login bypassrls password 'secret' in role app_user`)
afterAll(async () => void (await owner.unsafe(`drop role ${bypassing}`)))

const bypassingUrl = Object.assign(new URL(main.ownerUrl), { username: bypassing, password: 'secret' }).href
const logins: [string, string, string][] = [
  ['a superuser', main.ownerUrl, new URL(main.ownerUrl).username],
  ['a login with BYPASSRLS', bypassingUrl, bypassing],
]

async function afterFailedSavepoint(tx: TenantTx) {
  await failureOf(tx.transaction((inner) => inner.execute(sql`select 1 / 0`)))
  return await tx.select().from(users)
}

describe.each(logins)('a tenant database with %s', (_, url, name) => {
  const list = [
    ['work that returns a query', (db: typeof shared) => db.read((tx) => tx.select().from(users))],
    ['work that awaits', (db: typeof shared) => db.read(async (tx) => await tx.select().from(users))],
    ['work that begins with a savepoint that fails', (db: typeof shared) => db.read(afterFailedSavepoint)],
  ] as const

  test.each(list)('returns no rows from %s, and names the login and the remedy', async (_mode, read) => {
    await tenantWithUser(shared)
    await using db = openDatabase({ url })
    const error = await withTenant(newTenant(), () => failureOf(read(db)))
    expect(error).toBeInstanceOf(PrivilegedLogin)
    expect(String(error)).toContain(`works as ${name}, to which row-level security does not apply`)
    expect(String(error)).toContain('Log in as app_user')
  })

  test('refuses every transaction, not only the first', async () => {
    await using db = openDatabase({ url })
    for (const work of [list[0][1], list[1][1], list[0][1]])
      expect(await withTenant(newTenant(), () => failureOf(work(db)))).toBeInstanceOf(PrivilegedLogin)
  })

  const insert = { email: 'ada@rowhouse.example', name: 'Ada' }
  test.each([
    ['work that returns a query', (db: typeof shared) => db.write((tx) => tx.insert(users).values(insert))],
    ['work that awaits', (db: typeof shared) => db.write((tx) => addUser(tx))],
  ])('writes nothing of %s', async (_work, write) => {
    const tenant = newTenant()
    await using db = openDatabase({ url })
    expect(await withTenant(tenant, () => failureOf(write(db)))).toBeInstanceOf(PrivilegedLogin)
    expect(await countUsers(tenant)).toBe(0)
  })
})

test('a superuser’s login that takes the serving role in each transaction is accepted', async () => {
  const connections = createPool({ url: main.ownerUrl, size: 1 })
  const db = createTenantDatabase({ connections, role: 'app_user', ...tenantIds })
  const { tenant } = await tenantWithUser(db)
  expect(await withTenant(newTenant(), () => db.read((tx) => tx.$count(users)))).toBe(0)
  expect(await withTenant(tenant, () => db.read((tx) => tx.$count(users)))).toBe(1)
  await db.close()
})

test('the login is checked once, in the round trip of the first query', async () => {
  await using db = openDatabase()
  const read = () => withTenant(newTenant(), () => db.read((tx) => tx.execute(sql`select 1`)))
  await read()
  await read()
  expect(db.sent.filter((text) => text.includes('rolbypassrls'))).toHaveLength(1)
})
