import { expect, test } from 'bun:test'
import { sql } from 'drizzle-orm'
import { createPool, createTenantDatabase } from '../../src/database/index.ts'
import { main } from '../database.ts'
import { newTenant, tenantIds, withTenant } from '../tenants.ts'
import { gate } from './shared-database.ts'

test('the numbers of a pool are those of its connections and of the transactions that wait', async () => {
  const connections = createPool({ url: main.appUrl, size: 2 })
  const db = createTenantDatabase({ connections, ...tenantIds })
  expect(connections.numbers).toEqual({ size: 2, open: 0, idle: 0, busy: 0, waiting: 0 })
  const [areOpen, mayEnd] = [gate(3), gate(3)]
  const hold = () =>
    withTenant(newTenant(), () =>
      db.read(async (tx) => {
        await tx.execute(sql`select 1`)
        await areOpen()
        await mayEnd()
      }),
    )
  const held = [hold(), hold()]
  await areOpen()
  const third = withTenant(newTenant(), () => db.write(async (tx) => void (await tx.execute(sql`select 1`))))
  await new Promise(setImmediate)
  expect(connections.numbers).toEqual({ size: 2, open: 2, idle: 0, busy: 2, waiting: 1 })
  await mayEnd()
  await Promise.all([...held, third])
  await db.close()
  expect(connections.numbers).toEqual({ size: 2, open: 0, idle: 0, busy: 0, waiting: 0 })
})
