import { describe, expect, test } from 'bun:test'
import { sql } from 'drizzle-orm'
import { one, type TenantTx, TransactionMisuse } from '../../src/database/index.ts'
import { db } from '../database.ts'
import { newTenant, withTenant } from '../tenants.ts'
import { failureOf, openDatabase } from './shared-database.ts'

describe('a write', () => {
  const level = (tx: TenantTx) =>
    one(tx.execute<{ level: string }>(sql`select current_setting('transaction_isolation') as level`))

  test.each(['read committed', 'repeatable read', 'serializable'] as const)(
    'runs at the level %s',
    async (isolation) => {
      const run = (work: Parameters<typeof db.write>[0]) => withTenant(newTenant(), () => db.write(work, { isolation }))
      expect(await run(level)).toEqual({ level: isolation })
      expect(await run(async (tx) => await level(tx))).toEqual({ level: isolation })
    },
  )

  test('of an unknown level is refused before anything is sent', async () => {
    await using db = openDatabase()
    const options = { isolation: 'serializable; drop table users' as never }
    expect(await withTenant(newTenant(), () => failureOf(db.write(level, options)))).toBeInstanceOf(TypeError)
    expect(db.sent).toEqual([])
  })

  test('joins only a transaction of its level', async () => {
    const inner = () => db.write(level, { isolation: 'serializable' })
    const outer = (isolation?: 'serializable') => withTenant(newTenant(), () => db.write(inner, { isolation }))
    expect(await outer('serializable')).toEqual({ level: 'serializable' })
    expect(await failureOf(outer())).toBeInstanceOf(TransactionMisuse)
  })
})
