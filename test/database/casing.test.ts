import { describe, expect, test } from 'bun:test'
import { eq, relations, sql } from 'drizzle-orm'
import { pgTable, text, timestamp, uuid } from 'drizzle-orm/pg-core'
import { countUpTo, prepared, preparedUpdate, type TenantTx } from '../../src/database/index.ts'
import { findDatabaseError } from '../../src/errors/index.ts'
import { closeAfterwards, main } from '../database.ts'
import { newTenant, withTenant } from '../tenants.ts'
import { addUser, failureOf, openDatabaseWith } from './shared-database.ts'

// The tables of the service, with the names of their columns left out.
const keys = () => ({
  tenantId: uuid().notNull().default(sql`tenancy.current_tenant_id()`),
  id: uuid().notNull().default(sql`tenancy.uuid_v7()`),
  createdAt: timestamp({ withTimezone: true }).notNull().defaultNow(),
})
const people = pgTable('users', { ...keys(), name: text().notNull() })
const jobs = pgTable('tasks', { ...keys(), title: text().notNull(), userId: uuid().notNull() })
const jobRelations = relations(jobs, ({ one }) => ({
  person: one(people, { fields: [jobs.tenantId, jobs.userId], references: [people.tenantId, people.id] }),
}))
const schema = { people, jobs, jobRelations }

const db = openDatabaseWith({ schema, casing: 'snake_case' }, { url: main.appUrl })
closeAfterwards(db)
const jobById = prepared(['id'], (tx, { id }) => tx.select().from(jobs).where(eq(jobs.id, id)))
const changeJob = preparedUpdate(jobs, ['id'], (tx, { set, placeholders: { id } }) =>
  tx.update(jobs).set(set).where(eq(jobs.id, id)).returning({ title: jobs.title, userId: jobs.userId }),
)

/** Runs work of a tenant with one job. */
function withJob<T>(
  work: (tx: TenantTx<typeof schema>, job: { id: string; userId: string }) => Promise<T>,
): Promise<T> {
  return withTenant(newTenant(), () =>
    db.write(async (tx) => {
      const userId = await addUser(tx)
      const [job] = await tx.insert(jobs).values({ title: 'Write', userId }).returning()
      return await work(tx, job ?? expect.unreachable())
    }),
  )
}

describe('casing', () => {
  test('names the columns of plain, prepared and relational queries, of counts and updates', async () => {
    await withJob(async (tx, { id, userId }) => {
      const job = { id, userId, title: 'Write' }
      expect(await tx.select().from(jobs)).toMatchObject([job])
      expect(await jobById(tx, { id })).toMatchObject([job])
      expect(await tx.query.jobs.findMany({ with: { person: true } })).toMatchObject([
        { ...job, person: { id: userId } },
      ])
      expect(await countUpTo(jobs, 5)(tx)).toBe(1)
      expect(await changeJob(tx, { title: 'Send', userId }, { id })).toEqual([{ title: 'Send', userId }])
    })
  })

  test.each(['tenantId', 'id', 'createdAt'] as const)('refuses a change of %s before it is sent', async (name) => {
    const values = { tenantId: newTenant(), id: newTenant(), createdAt: new Date() }
    await withJob(async (tx, { id }) => {
      const change = () =>
        tx
          .update(jobs)
          .set({ [name]: values[name] })
          .where(eq(jobs.id, id))
          .execute()
      expect(await failureOf(Promise.resolve().then(change))).toMatchObject({
        code: 'VALIDATION_FAILED',
        details: [{ path: name, code: 'read_only' }],
      })
    })
  })

  test('is that of the database that runs a prepared query, whichever ran it first', async () => {
    const titles = prepared([], (tx) => tx.select({ userId: jobs.userId }).from(jobs))
    await using other = openDatabaseWith({ casing: 'camelCase' }, { url: main.appUrl })
    const read = (each: typeof other) => withTenant(newTenant(), () => each.read((tx) => titles(tx, {})))
    expect(findDatabaseError(await failureOf(read(other)))?.sqlstate).toBe('42703') // it has no column "userId"
    await withJob(async (tx, { userId }) => expect(await titles(tx, {})).toEqual([{ userId }]))
  })
})
