import { expect, test } from 'bun:test'
import type { TestResponse } from '../../../src/testing/index.ts'
import { asOwner, main, unrecorded } from '../../database.ts'
import { newTenant } from '../../tenants.ts'
import { as, createUser, type Task } from './app.ts'

const owner = asOwner(main)

/** Tasks numbered from 1, each a minute after the one before; the last two at one moment. */
async function tenantWithTasks(count: number) {
  const tenant = newTenant()
  const client = as(tenant)
  const { id: userId } = await createUser(client)
  await owner.unsafe(`${unrecorded}
    insert into tasks (tenant_id, user_id, title, created_at)
    select '${tenant}', '${userId}', 'Task ' || n, timestamptz '2026-01-01' + least(n, ${count - 1}) * interval '1 minute'
    from generate_series(1, ${count}) as n`)
  return { client, userId }
}
const paginationOf = ({ body }: TestResponse) => (body as { meta: { pagination: object } }).meta.pagination // the envelope's

test('lists the newest first, and of the same moment the greater id', async () => {
  const { client } = await tenantWithTasks(5)
  const { data } = await client.get<Task[]>('/tasks')
  const inOrder = data.toSorted((a, b) => (`${a.createdAt} ${a.id}` < `${b.createdAt} ${b.id}` ? 1 : -1))
  expect(data).toEqual(inOrder)
  expect(data.map(({ title }) => title).slice(2)).toEqual(['Task 3', 'Task 2', 'Task 1'])
})

test('every row is on exactly one page', async () => {
  const { client } = await tenantWithTasks(7)
  const pages = await Promise.all([1, 2, 3].map((page) => client.get<Task[]>(`/tasks?page=${page}&limit=3`)))
  expect(pages.map(({ data }) => data.length)).toEqual([3, 3, 1])
  expect(new Set(pages.flatMap(({ data }) => data.map(({ id }) => id))).size).toBe(7)
})

test('returns the first 20 rows without a query', async () => {
  const { client } = await tenantWithTasks(21)
  const answer = await client.get<Task[]>('/tasks')
  expect(answer.data).toHaveLength(20)
  expect(paginationOf(answer)).toMatchObject({ page: 1, limit: 20, total: 21, totalPages: 2, hasNext: true })
})

test('a page in the middle has every field, in order, and every link', async () => {
  const { client } = await tenantWithTasks(7)
  const pagination = paginationOf(await client.get('/tasks?page=2&limit=3'))
  expect(JSON.stringify(pagination)).toBe(
    JSON.stringify({
      type: 'offset',
      page: 2,
      limit: 3,
      total: 7,
      totalPages: 3,
      hasNext: true,
      hasPrev: true,
      links: {
        self: '/tasks?page=2&limit=3',
        first: '/tasks?page=1&limit=3',
        prev: '/tasks?page=1&limit=3',
        next: '/tasks?page=3&limit=3',
        last: '/tasks?page=3&limit=3',
      },
    }),
  )
})

test('the links lead through all pages', async () => {
  const { client } = await tenantWithTasks(4)
  const titles: string[] = []
  for (let next: string | null = '/tasks?limit=2'; next !== null; ) {
    const answer: TestResponse<Task[]> = await client.get(next)
    titles.push(...answer.data.map(({ title }) => title))
    next = (paginationOf(answer) as { links: { next: string | null } }).links.next
  }
  expect(titles.toSorted()).toEqual(['Task 1', 'Task 2', 'Task 3', 'Task 4'])
})

test('links keep the other query parameters', async () => {
  const { client } = await tenantWithTasks(2)
  const pagination = paginationOf(await client.get('/tasks?sort=title,-createdAt&limit=1&titlePrefix=Task%20&page=1'))
  expect(pagination).toMatchObject({
    links: { next: '/tasks?sort=title%2C-createdAt&limit=1&titlePrefix=Task+&page=2' },
  })
})

test('the first page has no previous, the last has no next', async () => {
  const { client } = await tenantWithTasks(4)
  const [first, last] = [await client.get('/tasks?limit=2'), await client.get('/tasks?limit=2&page=2')]
  expect(paginationOf(first)).toMatchObject({ hasPrev: false, hasNext: true, links: { prev: null } })
  expect(paginationOf(last)).toMatchObject({ hasPrev: true, hasNext: false, links: { next: null } })
})

test('an empty list has no pages', async () => {
  const { body, data } = await as(newTenant()).get('/users')
  const links = { self: '/users?page=1&limit=20', first: null, prev: null, next: null, last: null }
  expect(data).toEqual([])
  expect(body).toMatchObject({
    meta: { pagination: { total: 0, totalPages: 0, hasNext: false, hasPrev: false, links } },
  })
})

test('a page after the last one is empty, and links only to existing pages', async () => {
  const { client } = await tenantWithTasks(4)
  const near = await client.get('/tasks?limit=2&page=3')
  const far = await client.get('/tasks?limit=2&page=9')
  expect([near.data, far.data]).toEqual([[], []])
  expect(paginationOf(near)).toMatchObject({ hasPrev: true, hasNext: false, links: { prev: '/tasks?limit=2&page=2' } })
  expect(paginationOf(far)).toMatchObject({ hasPrev: false, hasNext: false, links: { prev: null, next: null } })
})

test('a total counts the tenant’s own rows', async () => {
  const [few, many] = [await tenantWithTasks(2), await tenantWithTasks(6)]
  expect(paginationOf(await few.client.get('/tasks'))).toMatchObject({ total: 2 })
  expect(paginationOf(await many.client.get('/tasks'))).toMatchObject({ total: 6 })
})

test('a total of 10,000 is exact', async () => {
  const { client } = await tenantWithTasks(10_000)
  const pagination = paginationOf(await client.get('/tasks?limit=100&page=100'))
  expect(pagination).toMatchObject({ total: 10_000, totalPages: 100, hasNext: false })
  expect(pagination).not.toHaveProperty('totalCapped')
})

test('caps a total above 10,000 and marks it as capped, with a correct hasNext', async () => {
  const { client } = await tenantWithTasks(10_001)
  const pagination = paginationOf(await client.get('/tasks?limit=100&page=100'))
  const links = { next: null, last: '/tasks?limit=100&page=100' }
  expect(pagination).toMatchObject({ total: 10_000, totalCapped: true, totalPages: 100, hasNext: true, links })
  expect(Object.keys(pagination).slice(3, 6)).toEqual(['total', 'totalCapped', 'totalPages'])
})

test('the last link is the last page that can be requested', async () => {
  const { client } = await tenantWithTasks(10_001)
  const first = paginationOf(await client.get('/tasks?limit=3'))
  expect(first).toMatchObject({ links: { last: '/tasks?limit=3&page=3333' } })
  const last = await client.get<Task[]>('/tasks?limit=3&page=3333')
  expect([last.status, last.data.length]).toEqual([200, 3])
  expect(paginationOf(last)).toMatchObject({ hasNext: true, links: { next: null } })
})
