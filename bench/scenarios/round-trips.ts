import { sql } from 'drizzle-orm'
import { Context } from 'hono'
import { tenantIdOf } from '../../db/seed-many.ts'
import { withTenant } from '../../src/context/index.ts'
import { createPool, createTenantDatabase, type TenantDatabase } from '../../src/database/index.ts'
import { taskPages } from '../../src/service/features/tasks/pages.ts'
import { deleteTask, findTask, insertTask, updateTask } from '../../src/service/features/tasks/repository.ts'
import { openCountingProxy } from '../../test/database/counting-proxy.ts'
import { randomTask } from '../random-task.ts'
import type { Line, Scenario, Verdict } from '../scenario.ts'

const amount = { tenants: 100, tasks: 1000 }
const messages = 'messages'
/** More than any transaction here sends: a transaction that waits for a further message would not end. */
const limit = 100

interface Transaction {
  name: string
  target: number
  /** Prepares a transaction, and returns what runs it. */
  prepare(db: TenantDatabase): Promise<() => Promise<unknown>>
}

const tenant = tenantIdOf(1)
const { taskId } = randomTask({ tenants: 1, tasks: amount.tasks })
const newTask = { title: 'Write the report', userId: '5eed0000-0000-7000-8001-000000000001' }

const request = new Context(new Request('http://localhost/tasks'))

const once = (name: string, run: (db: TenantDatabase) => Promise<unknown>): Transaction => ({
  name,
  target: 1,
  prepare: async (db) => () => run(db),
})

const dependent = (count: number): Transaction => ({
  name: `${count} statements that await one another`,
  target: count + 1,
  prepare: async (db) => () =>
    db.write(async (tx) => {
      for (let number = 1; number <= count; number += 1) await tx.execute(sql`select ${number}::int`)
    }),
})

const transactions: Transaction[] = [
  once('get', (db) => db.read((tx) => findTask(tx, taskId))),
  once('list', (db) => db.read((tx) => taskPages.page(request, tx, taskPages.query.parse({})))),
  once('create', (db) => db.write((tx) => insertTask(tx, newTask))),
  once('update', (db) => db.write((tx) => updateTask(tx, taskId, { status: 'done' }))),
  {
    name: 'delete',
    target: 1,
    async prepare(db) {
      const { id } = await db.write((tx) => insertTask(tx, newTask))
      return () => db.write((tx) => deleteTask(tx, id))
    },
  },
  dependent(1),
  dependent(5),
]

export const roundTrips: Scenario = {
  name: 'round-trips',
  title: 'The messages of a transaction, each of which waits for the answer to the one before',
  async run({ databases, pace }) {
    const { url } = await databases.rowhouse(amount)
    await using proxy = await openCountingProxy(url)
    const db = createTenantDatabase({ connections: createPool({ url: proxy.url, size: 1 }) })
    const lines: Line[] = []
    for (const { name, prepare } of transactions) {
      const counts: number[] = []
      for (let round = 0; round <= pace.rounds; round += 1) {
        const run = await withTenant(tenant, () => prepare(db))
        // A read resolves before its COMMIT is answered: this transaction waits for it.
        await withTenant(tenant, () => db.write((tx) => tx.execute(sql`select 1`)))
        counts.push(await proxy.within(limit, () => withTenant(tenant, run)))
      }
      lines.push({ subject: name, figures: { [messages]: counts.slice(1) } }) // in the first one, statements are parsed
    }
    await db.close()
    const verdicts = transactions.map(
      ({ name, target }, index): Verdict => ({
        claim: name,
        bound: 'at most',
        target,
        unit: 'messages',
        rounds: lines[index]?.figures[messages] ?? [],
      }),
    )
    return {
      lines,
      verdicts,
      notes: [
        'Counted by test/database/counting-proxy.ts. test/database/round-trips.test.ts counts those of requests.',
      ],
    }
  },
}
