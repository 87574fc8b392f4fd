import { expect, expectTypeOf, test } from 'bun:test'
import { eq, sql } from 'drizzle-orm'
import type { PgRelationalQuery } from 'drizzle-orm/pg-core/query-builders/query'
import { type TaskRow, tasks } from '../../db/schema/tasks.ts'
import {
  type AdminDatabase,
  countUpTo,
  exists,
  mapped,
  one,
  prepared,
  type Query,
  type Rows,
  type TenantDatabase,
  type TenantTx,
} from '../../src/database/index.ts'
import { isQuery } from '../../src/database/query.ts'

// The compiler checks the first of these: nothing is sent.
declare const db: TenantDatabase
declare const admin: AdminDatabase
const taskById = prepared(['id'], (tx, { id }) => tx.select().from(tasks).where(eq(tasks.id, id)))
const countTasks = countUpTo(tasks, 100)
const allTasks = (tx: TenantTx) => tx.select().from(tasks)
const typed = (_work: () => unknown) => {}

test('the result of work that returns a query is the result of the query', () => {
  typed(() => {
    expectTypeOf(db.read(allTasks)).toEqualTypeOf<Promise<TaskRow[]>>()
    expectTypeOf(db.read((tx) => tx.$count(tasks))).toEqualTypeOf<Promise<number>>()
    expectTypeOf(db.read((tx) => taskById(tx, { id: '' }))).toEqualTypeOf<Promise<TaskRow[]>>()
    expectTypeOf(db.read(countTasks)).toEqualTypeOf<Promise<number>>()
    const execute = db.write((tx) => tx.execute<{ id: string }>(sql`select`))
    expectTypeOf(execute).toEqualTypeOf<Promise<Rows<{ id: string }>>>()
    const relational = (): PgRelationalQuery<TaskRow | undefined> => undefined as never // never called
    expectTypeOf(db.read(relational)).toEqualTypeOf<Promise<TaskRow | undefined>>()
  })
})

test('the result of work that returns queries has one result for each, in their order', () => {
  typed(() => {
    const three = db.read((tx) => [allTasks(tx), tx.$count(tasks), one(taskById(tx, { id: '' }))])
    expectTypeOf(three).toEqualTypeOf<Promise<[TaskRow[], number, TaskRow | undefined]>>()
    const ids: string[] = []
    const many = db.read((tx) => ids.map((id) => one(taskById(tx, { id }))))
    expectTypeOf(many).toEqualTypeOf<Promise<(TaskRow | undefined)[]>>()
    const written = db.write((tx) => [tx.insert(tasks).values([]), tx.$count(tasks)], { isolation: 'serializable' })
    expectTypeOf(written).toEqualTypeOf<Promise<[Rows<never>, number]>>()
  })
})

test('the result of work that awaits is what it returns', () => {
  typed(() => {
    expectTypeOf(db.write(async () => {})).toEqualTypeOf<Promise<void>>()
    expectTypeOf(db.read(async (tx) => allTasks(tx))).toEqualTypeOf<Promise<TaskRow[]>>()
    const object = db.write(async (tx) => ({ total: await tx.$count(tasks), word: 'a' }))
    expectTypeOf(object).toEqualTypeOf<Promise<{ total: number; word: string }>>()
    const both = db.read((tx) => Promise.all([allTasks(tx), countTasks(tx)]))
    expectTypeOf(both).toEqualTypeOf<Promise<[TaskRow[], number]>>()
    const generic = <T>(work: (tx: TenantTx) => Promise<T>): Promise<T> => db.read(work)
    expectTypeOf(generic).toBeFunction()
    const mode: 'read' | 'write' = Math.random() > 0.5 ? 'read' : 'write'
    expectTypeOf(db[mode](allTasks)).toEqualTypeOf<Promise<TaskRow[]>>()
  })
})

test('work that returns something else than a promise or queries does not compile', () => {
  typed(() => {
    // @ts-expect-error: a number is no query
    db.read(() => 1)
    // @ts-expect-error: one of the two is no query
    db.read((tx) => [tx.$count(tasks), 1])
    // @ts-expect-error: an object of queries is no array
    db.read((tx) => ({ total: tx.$count(tasks) }))
    // @ts-expect-error: PostgreSQL has no such level
    db.write(allTasks, { isolation: 'read uncommitted' })
    // @ts-expect-error: a transaction across tenants is no transaction of a tenant
    admin.read({ reason: '' }, (tx) => allTasks(tx))
  })
})

test('a repository names the result of its query', () => {
  typed(() => {
    const find = (tx: TenantTx, id: string): Query<TaskRow | undefined> => one(taskById(tx, { id }))
    expectTypeOf(db.read((tx) => find(tx, ''))).toEqualTypeOf<Promise<TaskRow | undefined>>()
    const remove = (tx: TenantTx): Query<boolean> => exists(tx.delete(tasks).returning({ id: tasks.id }))
    expectTypeOf(db.write(remove)).toEqualTypeOf<Promise<boolean>>()
    const titles = (tx: TenantTx): Query<string[]> => mapped(allTasks(tx), (rows) => rows.map(({ title }) => title))
    expectTypeOf(db.read((tx) => [titles(tx)])).toEqualTypeOf<Promise<[string[]]>>()
    // @ts-expect-error: an async function begins to send before the work returns
    const late = async (tx: TenantTx): Query<number> => await tx.$count(tasks)
    return late
  })
})

test('a query is recognised by its kind, from any copy of Drizzle', () => {
  const entityKind = Symbol.for('drizzle:entityKind')
  class OtherCopy {
    readonly isOther = true
    static readonly [entityKind] = 'PgSelect'
  }
  class Subclass extends OtherCopy {}
  expect([new OtherCopy(), new Subclass()].map(isQuery)).toEqual([true, true])
  expect([sql`select 1`, tasks, Promise.resolve(), {}, null, 'PgSelect'].some(isQuery)).toBe(false)
})
