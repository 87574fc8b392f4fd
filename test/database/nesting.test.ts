import { describe, expect, test } from 'bun:test'
import { users } from '../../db/schema/users.ts'
import { withTenant } from '../../src/context/index.ts'
import { TransactionMisuse } from '../../src/database/index.ts'
import { db, newTenant } from '../database.ts'
import { addUser, backendOf, countUsers, failureOf, gate, openDatabase } from './shared-database.ts'

// A pool of one: whatever does not join would wait for ever.
describe('a call inside of another', () => {
  test('joins it for the same tenant', async () => {
    await using door = openDatabase()
    const tenant = newTenant()
    const count = await withTenant(tenant, () =>
      door.write(async (tx) => {
        await addUser(tx)
        await door.write((inner) => addUser(inner))
        return await withTenant(tenant.toUpperCase(), () => door.read((inner) => inner.$count(users)))
      }),
    )
    expect(count).toBe(2)
    expect(door.sent.filter((text) => text.startsWith('begin'))).toHaveLength(1)
  })

  test('may not write in a read', async () => {
    const tenant = newTenant()
    const work = () => db.read(() => db.write((tx) => addUser(tx)))
    expect(await withTenant(tenant, () => failureOf(work()))).toBeInstanceOf(TransactionMisuse)
    expect(await countUsers(tenant)).toBe(0)
  })

  test.each(['read', 'write'] as const)('may not %s for another tenant', async (mode) => {
    const [a, b] = [newTenant(), newTenant()]
    const work = () => db.write(() => withTenant(b, () => db[mode]((tx) => tx.select().from(users))))
    expect(await withTenant(a, () => failureOf(work()))).toBeInstanceOf(TransactionMisuse)
  })

  test('rolls all back when it fails, though the outer one swallows it', async () => {
    const tenant = newTenant()
    const inner = new Error('inner')
    const work = () =>
      db.write(async (tx) => {
        await addUser(tx)
        await db
          .write(async (again) => {
            await addUser(again)
            throw inner
          })
          .catch(() => {})
      })
    expect(await withTenant(tenant, () => failureOf(work()))).toBe(inner)
    expect(await countUsers(tenant)).toBe(0)
  })

  test('rolls all back when nobody awaited it', async () => {
    const tenant = newTenant()
    const outerIsOver = gate(2)
    const abandoned: Promise<unknown>[] = []
    const work = () =>
      db.write(async () => {
        const inner = db.write(async (tx) => {
          await addUser(tx)
          await outerIsOver()
          await addUser(tx)
        })
        abandoned.push(failureOf(inner))
        await db.write((tx) => addUser(tx))
      })
    expect(await withTenant(tenant, () => failureOf(work()))).toBeInstanceOf(TransactionMisuse)
    await outerIsOver()
    expect(await abandoned[0]).toBeInstanceOf(TransactionMisuse)
    expect(await countUsers(tenant)).toBe(0)
  })

  test('gets a transaction of its own once the outer one is over', async () => {
    await using door = openDatabase()
    const tenant = newTenant()
    const over = gate(2)
    let late: Promise<string> | undefined
    await withTenant(tenant, () =>
      door.write(async (tx) => {
        late = over().then(() => door.write((own) => addUser(own)))
        await addUser(tx)
      }),
    )
    await over()
    await late
    expect(await countUsers(tenant)).toBe(2)
  })

  test('does not join a neighbour’s transaction of the same tenant', async () => {
    await using door = openDatabase({ size: 2 })
    const both = gate(2)
    const work = () =>
      door.read(async (tx) => {
        await both()
        return await backendOf(tx)
      })
    const pids = await withTenant(newTenant(), () => Promise.all([work(), work()]))
    expect(new Set(pids).size).toBe(2)
  })
})
