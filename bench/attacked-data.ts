import { sql } from 'drizzle-orm'
import { seedMany, tenantIdOf } from '../db/seed-many.ts'
import { withTenant } from '../src/context/index.ts'
import { createPool, createTenantDatabase } from '../src/database/index.ts'
import { fatTenant, lockedTask, slowTenants } from './attacks.ts'
import type { Filled } from './databases.ts'

const open = ({ url }: Filled) => createTenantDatabase({ connections: createPool({ url, size: slowTenants.length }) })

/** Gives the fat tenant a page of tasks with the longest descriptions: 4 MB. */
export async function fatten(database: Filled): Promise<void> {
  const db = open(database)
  await seedMany(db, { tenants: fatTenant, tasks: database.tasks, connections: 4 })
  await withTenant(tenantIdOf(fatTenant), () =>
    db.write(async (tx) => {
      await tx.execute(sql`
        update tasks set description = repeat('\u{1f600}', 10000)
        where id in (select id from tasks order by created_at desc, id desc limit 100)`)
    }),
  )
  await db.close()
}

/** Locks a task of each slow tenant, until the returned function is called. */
export async function lockSlowTenants(database: Filled): Promise<() => Promise<void>> {
  const db = open(database)
  const end = Promise.withResolvers<void>()
  const locks = slowTenants.map((tenant) => {
    const locked = Promise.withResolvers<void>()
    const held = withTenant(tenantIdOf(tenant), () =>
      db.write(async (tx) => {
        await tx.execute(sql`set local idle_in_transaction_session_timeout = 0`)
        await tx.execute(sql`set local transaction_timeout = 0`).catch(() => {}) // since PostgreSQL 17
        await tx.execute(sql`select 1 from tasks where id = ${lockedTask} for update`)
        locked.resolve()
        await end.promise
      }),
    )
    held.catch(locked.reject)
    return { locked: locked.promise, held }
  })
  await Promise.all(locks.map(({ locked }) => locked))
  return async () => {
    end.resolve()
    await Promise.allSettled(locks.map(({ held }) => held))
    await db.close()
  }
}
