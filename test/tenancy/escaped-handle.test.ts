import { describe, expect, test } from 'bun:test'
import { sql } from 'drizzle-orm'
import { users } from '../../db/schema/users.ts'
import { type TenantTx, TransactionMisuse, withTenant } from '../../src/tenancy/index.ts'
import { db, newTenant } from '../database.ts'
import { addUser, countUsers, failureOf, gate, openDoor, tenantWithUser } from './door.ts'

// Promise 7, on a pool of one: the next transaction, of another tenant, is on the very connection that the handle knew.
const modes = ['read', 'write'] as const

describe.each(modes)('a handle that outlives its %s', (mode) => {
  test('is refused when a sibling of the same Promise.all threw', async () => {
    await using door = openDoor()
    const [a, b] = [await tenantWithUser(door), await tenantWithUser(door)]
    const siblingThrew = gate(2)
    let late: Promise<unknown> | undefined
    const one = async (_tx: TenantTx) => {
      throw new Error('one')
    }
    const two = async (tx: TenantTx) => {
      await siblingThrew()
      return await tx.select().from(users)
    }
    const work = (tx: TenantTx) => {
      late = failureOf(two(tx))
      return Promise.all([one(tx), late])
    }
    expect(await withTenant(a.tenant, () => failureOf(door[mode](work)))).toMatchObject({ message: 'one' })
    const seen = await withTenant(b.tenant, () =>
      door[mode](async (tx) => {
        void siblingThrew()
        expect(await late).toBeInstanceOf(TransactionMisuse)
        return await tx.select({ tenant: users.tenantId }).from(users)
      }),
    )
    expect(seen).toEqual([{ tenant: b.tenant }])
  })

  test('is refused afterwards, and nothing is sent', async () => {
    await using door = openDoor()
    const { tenant } = await tenantWithUser(door)
    const stored = await withTenant(tenant, () => door[mode](async (tx) => [tx]))
    const sent = [...door.sent]
    for (const tx of stored) {
      expect(await failureOf(tx.select().from(users).execute())).toBeInstanceOf(TransactionMisuse)
      expect(await failureOf(tx.execute(sql`select 1`).execute())).toBeInstanceOf(TransactionMisuse)
      expect(await failureOf(tx.$count(users).then(String))).toBeInstanceOf(TransactionMisuse)
      expect(await failureOf(addUser(tx))).toBeInstanceOf(TransactionMisuse)
    }
    expect(door.sent).toEqual(sent)
  })

  test('is refused after a failure too', async () => {
    await using door = openDoor()
    const stored: TenantTx[] = []
    const work = (tx: TenantTx) => {
      stored.push(tx)
      throw new Error('no')
    }
    await withTenant(newTenant(), () => failureOf(door[mode](work)))
    for (const tx of stored) expect(await failureOf(tx.select().from(users))).toBeInstanceOf(TransactionMisuse)
    expect(door.sent.at(-1)).toBe('rollback')
  })

  test('is refused inside of the next tenant’s transaction', async () => {
    await using door = openDoor()
    const [a, b] = [await tenantWithUser(door), await tenantWithUser(door)]
    const [stored] = await withTenant(a.tenant, () => door[mode](async (tx) => [tx] as const))
    const seen = await withTenant(b.tenant, () =>
      door[mode](async (tx) => {
        expect(await failureOf(stored.select().from(users))).toBeInstanceOf(TransactionMisuse)
        return await tx.select({ tenant: users.tenantId }).from(users)
      }),
    )
    expect(seen).toEqual([{ tenant: b.tenant }])
  })

  test.each([
    ['a builder', (tx: TenantTx) => tx.select().from(users)],
    ['a prepared query', (tx: TenantTx) => tx.select().from(users).prepare('users')],
    ['a query that ran before', (tx: TenantTx) => tx.select().from(users).orderBy(users.id)],
  ])('is refused by %s that was stored', async (_name, build) => {
    await using door = openDoor()
    const [a, b] = [await tenantWithUser(door), await tenantWithUser(door)]
    const [stored] = await withTenant(a.tenant, () =>
      door[mode](async (tx) => {
        const query = build(tx)
        await query.execute()
        return [{ query }] as const
      }),
    )
    expect(await failureOf(stored.query.execute())).toBeInstanceOf(TransactionMisuse)
    await withTenant(b.tenant, () =>
      door[mode](async () => {
        expect(await failureOf(stored.query.execute())).toBeInstanceOf(TransactionMisuse)
      }),
    )
  })
})

describe.each(modes)('a query in a %s that nobody awaited', (mode) => {
  test('fails the call and is rolled back', async () => {
    await using door = openDoor()
    const tenant = newTenant()
    const abandoned: Promise<unknown>[] = []
    const work = async (tx: TenantTx) => {
      if (mode === 'write') await addUser(tx)
      abandoned.push(tx.execute(sql`select pg_sleep(0.01)`).execute())
    }
    expect(await withTenant(tenant, () => failureOf(door[mode](work)))).toBeInstanceOf(TransactionMisuse)
    expect(door.sent.at(-1)).toBe('rollback')
    expect(await countUsers(tenant)).toBe(0)
    await Promise.all(abandoned)
  })

  test('is not sent when it stood behind another', async () => {
    await using door = openDoor()
    const abandoned: Promise<unknown>[] = []
    const work = async (tx: TenantTx) => {
      abandoned.push(tx.execute(sql`select pg_sleep(0.01)`).execute())
      abandoned.push(failureOf(tx.execute(sql`select 'second'`).execute()))
    }
    expect(await withTenant(newTenant(), () => failureOf(door[mode](work)))).toBeInstanceOf(TransactionMisuse)
    expect(await abandoned[1]).toBeInstanceOf(TransactionMisuse)
    expect(door.sent).not.toContain(`select 'second'`)
  })

  test('is awaited before the rollback of a failure', async () => {
    await using door = openDoor()
    const order: string[] = []
    const work = async (tx: TenantTx) => {
      tx.execute(sql`select pg_sleep(0.01)`).then(() => order.push('answered'))
      throw new Error('no')
    }
    await withTenant(newTenant(), () => failureOf(door[mode](work)))
    expect(order).toEqual(['answered'])
    expect(door.sent.at(-1)).toBe('rollback')
  })
})

test('queries sent together on one handle are answered each with its own rows', async () => {
  const rows = await withTenant(newTenant(), () =>
    db.read((tx) => Promise.all(['a', 'b', 'c'].map((letter) => tx.execute(sql`select ${letter}::text as letter`)))),
  )
  expect(rows.map(([row]) => row?.letter)).toEqual(['a', 'b', 'c'])
})
