import { expect, test } from 'bun:test'
import { eq } from 'drizzle-orm'
import { tasks } from '../../../db/schema/tasks.ts'
import { users } from '../../../db/schema/users.ts'
import { runInContext } from '../../../src/context/context.ts'
import { main, open, db as wide } from '../../database.ts'
import { logOf, owner } from '../../recorded/log.ts'
import { contextOf, newTenant, withTenant } from '../../tenants.ts'

// Two actors by turns on two connections: the settings of one request must not be those of another one's entries.
const db = open(main, 2)

class Aborted extends Error {}

test('400 requests of two actors on two connections, a tenth aborted: each entry has the actor and the id of its own request', async () => {
  const tenant = newTenant()
  const user = await withTenant(tenant, () =>
    wide.write(
      async (tx) => (await tx.insert(users).values({ email: 'a@b.example', name: 'Ada' }).returning())[0]?.id ?? '',
    ),
  )
  const outcomes = Array.from({ length: 400 }, async (_, n) => {
    const actor = n % 2 === 0 ? 'ada' : 'grace'
    const title = `${actor} r-${n}`
    const work = runInContext({ ...contextOf(tenant), actor, requestId: `r-${n}` }, () =>
      db.write(async (tx) => {
        const [task] = await tx.insert(tasks).values({ title, userId: user }).returning()
        await tx
          .update(tasks)
          .set({ description: title })
          .where(eq(tasks.id, task?.id ?? ''))
        if (n % 10 === 9) throw new Aborted()
        if (n % 4 === 0) await tx.delete(tasks).where(eq(tasks.id, task?.id ?? ''))
      }),
    )
    return await work.then(
      () => [n],
      (error: unknown) => {
        if (!(error instanceof Aborted)) throw error
        return []
      },
    )
  })
  const done = (await Promise.all(outcomes)).flat()
  expect(done).toHaveLength(360)
  const expected = done.flatMap((n) => [
    ...['created', 'updated', ...(n % 4 === 0 ? ['deleted'] : [])].map(
      (action) => `${action} ${n % 2 === 0 ? 'ada' : 'grace'} r-${n}`,
    ),
  ])
  const entries = (await logOf(tenant)).filter(({ resource }) => resource === 'tasks')
  expect(entries.map(({ action, actor, request_id }) => `${action} ${actor} ${request_id}`).sort()).toEqual(
    expected.sort(),
  )
  // The values say the same as the settings: the title and the description are of the request that wrote them.
  for (const { action, changes, actor, request_id } of entries) {
    const said = action === 'updated' ? changes?.description?.to : (changes?.title?.to ?? changes?.title?.from)
    expect(said).toBe(`${actor} ${request_id}`)
  }
  const kept =
    await owner`select actor, request_id, "row" ->> 'title' as title from tenancy.trash where tenant_id = ${tenant}`
  expect(kept).toHaveLength(done.filter((n) => n % 4 === 0).length)
  for (const { actor, request_id, title } of kept) expect(title).toBe(`${actor} ${request_id}`)
})
