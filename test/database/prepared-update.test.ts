import { describe, expect, test } from 'bun:test'
import { eq } from 'drizzle-orm'
import { users } from '../../db/schema/users.ts'
import { preparedUpdate, type TenantTx } from '../../src/database/index.ts'
import { newTenant, withTenant } from '../tenants.ts'
import { failureOf, openDatabase, tenantWithUser } from './shared-database.ts'

const changedUser = preparedUpdate(users, ['id'], (tx, { set, placeholders: { id } }) =>
  tx.update(users).set(set).where(eq(users.id, id)).returning(),
)
const db = openDatabase()

/** Changes the user of a new tenant, and returns it. */
async function changed(set: Parameters<typeof changedUser>[1]) {
  const { tenant, userId: id } = await tenantWithUser(db)
  const [user] = await withTenant(tenant, () => db.write((tx) => changedUser(tx, set, { id })))
  return { user, id }
}

describe('a prepared update', () => {
  test('changes the columns that have a value, and no other', async () => {
    const { user, id } = await changed({ name: 'Grace', email: undefined })
    expect(user).toMatchObject({ id, name: 'Grace', email: expect.stringContaining('@') })
    expect((await changed({ email: 'grace@acme.example' })).user?.email).toBe('grace@acme.example')
  })

  test('encodes values as their columns do', async () => {
    const at = new Date('2026-04-05T12:00:00.000Z')
    expect((await changed({ name: 'Grace', updatedAt: at })).user?.name).toBe('Grace')
  })

  test('sends the same text for the same columns in another order, and values apart from it', async () => {
    db.sent.length = 0
    await changed({ name: "O'Neil", email: 'a@acme.example' })
    await changed({ email: 'b@acme.example', name: 'Grace' })
    const texts = db.sent.filter((text) => text.startsWith('update'))
    expect([texts.length, new Set(texts).size, texts.join().includes("O'Neil")]).toEqual([2, 1, false])
  })

  test('changes no row of another tenant', async () => {
    const { userId: id } = await tenantWithUser(db)
    const work = (tx: TenantTx) => changedUser(tx, { name: 'Mallory' }, { id })
    expect(await withTenant(newTenant(), () => db.write(work))).toEqual([])
  })

  test('can give a row a new id, beside the id that it looks for', async () => {
    const { tenant, userId: id } = await tenantWithUser(db)
    // app_user may not change ids: PostgreSQL refuses the column, not the query.
    const work = (tx: TenantTx) => changedUser(tx, { id: crypto.randomUUID() }, { id })
    expect(await failureOf(withTenant(tenant, () => db.write(work)))).toMatchObject({ code: 'VALIDATION_FAILED' })
  })

  test('without any value is the error of Drizzle, and so is one of an unknown column', async () => {
    expect(changed({})).rejects.toThrow('No values to set')
    expect(changed({ other: 1 } as never)).rejects.toThrow('No values to set') // as a JavaScript caller may
  })
})
