import { describe, expect, test } from 'bun:test'
import { sql } from 'drizzle-orm'
import { users } from '../../db/schema/users.ts'
import { runInContext } from '../../src/context/context.ts'
import { createPool, createTenantDatabase, mapped, type TenantTx, TransactionMisuse } from '../../src/database/index.ts'
import { asOwner, createDatabase } from '../database.ts'
import { contextOf, newTenant, tenantIds, withTenant } from '../tenants.ts'
import { addUser, countUsers, failureOf, openDatabase } from './shared-database.ts'

const ada = { email: 'ada@rowhouse.example', name: 'Ada' }
const isMisuse = (error: unknown): void => {
  expect(error).toBeInstanceOf(TransactionMisuse)
  expect(error).toMatchObject({ message: expect.stringContaining('A statement changed a setting of its transaction') })
}
const change = (name: string, value: string, isLocal = true) => sql`set_config(${name}, ${value}, ${isLocal}::boolean)`
const set = (name: string, value: string, isLocal = true) => sql`select ${change(name, value, isLocal)}`

describe('a statement that changes a setting of its transaction fails it, and nothing is committed:', () => {
  const other = newTenant()
  test.each([
    ['the tenant', set('app.current_tenant', other)],
    ['the tenant, for the session', set('app.current_tenant', other, false)],
    ['no tenant', set('app.current_tenant', '')],
    ['the request id', set('app.request_id', 'forged')],
    ['an actor where there is none', set('app.actor', 'eve')],
    ['SET LOCAL', sql.raw(`set local app.current_tenant = '${other}'`)],
    ['in a condition', sql`select from users where ${change('app.current_tenant', other)} is null`],
    ['with a search path of its own', sql`select ${change('search_path', 'public')}, ${change('app.actor', 'eve')}`],
  ])('%s', async (_name, statement) => {
    await using db = openDatabase()
    const tenant = newTenant()
    const handedOut: unknown[] = []
    const work = async (tx: TenantTx) => {
      await addUser(tx)
      handedOut.push(await tx.execute(statement))
    }
    isMisuse(await withTenant(tenant, () => failureOf(db.write(work))))
    const returns = (tx: TenantTx) => [
      tx.insert(users).values(ada),
      mapped(tx.execute(statement), (rows) => handedOut.push(rows)),
    ]
    isMisuse(await withTenant(tenant, () => failureOf(db.write(returns))))
    expect(handedOut).toEqual([])
    expect([await countUsers(tenant), await countUsers(other)]).toEqual([0, 0])
  })
})

test('the actor of a transaction cannot be changed', async () => {
  await using db = openDatabase()
  const context = { ...contextOf(newTenant()), actor: 'ada' }
  isMisuse(await runInContext(context, () => failureOf(db.write((tx) => tx.execute(set('app.actor', 'eve'))))))
})

test('a read of a statement that changed the tenant returns no rows', async () => {
  await using db = openDatabase()
  const work = () => db.read((tx) => tx.execute(set('app.current_tenant', newTenant())))
  isMisuse(await withTenant(newTenant(), () => failureOf(work())))
})

test('other queries of the same message return no rows either', async () => {
  await using db = openDatabase()
  const seen: unknown[] = []
  const work = async (tx: TenantTx) => {
    const change = tx.execute(set('app.current_tenant', newTenant())).execute()
    await Promise.allSettled([
      change,
      tx
        .select()
        .from(users)
        .then((rows) => seen.push(rows)),
    ])
  }
  isMisuse(await withTenant(newTenant(), () => failureOf(db.read(work))))
  expect(seen).toEqual([])
})

test('the work may set a setting of its own, and limits for its transaction', async () => {
  await using db = openDatabase()
  const work = async (tx: TenantTx) => {
    await tx.execute(sql`set local statement_timeout = 5000`)
    return await tx.execute(sql`select set_config('my.plan', 'enterprise', true) as plan`)
  }
  expect(await withTenant(newTenant(), () => db.write(work))).toMatchObject([{ plan: 'enterprise' }])
})

test('a division by zero of the work stays its own error', async () => {
  await using db = openDatabase()
  const error = await withTenant(newTenant(), () => failureOf(db.write((tx) => tx.execute(sql`select 1 / 0`))))
  expect(error).toMatchObject({ code: '22012', message: 'division by zero' })
})

test('a deferred constraint trigger runs while its transaction still has its tenant', async () => {
  const database = await createDatabase()
  await asOwner(database).unsafe(`
    create function record() returns trigger language plpgsql as
      $$ begin update users set name = 'seen by ' || current_setting('app.current_tenant'); return null; end $$;
    create constraint trigger record after insert on users deferrable initially deferred
      for each row execute function record()`)
  await using db = openDatabase({ url: database.appUrl })
  const tenant = newTenant()
  await withTenant(tenant, () => db.write((tx) => addUser(tx)))
  const names = () => db.read((tx) => tx.select({ name: users.name }).from(users))
  expect(await withTenant(tenant, names)).toEqual([{ name: `seen by ${tenant}` }])
})

test('a role that a transaction switched to cannot be changed', async () => {
  const { ownerUrl } = await createDatabase()
  const connections = createPool({ url: ownerUrl, size: 1 })
  const db = createTenantDatabase({ connections, role: 'app_user', ...tenantIds })
  const work = () => db.read((tx) => tx.execute(sql`set local role none`))
  isMisuse(await withTenant(newTenant(), () => failureOf(work())))
  await db.close()
})
