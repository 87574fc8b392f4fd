import { expect, test } from 'bun:test'
import { sql } from 'drizzle-orm'
import { Context } from 'hono'
import type { Query, TenantTx } from '../../src/database/index.ts'
import { taskPages } from '../../src/service/features/tasks/pages.ts'
import * as task from '../../src/service/features/tasks/repository.ts'
import { userPages } from '../../src/service/features/users/pages.ts'
import * as user from '../../src/service/features/users/repository.ts'
import { openDatabase } from '../database/shared-database.ts'
import { asOwner, createDatabase, unrecorded } from '../database.ts'
import { newTenant, withTenant } from '../tenants.ts'

const database = await createDatabase()
const tenant = newTenant()
const userId = crypto.randomUUID()

// PostgreSQL plans as for a million rows, where a known number of rows matters most.
await asOwner(database).unsafe(`${unrecorded}
  insert into users (tenant_id, id, email, name) values ('${tenant}', '${userId}', 'ada', 'Ada');
  insert into users (tenant_id, email, name)
    select '${tenant}', 'user' || n, 'Ada' from generate_series(1, 1000) as n;
  insert into tasks (tenant_id, title, user_id, created_at)
    select '${tenant}', 'Paint', '${userId}', now() - n * interval '1 minute' from generate_series(1, 1000) as n;
  analyze users, tasks;
  update pg_class set reltuples = 1e6 where oid in ('users'::regclass, 'tasks'::regclass)`)

type Work = (tx: TenantTx, call: number) => Query<unknown>
const c = new Context(new Request('http://localhost/'))
const listTasks = (tx: TenantTx) => taskPages.page(c, tx, taskPages.query.parse({}))
const listUsers = (tx: TenantTx) => userPages.page(c, tx, userPages.query.parse({}))

const works: [what: string, text: RegExp, work: Work][] = [
  ['gets a task', /^select (?!count).* from "tasks" where/, (tx) => task.findTask(tx, crypto.randomUUID())],
  ['gets a user', /^select (?!count).* from "users" where/, (tx) => user.findUser(tx, userId)],
  ['lists tasks', /^select .* from "tasks" order by/, listTasks],
  ['lists users', /^select .* from "users" order by/, listUsers],
  ['counts tasks', /^select count.* from "tasks"/, listTasks],
  ['counts users', /^select count.* from "users"/, listUsers],
  ['creates a task', /^insert into "tasks"/, (tx) => task.insertTask(tx, { title: 'Paint', userId })],
  [
    'creates a user',
    /^insert into "users"/,
    (tx, call) => user.insertUser(tx, { email: `${call}@a.example`, name: 'Ada' }),
  ],
  ['changes a task', /^update "tasks"/, (tx) => task.updateTask(tx, crypto.randomUUID(), { status: 'done' })],
  ['changes a user', /^update "users"/, (tx) => user.updateUser(tx, userId, { name: 'Ada' })],
  ['deletes a task', /^delete from "tasks"/, (tx) => task.deleteTask(tx, crypto.randomUUID())],
  ['deletes a user', /^delete from "users"/, (tx) => user.deleteUser(tx, crypto.randomUUID())],
]

test.each(works)('the query that %s is planned anew at most five times on a connection', async (_, text, work) => {
  await using db = openDatabase({ url: database.appUrl })
  await withTenant(tenant, async () => {
    for (let call = 0; call < 12; call += 1) await db.write((tx) => work(tx, call))
    const plans = await db.read((tx) =>
      tx.execute(sql`select statement, generic_plans, custom_plans from pg_prepared_statements`),
    )
    const [found, ...others] = plans.filter(({ statement }) => text.test(String(statement)))
    expect(others).toEqual([])
    expect(Number(found?.custom_plans)).toBeLessThanOrEqual(5)
    expect(Number(found?.generic_plans)).toBeGreaterThan(0)
  })
})
