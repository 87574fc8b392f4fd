import { describe, expect, test } from 'bun:test'
import { sql } from 'drizzle-orm'
import { owner } from '../database/shared-database.ts'
import { db } from '../database.ts'
import { callerOf } from '../idempotency/caller.ts'
import { newTenant, withTenant } from '../tenants.ts'
import { newFeed, runWorker, type TaskChange } from './feed.ts'

const namesOf = (changes: TaskChange[]) => changes.map(({ change, task }) => [change, task?.title ?? null])

test('the changes of one tenant are not those of another one', async () => {
  const [own, other] = [await newFeed(), await newFeed()]
  await own.createTask('Own')
  const task = await other.createTask('Other')
  await runWorker()
  expect(namesOf((await own.changes()).data)).toEqual([['created', 'Own']])
  expect(await other.changes()).toMatchObject({ data: [{ change: 'created', id: task.id, task }] })
  expect((await callerOf().client.get('/tasks/changes')).data).toEqual([])
})

test('each change of a row is there once, the oldest first, with the row as it is now', async () => {
  const feed = await newFeed()
  const [kept, gone] = [await feed.createTask('Kept'), await feed.createTask('Gone')]
  await feed.send('PATCH', `/tasks/${kept.id}`, { body: { title: 'Changed' } })
  await feed.send('DELETE', `/tasks/${gone.id}`)
  const deleted = await feed.send('DELETE', `/tasks/${kept.id}`)
  await feed.send('POST', `/undo/${deleted.headers.get('X-Request-Id')}`)
  await feed.client.patch(`/users/${feed.userId}`, { name: 'Eve' })
  await runWorker()
  const { data, meta } = await feed.changes()
  expect(data.map(({ change, id }) => [change, id])).toEqual([
    ['created', kept.id],
    ['created', gone.id],
    ['updated', kept.id],
    ['deleted', gone.id],
    ['deleted', kept.id],
    ['restored', kept.id],
  ])
  const now = (await feed.client.get(`/tasks/${kept.id}`)).data
  for (const { id, task } of data) expect<unknown>(task).toEqual(id === kept.id ? now : null)
  expect(data.map(({ at }) => at)).toEqual(data.map(({ at }) => at).toSorted())
  expect(meta.changes?.hasMore).toBe(false)
})

test('pages follow each other without gaps, and the last position can be polled', async () => {
  const feed = await newFeed()
  for (const title of ['A', 'B', 'C', 'D', 'E']) await feed.createTask(title)
  await runWorker()
  const titles: unknown[] = []
  let since: string | undefined
  let hasMore = true
  while (hasMore) {
    const page = await feed.changes(since, 2)
    titles.push(namesOf(page.data).map(([, title]) => title))
    since = page.meta.changes?.next
    hasMore = page.meta.changes?.hasMore ?? false
  }
  expect(titles).toEqual([['A', 'B'], ['C', 'D'], ['E']])
  for (let count = 0; count < 2; count += 1) {
    const { data, meta } = await feed.changes(since)
    expect([data, meta.changes?.hasMore]).toEqual([[], false])
    since = meta.changes?.next
  }
  await feed.createTask('F')
  expect((await feed.changes(since)).data).toEqual([])
  await runWorker()
  expect(namesOf((await feed.changes(since)).data)).toEqual([['created', 'F']])
})

test('a change that is committed after a later one is read too, and each once', async () => {
  const feed = await newFeed()
  const [written, open] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  const first = withTenant(feed.tenant, () =>
    db.write(async (tx) => {
      await tx.execute(sql`insert into tasks (title, user_id) values ('First', ${feed.userId})`)
      written.resolve()
      await open.promise
    }),
  )
  await written.promise
  await feed.createTask('Second')
  await runWorker()
  const early = await feed.changes()
  expect(namesOf(early.data)).toEqual([['created', 'Second']])
  open.resolve()
  await first
  await runWorker()
  const late = await feed.changes(early.meta.changes?.next)
  expect(namesOf(late.data)).toEqual([['created', 'First']])
  expect(String(late.data[0]?.at) < String(early.data[0]?.at)).toBe(true)
  expect(namesOf((await feed.changes()).data)).toEqual([
    ['created', 'Second'],
    ['created', 'First'],
  ])
})

describe('a position', () => {
  const invalid = [400, 'BAD_REQUEST', { path: 'since', in: 'query', code: 'invalid_position' }]
  const outcome = ({ status, error }: Awaited<ReturnType<Awaited<ReturnType<typeof newFeed>>['changes']>>) => {
    const { message: _, ...detail } = error?.details?.[0] ?? {}
    return [status, error?.code, detail]
  }

  test('of another tenant, of another list, and a malformed one are 400 and name the parameter', async () => {
    const [feed, other] = [await newFeed(), await newFeed()]
    for (const one of [feed, other]) await one.createTask('A')
    await runWorker()
    const next = (await feed.changes()).meta.changes?.next ?? ''
    const ofUsers = (await feed.read('/users/changes')).meta.changes?.next ?? ''
    const { pagination } = (await feed.read('/users?cursor=&limit=1')).meta
    expect([(await feed.changes(next)).status, pagination]).toEqual([200, expect.anything()])
    for (const answer of [
      await other.changes(next),
      await feed.changes(ofUsers),
      await feed.changes(`${next}A`),
      await feed.changes(''),
      await feed.changes('1'),
      await feed.changes('A'.repeat(5000)),
    ])
      expect(outcome(answer)).toEqual(invalid)
  })

  test('is no cursor, and a cursor is no position', async () => {
    const feed = await newFeed()
    for (const title of ['A', 'B']) await feed.createTask(title)
    const { pagination, changes } = (await feed.read('/tasks?cursor=&limit=1')).meta
    expect(outcome(await feed.changes(pagination?.nextCursor ?? 'none'))).toEqual(invalid)
    expect((await feed.read(`/tasks?cursor=${changes?.next}`)).error?.details).toMatchObject([
      { code: 'invalid_cursor' },
    ])
  })

  test('of the future is 400: the log of a restored backup is shorter', async () => {
    const feed = await newFeed()
    await feed.createTask('A')
    await runWorker()
    const { next } = (await feed.changes()).meta.changes ?? {}
    await owner`update tenancy.audit_logs set size = size - 1 where tenant_id = ${feed.tenant}`
    expect(outcome(await feed.changes(next))).toEqual(invalid)
  })

  test('in front of changes that were pruned is 410, and so is the beginning', async () => {
    const feed = await newFeed()
    await feed.createTask('A')
    await runWorker()
    const first = (await feed.changes(undefined, 1)).meta.changes?.next
    await feed.createTask('B')
    await runWorker()
    const second = (await feed.changes(first)).meta.changes?.next
    await owner`insert into tenancy.audit_pruned (tenant_id, position, leaf)
      select tenant_id, position, '' from tenancy.audit_entries where tenant_id = ${feed.tenant} and position is not null`
    for (const { status, error } of [await feed.changes(first), await feed.changes()])
      expect([status, error?.code]).toEqual([410, 'GONE'])
    expect((await feed.changes(second)).status).toBe(200)
  })
})

test.each(['limit=0', 'limit=101', 'limit=x', 'since=a&since=b', 'page=1'])(
  'GET /tasks/changes?%s is 400',
  async (query) => {
    const { status, error } = await callerOf(newTenant()).client.get(`/tasks/changes?${query}`)
    expect([status, error?.details?.[0]?.path]).toEqual([400, /^\w+/.exec(query)?.[0]])
  },
)
