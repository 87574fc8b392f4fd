import { getAuthTables } from 'better-auth/db'
import { getTableColumns, sql } from 'drizzle-orm'
import { withTenant } from 'rowhouse'
import { expectTenantIsolation } from 'rowhouse/testing'
import { expect, test } from 'vitest'
import { authTables, unreachable } from '../src/auth-schema.ts'
import { auth, db, pool } from './server.ts'

test("no tenant reaches another tenant's rows, and the service reaches no table of better-auth", async () => {
  const matrix = await expectTenantIsolation(db, { unreachable })
  expect(String(matrix)).toContain('public.notes')
})

test.each(unreachable)('the service cannot read %s', async (table) => {
  const read = () => db.read((tx) => tx.execute(sql`select from ${sql.raw(table)}`))
  await expect(withTenant(crypto.randomUUID(), read)).rejects.toMatchObject({ code: '42501' })
})

test.each(['public.notes', 'tenancy.tenants', 'tenancy.tenant_domains'])(
  'better-auth cannot read %s',
  async (table) => {
    await expect(pool.query(`select from ${table}`)).rejects.toMatchObject({ code: '42501' })
  },
)

test('the schema has all tables and fields that better-auth asks for', async () => {
  const wanted = Object.entries(getAuthTables(auth.options))
  expect(wanted.map(([name]) => name).toSorted()).toEqual(Object.keys(authTables).toSorted())
  for (const [name, { fields }] of wanted) {
    const table = authTables[name as keyof typeof authTables] // the names are equal
    expect(Object.keys(getTableColumns(table)), name).toEqual(expect.arrayContaining(Object.keys(fields)))
  }
})
