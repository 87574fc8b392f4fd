import { expect, test } from 'bun:test'
import { sql } from 'drizzle-orm'
import { withTenant } from '../../src/context/index.ts'
import type { TenantTx } from '../../src/database/index.ts'
import { findDatabaseError } from '../../src/errors/index.ts'
import { backendOf, failureOf, gate, openDatabase } from '../database/shared-database.ts'
import { newTenant } from '../database.ts'

const asSomebody = <T>(work: () => Promise<T>) => withTenant(newTenant(), work)

test.each(['begin', 'rollback'])(
  'a %s that fails costs the connection, and nobody else hears of it',
  async (command) => {
    let isBroken = false
    const before = (text: string) => {
      if (!isBroken || text !== command) return
      isBroken = false
      throw new Error(`${command} was not sent`)
    }
    await using door = openDatabase({}, { before })
    const first = await asSomebody(() => door.write(backendOf))
    isBroken = true
    await asSomebody(() => failureOf(door.write((tx) => tx.execute(sql`select 1 / 0`))))
    expect(isBroken).toBe(false)
    expect(await asSomebody(() => door.write(backendOf))).not.toBe(first)
  },
)

test('the first of two failures is the one that the caller hears of', async () => {
  await using door = openDatabase()
  const isOver = gate(2)
  const abandoned: Promise<unknown>[] = []
  const work = async (tx: TenantTx) => {
    abandoned.push(door.read(isOver))
    await failureOf(tx.execute(sql`select 1 / 0`).execute())
  }
  const error = await asSomebody(() => failureOf(door.read(work)))
  expect(findDatabaseError(error)?.sqlstate).toBe('22012')
  await Promise.all([isOver(), ...abandoned])
})
