import { between, sql } from 'drizzle-orm'
import { withTenant } from '../src/context/index.ts'
import type { TenantDatabase, TenantTx } from '../src/database/index.ts'
import { tasks } from './schema/tasks.ts'
import { users } from './schema/users.ts'

/** The number of users of each tenant. */
export const usersEach = 5

/** The number of rows to seed. */
export interface Amount {
  tenants: number
  /** The number of tasks of each tenant. */
  tasks: number
  /** The number of concurrent transactions. */
  connections: number
  /** The largest number of rows of one transaction, which must end before the role's statement timeout. @default 10000 */
  batchRows?: number
}

/** The result of a seeding. */
export interface Seeded {
  /** The number of rows that were written. */
  rows: number
  /** The number of tenants that already had all their rows. */
  complete: number
}

/**
 * Inserts users and tasks for many tenants, as the serving role under row-level security, each tenant in transactions of its
 * own. Ids are counted, so a second run continues an interrupted one and skips existing rows.
 *
 * @param onRows called with the number of rows that were just committed or found
 * @example
 * await seedMany(db, { tenants: 1000, tasks: 1000, connections: 4 }, (rows) => bar.advance(rows))
 */
export async function seedMany(db: TenantDatabase, amount: Amount, onRows = (_rows: number) => {}): Promise<Seeded> {
  const seeded: Seeded = { rows: 0, complete: 0 }
  let next = 1
  async function work(): Promise<void> {
    for (let tenant = next++; tenant <= amount.tenants; tenant = next++) {
      const rows = await withTenant(tenantIdOf(tenant), () => seedTenant(db, amount, onRows))
      seeded.rows += rows
      if (rows === 0) seeded.complete += 1
    }
  }
  const stopAll = (error: unknown) => {
    next = amount.tenants + 1
    throw error
  }
  const workers = Array.from({ length: amount.connections }, () => work().catch(stopAll))
  const failed = (await Promise.allSettled(workers)).find((worker) => worker.status === 'rejected')
  if (failed) throw failed.reason
  return seeded
}

/** The id of the tenant with this number, the same in every run. */
export const tenantIdOf = (number: number): string => `5eed0000-0000-4000-8000-${hex(number)}`

const hex = (number: number): string => number.toString(16).padStart(12, '0')
const prefixes = { user: '5eed0000-0000-7000-8001-', task: '5eed0000-0000-7000-8002-' }
const idOf = (kind: keyof typeof prefixes, number: number): string => `${prefixes[kind]}${hex(number)}`

async function seedTenant(db: TenantDatabase, amount: Amount, onRows: (rows: number) => void): Promise<number> {
  const { tasks: total, batchRows = 10_000 } = amount
  const seeded = between(tasks.id, idOf('task', 1), idOf('task', total))
  const insertUpTo = async (tx: TenantTx, first: number) => {
    const last = Math.min(first + batchRows - 1, total)
    return { last, rows: last < first ? 0 : (await tx.execute(insertTasks(first, last, total))).count }
  }
  let { last, rows } = await db.write(async (tx) => {
    const people = await tx.execute(insertUsers)
    const batch = await insertUpTo(tx, (await tx.$count(tasks, seeded)) + 1)
    return { ...batch, rows: people.count + batch.rows }
  })
  onRows(usersEach + last)
  while (last < total) {
    const before = last
    const batch = await db.write((tx) => insertUpTo(tx, before + 1))
    onRows(batch.last - before)
    last = batch.last
    rows += batch.rows
  }
  return rows
}

// One statement inserts thousands of rows. The database writes tenant_id, as for every insert.
const insertUsers = sql`
  insert into ${users} (id, email, name)
  select (${prefixes.user} || lpad(to_hex(n), 12, '0'))::uuid, 'user' || n || '@rowhouse.example', 'User ' || n
  from generate_series(1, ${usersEach}::int) as n
  on conflict do nothing`

const insertTasks = (first: number, last: number, total: number) => sql`
  insert into ${tasks} (id, title, description, status, user_id, created_at)
  select (${prefixes.task} || lpad(to_hex(n), 12, '0'))::uuid, 'Task ' || n,
    case when n % 2 = 0 then 'What is to be done in task ' || n end,
    (array['todo', 'in_progress', 'done'])[1 + n % 3],
    (${prefixes.user} || lpad(to_hex(1 + n % ${usersEach}::int), 12, '0'))::uuid,
    now() - make_interval(mins => ${total}::int - n)
  from generate_series(${first}::int, ${last}::int) as n
  on conflict do nothing`
