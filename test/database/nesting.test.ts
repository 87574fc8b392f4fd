import { describe, expect, test } from 'bun:test'
import { users } from '../../db/schema/users.ts'
import { TransactionMisuse } from '../../src/database/index.ts'
import { db } from '../database.ts'
import { newTenant, respelled, withTenant } from '../tenants.ts'
import { addUser, backendOf, countUsers, failureOf, gate, openDatabase } from './shared-database.ts'

// With a pool of one, a call that does not join would wait forever.
describe('a call inside of another', () => {
  test('joins it for the same tenant', async () => {
    await using database = openDatabase()
    const tenant = newTenant()
    const count = await withTenant(tenant, () =>
      database.write(async (tx) => {
        await addUser(tx)
        await database.write((inner) => addUser(inner))
        return await withTenant(respelled(tenant), () => database.read((inner) => inner.$count(users)))
      }),
    )
    expect(count).toBe(2)
    expect(database.sent.filter((text) => text.startsWith('begin'))).toHaveLength(1)
  })

  test('cannot write in a read', async () => {
    const tenant = newTenant()
    const work = () => db.read(() => db.write((tx) => addUser(tx)))
    expect(await withTenant(tenant, () => failureOf(work()))).toBeInstanceOf(TransactionMisuse)
    expect(await countUsers(tenant)).toBe(0)
  })

  test.each(['read', 'write'] as const)('cannot %s for another tenant', async (mode) => {
    const [a, b] = [newTenant(), newTenant()]
    const work = () => db.write(() => withTenant(b, () => db[mode]((tx) => tx.select().from(users))))
    expect(await withTenant(a, () => failureOf(work()))).toBeInstanceOf(TransactionMisuse)
  })

  test.each<['read' | 'write', string | undefined]>([
    ['read', 'bob'],
    ['write', 'bob'],
    ['write', undefined],
  ])('cannot %s for another actor: %p', async (mode, actor) => {
    const tenant = newTenant()
    const inner = () => withTenant(tenant, () => db[mode]((tx) => tx.select().from(users)), { actor })
    const outer = withTenant(tenant, () => failureOf(db.write(inner)), { actor: 'alice' })
    expect(await outer).toMatchObject({ name: 'TransactionMisuse', message: expect.stringContaining('another actor') })
  })

  test.each(['bob', undefined])('cannot use its transaction for another actor: %p', async (actor) => {
    const tenant = newTenant()
    const work = () => db.write((tx) => withTenant(tenant, () => addUser(tx), { actor }))
    expect(await withTenant(tenant, () => failureOf(work()), { actor: 'alice' })).toBeInstanceOf(TransactionMisuse)
    expect(await countUsers(tenant)).toBe(0)
  })

  test('joins it for the same actor', async () => {
    const tenant = newTenant()
    const actor = 'alice'
    const inner = () => withTenant(tenant, () => db.write((tx) => addUser(tx)), { actor })
    await withTenant(tenant, () => db.write(inner), { actor })
    expect(await countUsers(tenant)).toBe(1)
  })

  test('rolls back the whole transaction when it fails, even if the outer call catches the error', async () => {
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

  test('rolls back the whole transaction when it was not awaited', async () => {
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

  test('gets its own transaction after the outer one is over', async () => {
    await using database = openDatabase()
    const tenant = newTenant()
    const over = gate(2)
    let late: Promise<string> | undefined
    await withTenant(tenant, () =>
      database.write(async (tx) => {
        late = over().then(() => database.write((own) => addUser(own)))
        await addUser(tx)
      }),
    )
    await over()
    await late
    expect(await countUsers(tenant)).toBe(2)
  })

  test('does not join a concurrent transaction of the same tenant', async () => {
    await using database = openDatabase({ size: 2 })
    const both = gate(2)
    const work = () =>
      database.read(async (tx) => {
        await both()
        return await backendOf(tx)
      })
    const pids = await withTenant(newTenant(), () => Promise.all([work(), work()]))
    expect(new Set(pids).size).toBe(2)
  })
})
