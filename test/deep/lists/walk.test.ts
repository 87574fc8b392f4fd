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

/** What others do to the tenant's tasks between two pages, and which rows were not there unchanged all the time. */
function others(tenant: string) {
  const touched = new Set<string>()
  const mine = owner`tenant_id = ${tenant}`
  /** Rows at random. */
  const some = (count: number) =>
    owner`select id from tasks where ${mine} and id >= (select id from tasks where ${mine} offset ${Math.floor(Math.random() * rowCount * 0.8)} limit 1) order by id limit ${count}`
  const note = (rows: Iterable<Record<string, unknown>>) => {
    for (const { id } of rows) touched.add(String(id))
  }
  return {
    touched,
    /** `boundary`: the last row that the client got. */
    async change(boundary: string | undefined, step: number): Promise<void> {
      note(
        await owner`insert into tasks (tenant_id, title, user_id, created_at)
        select tenant_id, 'Task ' || md5(random()::text), user_id, created_at + random() * interval '9 hours' from tasks
        where ${mine} and id in (${some(3)}) returning id`,
      )
      note(await owner`delete from tasks where ${mine} and id in (${some(2)}) returning id`)
      note(
        await owner`update tasks set title = 'Task ' || md5(random()::text), created_at = '2026-01-01'::timestamptz + random() * interval '3 hours'
        where ${mine} and id in (${some(2)}) returning id`,
      )
      await owner`update tasks set description = md5(random()::text) where ${mine} and id in (${some(2)})`
      if (boundary === undefined) return
      if (step % 2 === 0) note(await owner`delete from tasks where ${mine} and id = ${boundary} returning id`)
      else
        note(
          await owner`update tasks set title = 'Task ' || md5(random()::text), created_at = created_at + interval '1 hour'
        where ${mine} and id = ${boundary} returning id`,
        )
    },
  }
}

/** The ids of a walk, while others change rows between and during the pages. */
async function walk(tenant: string, sort: string, start: string, by: 'nextCursor' | 'previousCursor') {
  const { touched, change } = others(tenant)
  const ids: string[] = []
  let last = ''
  for (let cursor: string | null = start, step = 0; cursor !== null; step++) {
    last = cursor
    const [page] = await Promise.all([pageOf(tenant, sort, cursor), change(undefined, step)])
    ids.push(...(by === 'nextCursor' ? page.ids : page.ids.toReversed()))
    await change(by === 'nextCursor' ? page.ids.at(-1) : page.ids[0], step)
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
      const there = await walk(tenant, sort, '', 'nextCursor')
      expectEachOnce(there.ids, before, there.touched)
      const between = await idsOf(tenant)
      const { previousCursor, ids } = await pageOf(tenant, sort, there.last)
      const back = await walk(tenant, sort, previousCursor ?? 'absent', 'previousCursor')
      expectEachOnce([...ids, ...back.ids], between, back.touched)
    },
    120_000,
  )
})
