import { withTenant } from '../src/context/index.ts'
import type { TenantDatabase } from '../src/database/index.ts'
import { demo } from '../src/service/features/demo.ts'
import { tasks } from './schema/tasks.ts'
import { users } from './schema/users.ts'

const people = [
  {
    ...demo.acme,
    email: 'ada@acme.example',
    name: 'Ada Lovelace',
    titles: ['Draw the first plans', 'Order the bricks'],
  },
  { ...demo.globex, email: 'hank@globex.example', name: 'Hank Scorpio', titles: ['Buy a hammock', 'Call the board'] },
]

/** Inserts a user and two tasks for each demo tenant without users. */
export async function seed(db: TenantDatabase): Promise<void> {
  for (const { tenantId, userId, taskId, email, name, titles } of people) {
    await withTenant(tenantId, () =>
      db.write(async (tx) => {
        if ((await tx.$count(users)) > 0) return
        await tx.insert(users).values({ id: userId, email, name })
        await tx.insert(tasks).values(titles.map((title, n) => ({ title, userId, ...(n === 0 ? { id: taskId } : {}) })))
      }),
    )
  }
}
