import { expect, test } from 'bun:test'
import { sql } from 'drizzle-orm'
import type { TenantTx } from '../../src/database/index.ts'
import { findDatabaseError } from '../../src/errors/index.ts'
import { backendOf, failureOf, gate, openDatabase } from '../database/shared-database.ts'
import { newTenant, withTenant } from '../tenants.ts'

const asTenant = <T>(work: () => Promise<T>) => withTenant(newTenant(), work)

test.each(['begin', 'rollback'])(
  'a failed %s closes the connection without an error for other transactions',
  async (command) => {
    let isBroken = false
    const before = (text: string) => {
      if (!isBroken || text !== command) return
      isBroken = false
      throw new Error(`${command} was not sent`)
    }
    await using db = openDatabase({}, { before })
    const first = await asTenant(() => db.write(backendOf))
    isBroken = true
    await asTenant(() => failureOf(db.write(async (tx) => await tx.execute(sql`select 1 / 0`))))
    expect(isBroken).toBe(false)
    expect(await asTenant(() => db.write(backendOf))).not.toBe(first)
  },
)

test('the caller gets the first of two errors', async () => {
  await using db = openDatabase()
  const isOver = gate(2)
  const abandoned: Promise<unknown>[] = []
  const work = async (tx: TenantTx) => {
    abandoned.push(db.read(isOver))
    await failureOf(tx.execute(sql`select 1 / 0`).execute())
  }
  const error = await asTenant(() => failureOf(db.read(work)))
  expect(findDatabaseError(error)?.sqlstate).toBe('22012')
  await Promise.all([isOver(), ...abandoned])
})
