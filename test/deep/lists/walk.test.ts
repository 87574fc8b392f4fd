import { describe, expect, test } from 'bun:test'
import { z } from 'zod'
import { createApp } from '../../../src/service/app.ts'
import { deps } from '../../app.ts'
import { asOwner, createDatabase, open } from '../../database.ts'
import { newTenant, tenantColumnType } from '../../tenants.ts'

const rowCount = 100_000
const limit = 100
const database = await createDatabase()
const owner = asOwner(database)
const app = createApp({ ...deps, db: open(database) })

const Body = z.object({
  data: z.array(z.object({ id: z.string() })),
  meta: z.object({
    pagination: z.object({ nextCursor: z.string().nullable(), previousCursor: z.string().nullable() }),
  }),
})

async function pageOf(tenant: string, sort: string, cursor: string) {
  const query = new URLSearchParams({ sort, limit: String(limit), cursor })
  const response = await app.request(`/tasks?${query}`, { headers: { 'X-Tenant-Id': tenant } })
  const body: unknown = await response.json()
  const { data, meta } = Body.parse(response.status === 200 ? body : { failed: body })
  return { ids: data.map(({ id }) => id), ...meta.pagination }
}

/** A tenant with 100,000 tasks. Many have the same title, and the same time of creation. */
async function tenantWithTasks(): Promise<string> {
  const tenant = newTenant()
  await owner.unsafe(
    `with made as (insert into users (tenant_id, email, name) values ($1::text::${tenantColumnType}, 'ada', 'Ada') returning tenant_id, id)
    insert into tasks (tenant_id, title, user_id, created_at)
      select tenant_id, 'Task ' || md5((n / 3)::text), id, '2026-01-01'::timestamptz + n / 7 * interval '1 second'
      from made, generate_series(1, ${rowCount}) as n`,
    [tenant],
  )
  await owner`analyze tasks`
  return tenant
}

const someTime = owner`'2026-01-01'::timestamptz + random() * interval '4 hours'`
const someTitle = owner`'Task ' || md5(random()::text)`

/** What others do to the tenant's tasks, and the ids of those that they moved, deleted or added. */
function others(tenant: string, tasks: readonly string[]) {
  const touched = new Set<string>()
  const pick = () => tasks[Math.floor(Math.random() * tasks.length)] ?? '' // one of many
  const touch = (...ids: string[]) => {
    for (const id of ids) touched.add(id)
    return owner`tenant_id = ${tenant} and id in ${owner(ids)}`
  }
  return {
    touched,
    /** What happens while a page is read. */
    async change(): Promise<void> {
      const added = await owner`insert into tasks (tenant_id, title, user_id, created_at)
        select tenant_id, ${someTitle}, id, ${someTime} from users, generate_series(1, 3) where tenant_id = ${tenant} returning id`
      for (const { id } of added) touched.add(String(id))
      await owner`delete from tasks where ${touch(pick(), pick())}`
      await owner`update tasks set title = ${someTitle}, created_at = ${someTime} where ${touch(pick(), pick())}`
      await owner`update tasks set description = 'changed' where tenant_id = ${tenant} and id in ${owner([pick(), pick()])}`
    },
    /** What happens to the last row of a page before the next page is read: it is deleted, or it moves, or nothing. */
    async changeBoundary(id: string, step: number): Promise<void> {
      if (step % 3 === 0) await owner`delete from tasks where ${touch(id)}`
      if (step % 3 === 1)
        await owner`update tasks set title = ${someTitle}, created_at = ${someTime} where ${touch(id)}`
    },
  }
}

/** The ids of a walk, in the order of the pages, while others change rows during each page and after it. */
async function walk(
  tenant: string,
  sort: string,
  start: string,
  by: 'nextCursor' | 'previousCursor',
  tasks: Set<string>,
) {
  const { touched, change, changeBoundary } = others(tenant, [...tasks])
  const ids: string[] = []
  let last = start
  for (let cursor: string | null = start, step = 0; cursor !== null; step++) {
    last = cursor
    const changed = change()
    const page: Awaited<ReturnType<typeof pageOf>> = await pageOf(tenant, sort, cursor)
    await changed
    const found = by === 'nextCursor' ? page.ids : page.ids.toReversed()
    ids.push(...found)
    const boundary = found.at(-1)
    if (boundary) await changeBoundary(boundary, step)
    cursor = page[by]
  }
  return { ids, touched, last }
}

const idsOf = async (tenant: string) =>
  new Set((await owner`select id from tasks where tenant_id = ${tenant}`).map(({ id }) => String(id)))

/** Expects each row that nobody moved or deleted exactly once. A moved row may be found in both places. */
function expectEachOnce(ids: string[], there: Set<string>, touched: Set<string>): void {
  const unmoved = ids.filter((id) => !touched.has(id))
  const throughout = [...there].filter((id) => !touched.has(id))
  expect(throughout.length).toBeGreaterThan(rowCount * 0.8)
  expect(new Set(unmoved).size).toBe(unmoved.length)
  const found = new Set(unmoved)
  expect(throughout.filter((id) => !found.has(id))).toEqual([])
  expect(unmoved.filter((id) => !there.has(id))).toEqual([])
}

describe('a walk of 100,000 rows, while others insert, update and delete rows', () => {
  test.each(['-createdAt', 'title'])(
    'returns each row that was there throughout exactly once, to the end and back: %s',
    async (sort) => {
      const tenant = await tenantWithTasks()
      const before = await idsOf(tenant)
      const there = await walk(tenant, sort, '', 'nextCursor', before)
      expectEachOnce(there.ids, before, there.touched)
      const between = await idsOf(tenant)
      const { previousCursor, ids } = await pageOf(tenant, sort, there.last)
      const back = await walk(tenant, sort, previousCursor ?? 'absent', 'previousCursor', between)
      expectEachOnce([...ids, ...back.ids], between, back.touched)
    },
    120_000,
  )
})
