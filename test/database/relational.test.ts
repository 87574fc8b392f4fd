import { describe, expect, test } from 'bun:test'
import { asc, eq, relations, sql } from 'drizzle-orm'
import { tasks } from '../../db/schema/tasks.ts'
import { users } from '../../db/schema/users.ts'
import { one, prepared, type TenantTx } from '../../src/database/index.ts'
import { closeAfterwards, main, db as plain } from '../database.ts'
import { newTenant, withTenant } from '../tenants.ts'
import { addUser, failureOf, openDatabaseWith } from './shared-database.ts'

const taskRelations = relations(tasks, ({ one }) => ({
  user: one(users, { fields: [tasks.tenantId, tasks.userId], references: [users.tenantId, users.id] }),
}))
const userRelations = relations(users, ({ many }) => ({ tasks: many(tasks) }))
const schema = { tasks, users, taskRelations, userRelations }
type Tx = TenantTx<typeof schema>

const open = () => openDatabaseWith({ schema }, { url: main.appUrl })
const db = open()
closeAfterwards(db)

/** A tenant with two users, of which the first has two tasks. */
async function fill(): Promise<string> {
  const tenant = newTenant()
  await withTenant(tenant, () =>
    db.write(async (tx) => {
      const userId = await addUser(tx, 'Ada')
      await addUser(tx, 'Grace')
      await tx.insert(tasks).values(['Write', 'Send'].map((title) => ({ title, userId })))
    }),
  )
  return tenant
}
const usersWithTasks = (tx: Tx) =>
  tx.query.users.findMany({
    columns: { name: true },
    orderBy: asc(users.name),
    with: { tasks: { columns: { title: true }, orderBy: asc(tasks.title) } },
  })
const expected = [
  { name: 'Ada', tasks: [{ title: 'Send' }, { title: 'Write' }] },
  { name: 'Grace', tasks: [] },
]

describe('a relational query', () => {
  test('has the rows of its relations', async () => {
    const tenant = await fill()
    expect(await withTenant(tenant, () => db.read(usersWithTasks))).toEqual(expected)
    const found = await withTenant(tenant, () => db.read((tx) => tx.query.tasks.findFirst({ with: { user: true } })))
    expect(found).toMatchObject({ userId: expect.any(String), user: { name: 'Ada', createdAt: expect.any(Date) } })
  })

  test('has no rows of another tenant, at any depth', async () => {
    const [a] = [await fill(), await fill()]
    const deep = (tx: Tx) => tx.query.users.findMany({ with: { tasks: { with: { user: { with: { tasks: true } } } } } })
    const rows = await withTenant(a, () => db.read(deep))
    const tenants = JSON.stringify(rows).matchAll(/"tenantId":"([^"]+)"/g)
    expect(rows).toHaveLength(2)
    expect(new Set(Array.from(tenants, ([, id]) => id))).toEqual(new Set([a]))
  })

  test('goes in one message with COMMIT, beside other queries', async () => {
    await using watched = open()
    const tenant = await fill()
    const found = await withTenant(tenant, () => watched.read((tx) => [usersWithTasks(tx), tx.$count(users)]))
    expect(found).toEqual([expected, 2])
    expect(watched.sent.at(-1)).toBe('commit')
  })

  test('can be prepared, with placeholders', async () => {
    const byName = prepared(['name'], (tx: Tx, { name }) =>
      tx.query.users.findMany({ where: eq(users.name, name), with: { tasks: { columns: { title: true } } } }),
    )
    await using watched = open()
    const tenant = await fill()
    const find = (name: string) => withTenant(tenant, () => watched.read((tx) => one(byName(tx, { name }))))
    await find('Grace')
    watched.sent.length = 0
    expect(await find('Ada')).toMatchObject({ name: 'Ada', tasks: [{}, {}] })
    expect(watched.sent).toHaveLength(2) // the tenant and the query: without BEGIN
    expect(await find('Nobody')).toBeUndefined()
  })

  test('can run in a savepoint and across tenants of the same connection', async () => {
    await using watched = open()
    for (const tenant of [await fill(), await fill()])
      expect(await withTenant(tenant, () => watched.write((tx) => tx.transaction(usersWithTasks)))).toEqual(expected)
  })

  test('reads an expression of a relation from JSON, as over node-postgres', async () => {
    const tenant = await fill()
    const extras = {
      total: sql<number>`7::bigint`.as('total'),
      text: sql<string>`(2::numeric ^ 63)::numeric(20)::text`.as('text'),
    }
    const find = (tx: Tx) => tx.query.tasks.findFirst({ with: { user: { columns: { name: true }, extras } } })
    const found = await withTenant(tenant, () => db.read(find))
    expect(found?.user).toEqual({ name: 'Ada', total: 7, text: '9223372036854775808' })
  })
})

test('a database without a schema has no relational queries', async () => {
  const find = (tx: TenantTx) => usersWithTasks(tx as Tx) // what the types forbid
  expect(await withTenant(newTenant(), () => failureOf(plain.read(find)))).toBeInstanceOf(TypeError)
})
