import { describe, expect, test } from 'bun:test'
import { sql } from 'drizzle-orm'
import { users } from '../../db/schema/users.ts'
import { createTenantDatabase, mapped, prepared, TenantNotConfirmed, type TenantTx } from '../../src/database/index.ts'
import { asOwner, createDatabase, main } from '../database.ts'
import { newTenant, tenantIds, withTenant } from '../tenants.ts'
import { countUsers, failureOf, openDatabase, setsTenant, tenantWithUser } from './shared-database.ts'
import { watchedPool } from './watched-pool.ts'

describe('a tenant that PostgreSQL does not set', () => {
  const ada = { email: 'grace@rowhouse.example', name: 'Grace' }
  const insert = (tx: TenantTx) => tx.insert(users).values(ada)
  const insertPrepared = prepared([], (tx) => tx.insert(users).values(ada))

  test.each([
    ['work that returns a prepared query', (tx: TenantTx) => insertPrepared(tx, {})],
    ['work that returns a query', insert],
    ['work that returns queries', (tx: TenantTx) => mapped([insert(tx), tx.$count(users)], () => {})],
    ['work that awaits', async (tx: TenantTx) => void (await insert(tx))],
  ])('fails the message before a row is written: %s', async (_work, work: (tx: TenantTx) => PromiseLike<unknown>) => {
    const other = newTenant()
    let isWrong = false
    const rewrite = (text: string) =>
      isWrong && setsTenant(text)
        ? text.replace(`'app.current_tenant', $1`, `'app.current_tenant', left($1, 0) || '${other}'`)
        : text
    const violations: string[] = []
    const connections = watchedPool({ url: main.appUrl }, { rewrite })
    const db = createTenantDatabase({
      connections,
      onProtocolViolation: ({ what }) => violations.push(what),
      ...tenantIds,
    })
    const { tenant } = await tenantWithUser(db)
    isWrong = true
    expect(await withTenant(tenant, () => failureOf(db.write(work)))).toBeInstanceOf(TenantNotConfirmed)
    expect([await countUsers(tenant), await countUsers(other)]).toEqual([1, 0])
    expect(violations).toEqual(['PostgreSQL did not set the tenant of this transaction'])
    isWrong = false
    expect(await withTenant(tenant, () => db.read((tx) => tx.$count(users)))).toBe(1)
    await db.close()
  })

  test('is not what a division by zero of the work means', async () => {
    await using db = openDatabase()
    const { tenant } = await tenantWithUser(db)
    const error = await withTenant(tenant, () => failureOf(db.write((tx) => tx.execute(sql`select 1 / 0`))))
    expect(error).toMatchObject({ code: '22012' })
    expect(error).not.toBeInstanceOf(TenantNotConfirmed)
  })

  test('is set by PostgreSQL’s own function, whatever comes first in the search path', async () => {
    const database = await createDatabase()
    await asOwner(database).unsafe(`
      create schema evil;
      grant usage on schema evil to public;
      create function evil.set_config(text, text, boolean) returns text language sql as 'select $2';
      create function evil.current_setting(text, boolean) returns text language sql as 'select null::text';
      do $$ begin
        execute format('alter database %I set search_path = evil, pg_catalog, public', current_database());
      end $$`)
    await using db = openDatabase({ url: database.appUrl })
    const { tenant } = await tenantWithUser(db)
    expect(await withTenant(tenant, () => db.read((tx) => tx.$count(users)))).toBe(1)
  })
})
