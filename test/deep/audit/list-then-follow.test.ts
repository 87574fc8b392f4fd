import { describe, expect, test } from 'bun:test'
import { sql } from 'drizzle-orm'
import fc from 'fast-check'
import { newFeed, newFollower, runWorker } from '../../audit/feed.ts'
import { db } from '../../database.ts'
import type { Task } from '../../service/http/app.ts'
import { withTenant } from '../../tenants.ts'

type Step = 'read' | 'create' | 'change' | 'delete' | 'restore' | 'hold' | 'commit' | 'worker'
const steps: Step[] = ['read', 'create', 'change', 'delete', 'restore', 'hold', 'commit', 'worker']

/** Runs steps of others between the pages of a client that lists and follows. @returns its copy, and the table */
async function copyAfter(given: readonly Step[]) {
  const feed = await newFeed()
  const write = (text: ReturnType<typeof sql>, held?: Promise<void>) =>
    withTenant(feed.tenant, () =>
      db.write(async (tx) => {
        await tx.execute(text)
        await held
      }),
    )
  const ids: string[] = []
  for (let count = 0; count < 6; count += 1) ids.push((await feed.createTask(`Task ${count}`)).id)
  const follower = newFollower(feed)
  const open: (() => Promise<void>)[] = []
  const deleted: string[] = []
  let number = 0

  async function take(step: Step) {
    number += 1
    const id = ids[number % ids.length] ?? ''
    if (step === 'read') await follower.step()
    if (step === 'worker') await runWorker()
    if (step === 'create') ids.push((await feed.createTask(`Task ${number}`)).id)
    if (step === 'change') await feed.send('PATCH', `/tasks/${id}`, { body: { title: `Changed ${number}` } })
    if (step === 'delete' && (await feed.send('DELETE', `/tasks/${id}`)).status === 204) deleted.push(id)
    if (step === 'restore') await write(sql`select tenancy.restore('public.tasks', ${deleted.pop() ?? 'none'})`)
    if (step === 'hold' && open.length < 3) {
      // Begins now and commits later, behind the ones that begin after it.
      const { promise, resolve } = Promise.withResolvers<void>()
      const done = write(sql`insert into tasks (title, user_id) values (${`Held ${number}`}, ${feed.userId})`, promise)
      open.push(() => {
        resolve()
        return done
      })
    }
    if (step === 'commit') await open.shift()?.()
  }

  for (const step of given) await take(step)
  while (open.length > 0) await take('commit')
  await runWorker()
  while (await follower.step());
  const { data } = await feed.client.get<Task[]>('/tasks?limit=100')
  return { copy: follower.copy, table: new Map(data.map((task) => [task.id, task])) }
}

describe('the copy of a client that reads a list by cursor and follows its changes is the table', () => {
  test('when others insert, change, delete and restore rows between the pages, and commit out of order', async () => {
    const { copy, table } = await copyAfter([
      ...([
        'read',
        'hold',
        'hold',
        'create',
        'worker',
        'read',
        'commit',
        'delete',
        'change',
        'worker',
        'read',
      ] as const),
      ...([
        'restore',
        'delete',
        'read',
        'create',
        'hold',
        'worker',
        'read',
        'read',
        'commit',
        'worker',
        'read',
      ] as const),
    ])
    expect(copy).toEqual(table)
  })

  test('for any order of these steps', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.constantFrom(...steps), { maxLength: 30, size: 'max' }), async (given) => {
        const { copy, table } = await copyAfter(given)
        expect(copy).toEqual(table)
      }),
      { numRuns: 15 },
    )
  }, 30_000)
})

test('every page by cursor has the position of the first one, and pages by number have none', async () => {
  const feed = await newFeed()
  for (const title of ['A', 'B', 'C', 'D', 'E']) await feed.createTask(title)
  await runWorker()
  let cursor: string | null | undefined = ''
  let pages = 0
  while (typeof cursor === 'string') {
    const { meta } = await feed.read(`/tasks?limit=2&cursor=${cursor}&count=${pages % 2 === 0}`)
    await feed.createTask('Later')
    await runWorker()
    const { data } = await feed.changes(meta.changes?.next)
    pages += 1
    expect(data.map(({ task }) => task?.title)).toEqual(Array(pages).fill('Later'))
    cursor = meta.pagination?.nextCursor
  }
  expect(pages).toBe(3)
  expect((await feed.read('/tasks')).meta.changes).toBeUndefined()
})
