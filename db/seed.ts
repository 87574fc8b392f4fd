import { withTenant } from '../src/context/index.ts'
import type { TenantDatabase } from '../src/database/index.ts'
import { demo } from './schema/demo.ts'
import { tasks } from './schema/tasks.ts'
import { users } from './schema/users.ts'

// README.md shows these tasks by their ids.
const people = [
  {
    ...demo.acme,
    user: { id: demo.acme.userId, email: 'ada@acme.example', name: 'Ada Lovelace' },
    tasks: [
      { id: demo.acme.taskId, title: 'Draw the first plans' },
      { id: '0198b9a4-0000-7000-8000-0000000ac003', title: 'Order the bricks' },
    ],
  },
  {
    ...demo.globex,
    user: { id: demo.globex.userId, email: 'hank@globex.example', name: 'Hank Scorpio' },
    tasks: [
      { id: demo.globex.taskId, title: 'Buy a hammock' },
      { id: '0198b9a4-0000-7000-8000-000000910003', title: 'Call the board' },
    ],
  },
]

/** Inserts a user and two tasks for each demo tenant without users. */
export async function seed(db: TenantDatabase): Promise<void> {
  for (const { tenantId, user, tasks: own } of people) {
    await withTenant(tenantId, () =>
      db.write(async (tx) => {
        if ((await tx.$count(users)) > 0) return
        await tx.insert(users).values(user)
        await tx.insert(tasks).values(own.map((task) => ({ ...task, userId: user.id })))
      }),
    )
  }
}
