import { expectTypeOf, test } from 'bun:test'
import { eq, relations } from 'drizzle-orm'
import { type TaskRow, tasks } from '../../db/schema/tasks.ts'
import { type UserRow, users } from '../../db/schema/users.ts'
import {
  type AdminDatabase,
  type AdminTx,
  createTenantDatabase,
  one,
  prepared,
  type TenantDatabase,
  type TenantTx,
} from '../../src/database/index.ts'

const taskRelations = relations(tasks, ({ one }) => ({
  user: one(users, { fields: [tasks.tenantId, tasks.userId], references: [users.tenantId, users.id] }),
}))
const schema = { tasks, users, taskRelations }
type Schema = typeof schema
type Joined = TaskRow & { user: UserRow }
type TaskWithUser = { [Key in keyof Joined]: Joined[Key] }

// The compiler checks these: nothing is sent.
declare const db: TenantDatabase<Schema>
declare const plain: TenantDatabase
declare const admin: AdminDatabase<Schema>
const typed = (_work: () => unknown) => {}
const reason = { reason: 'a test' }

test('a relational query has the rows of its relations', () => {
  typed(() => {
    const many = db.read((tx) => tx.query.tasks.findMany({ with: { user: true } }))
    expectTypeOf(many).resolves.toEqualTypeOf<TaskWithUser[]>()
    const first = db.read((tx) => tx.query.users.findFirst({ columns: { id: true } }))
    expectTypeOf(first).resolves.toEqualTypeOf<{ id: string } | undefined>()
    const both = db.read((tx) => [tx.query.users.findMany(), one(tx.query.tasks.findMany())])
    expectTypeOf(both).resolves.toEqualTypeOf<[UserRow[], TaskRow | undefined]>()
    const byAdmin = admin.read(reason, (tx) => tx.query.users.findMany())
    expectTypeOf(byAdmin).resolves.toEqualTypeOf<UserRow[]>()
  })
})

test('a database has the relational queries of its schema, and without a schema none', () => {
  typed(() => {
    const connections = undefined as never // never called
    expectTypeOf(createTenantDatabase({ connections, schema })).toEqualTypeOf<TenantDatabase<Schema>>()
    expectTypeOf(createTenantDatabase({ connections })).toEqualTypeOf<TenantDatabase>()
    // @ts-expect-error: the schema has no such table
    db.read((tx) => tx.query.invoices.findMany())
    // @ts-expect-error: the database was created without a schema
    plain.read((tx) => tx.query.users.findMany())
  })
})

test('a repository that takes a transaction without a schema accepts one with a schema', () => {
  typed(() => {
    const allTasks = (tx: TenantTx) => tx.select().from(tasks)
    expectTypeOf(db.read(allTasks)).resolves.toEqualTypeOf<TaskRow[]>()
    const usesDatabase = (database: TenantDatabase) => database.read(allTasks)
    expectTypeOf(usesDatabase(db)).resolves.toEqualTypeOf<TaskRow[]>()
    const withUsers = (tx: TenantTx<Schema>) => tx.query.tasks.findMany({ with: { user: true } })
    expectTypeOf(db.read(withUsers)).resolves.toEqualTypeOf<TaskWithUser[]>()
    // @ts-expect-error: a transaction without a schema has no relational queries
    plain.read(withUsers)
  })
})

test('a prepared relational query keeps the type of its rows', () => {
  typed(() => {
    const byId = prepared(['id'], (tx: TenantTx<Schema>, { id }) =>
      tx.query.tasks.findFirst({ where: eq(tasks.id, id), with: { user: true } }),
    )
    expectTypeOf(db.read((tx) => byId(tx, { id: '' }))).resolves.toEqualTypeOf<TaskWithUser | undefined>()
    // @ts-expect-error: a transaction without a schema has no relational queries
    plain.read((tx) => byId(tx, { id: '' }))
  })
})

test('work in a savepoint gets a transaction of the same kind', () => {
  typed(() => {
    const nested = db.write((tx) => tx.transaction((inner) => inner.query.users.findMany()))
    expectTypeOf(nested).resolves.toEqualTypeOf<UserRow[]>()
    const queries = db.write((tx) => tx.transaction((inner) => [inner.$count(tasks), inner.query.users.findMany()]))
    expectTypeOf(queries).resolves.toEqualTypeOf<[number, UserRow[]]>()
    const byAdmin = admin.write(reason, (tx) => tx.transaction(async (inner: AdminTx<Schema>) => inner.$count(tasks)))
    expectTypeOf(byAdmin).resolves.toEqualTypeOf<number>()
    // @ts-expect-error: the savepoint of an administrative transaction is no transaction of a tenant
    admin.write(reason, (tx) => tx.transaction((inner: TenantTx) => inner.$count(tasks)))
    // @ts-expect-error: administrative work has no tenant in whose context a function could run
    admin.write(reason, async (tx) => tx.afterCommit(() => {}))
  })
})

test('a stream has the rows of its query', () => {
  typed(() => {
    const stream = (tx: TenantTx<Schema>) => tx.stream(tx.select({ id: tasks.id }).from(tasks), { batch: 10 })
    expectTypeOf<ReturnType<typeof stream>>().toEqualTypeOf<AsyncIterable<{ id: string }>>()
    const relational = (tx: TenantTx<Schema>) => tx.stream(tx.query.tasks.findMany({ with: { user: true } }))
    expectTypeOf<ReturnType<typeof relational>>().toEqualTypeOf<AsyncIterable<TaskWithUser>>()
    const byAdmin = (tx: AdminTx) => tx.stream(tx.select().from(users))
    expectTypeOf<ReturnType<typeof byAdmin>>().toEqualTypeOf<AsyncIterable<UserRow>>()
    // @ts-expect-error: one row is no stream
    const one = (tx: TenantTx<Schema>) => tx.stream(tx.query.tasks.findFirst())
    return one
  })
})

test('a transaction across tenants is no transaction of a tenant, nor the other way round', () => {
  typed(() => {
    const repository = (tx: TenantTx<Schema>) => tx.query.users.findMany()
    const administrative = (tx: AdminTx<Schema>) => tx.query.users.findMany()
    // @ts-expect-error: the work is that of a tenant
    admin.read(reason, repository)
    // @ts-expect-error: the work is administrative
    db.read(administrative)
  })
})
