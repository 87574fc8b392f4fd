import { describe, expect, test } from 'bun:test'
import { eq, sql } from 'drizzle-orm'
import { tasks } from '../../db/schema/tasks.ts'
import { users } from '../../db/schema/users.ts'
import { findDatabaseError } from '../../src/errors/index.ts'
import { addUser, failureOf, owner } from '../database/shared-database.ts'
import { db } from '../database.ts'
import { newTenant, withTenant } from '../tenants.ts'

const tenantsOf = async (name: string) =>
  (await owner`select distinct tenant_id from users where name = ${name}`).map((row) => row.tenant_id)

describe('the database writes the tenant column', () => {
  test('on an insert', async () => {
    const tenant = newTenant()
    await withTenant(tenant, () => db.write((tx) => addUser(tx, tenant)))
    expect(await tenantsOf(tenant)).toEqual([tenant])
  })

  test('on a bulk insert', async () => {
    const tenant = newTenant()
    const people = ['a', 'b', 'c'].map((letter) => ({ email: `${letter}@rowhouse.example`, name: tenant }))
    await withTenant(tenant, () => db.write((tx) => tx.insert(users).values(people)))
    expect(await tenantsOf(tenant)).toEqual([tenant])
  })

  test('on an upsert, which updates only rows of the tenant', async () => {
    const [a, b] = [newTenant(), newTenant()]
    const id = crypto.randomUUID()
    const upsert = (tenant: string, name: string) =>
      withTenant(tenant, () =>
        db.write((tx) =>
          tx
            .insert(users)
            .values({ id, email: 'ada@rowhouse.example', name })
            .onConflictDoUpdate({ target: [users.tenantId, users.id], set: { name } }),
        ),
      )
    await upsert(a, 'first')
    await upsert(b, 'foreign')
    await upsert(a, 'second')
    const rows = await owner`select tenant_id, name from users where id = ${id} order by name`
    expect([...rows]).toEqual([
      { tenant_id: b, name: 'foreign' },
      { tenant_id: a, name: 'second' },
    ])
  })

  test('on a row that references another one', async () => {
    const tenant = newTenant()
    const found = await withTenant(tenant, () =>
      db.write(async (tx) => {
        await tx.insert(tasks).values({ title: 'Write the report', userId: await addUser(tx) })
        return await tx.select({ tenantId: tasks.tenantId }).from(tasks)
      }),
    )
    expect(found).toEqual([{ tenantId: tenant }])
  })

  test('and rejects an update of it', async () => {
    const error = await withTenant(newTenant(), () =>
      failureOf(db.write((tx) => tx.execute(sql`update users set tenant_id = ${newTenant()}`))),
    )
    expect(findDatabaseError(error)?.sqlstate).toBe('42501')
  })
})

test('a statement of one tenant affects no row of another', async () => {
  const [a, b] = [newTenant(), newTenant()]
  const id = await withTenant(b, () => db.write((tx) => addUser(tx, 'theirs')))
  const met = await withTenant(a, () =>
    db.write(async (tx) => [
      await tx.select().from(users).where(eq(users.id, id)),
      await tx.update(users).set({ name: 'mine' }).where(eq(users.id, id)).returning(),
      await tx.delete(users).where(eq(users.id, id)).returning(),
      (await tx.update(users).set({ name: 'mine' })).count,
      (await tx.delete(users)).count,
    ]),
  )
  expect(met).toEqual([[], [], [], 0, 0])
  expect([...(await owner`select name from users where id = ${id}`)]).toEqual([{ name: 'theirs' }])
})
