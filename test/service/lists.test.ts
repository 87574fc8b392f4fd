import { expect, test } from 'bun:test'
import type { TestClient, TestResponse } from '../../src/testing/index.ts'
import { asOwner, main } from '../database.ts'
import { newTenant } from '../tenants.ts'
import { as, createUser, type Task, type User } from './http/app.ts'

const owner = asOwner(main)

interface CursorMeta {
  type: string
  limit: number
  nextCursor: string | null
  previousCursor: string | null
  hasMore: boolean
  total?: number
  links: { self: string; first: string; prev: string | null; next: string | null }
}
const metaOf = ({ body }: TestResponse) => (body as { meta: { pagination: CursorMeta } }).meta.pagination // the envelope's

/** Tasks numbered from 1, each a minute after the one before; the last two at one moment. */
async function tenantWithTasks(count: number) {
  const tenant = newTenant()
  const client = as(tenant)
  const { id: userId } = await createUser(client)
  await owner`
    insert into tasks (tenant_id, user_id, title, created_at, status)
    select ${tenant}, ${userId}, 'Task ' || n, timestamptz '2026-01-01' + least(n, ${count - 1}::int) * interval '1 minute',
      (array['todo', 'done'])[1 + n % 2]
    from generate_series(1, ${count}::int) as n`
  return { client, userId }
}

/** All pages from a link on, in one direction. */
async function walk(client: TestClient, from: string, to: 'next' | 'prev' = 'next') {
  const pages: string[][] = []
  let last: CursorMeta | undefined
  for (let link: string | null = from; link !== null; link = last.links[to]) {
    const answer: TestResponse<Task[]> = await client.get(link)
    expect(answer.status).toBe(200)
    pages.push(answer.data.map(({ title }) => title))
    last = metaOf(answer)
  }
  return { pages, last }
}

test.each(['-createdAt', 'createdAt', 'title', '-title', 'createdAt,-title', '-title,createdAt'])(
  'the pages of tasks by %s have every task once, there and back',
  async (sort) => {
    const { client } = await tenantWithTasks(7)
    const { data: all } = await client.get<Task[]>(`/tasks?sort=${sort}`)
    const there = await walk(client, `/tasks?cursor=&limit=3&sort=${sort}`)
    expect(there.pages.flat()).toEqual(all.map(({ title }) => title))
    expect(there.pages.map(({ length }) => length)).toEqual([3, 3, 1])
    expect(there.last).toMatchObject({ hasMore: false, nextCursor: null })
    const back = await walk(client, there.last?.links.self ?? '', 'prev')
    expect(back.pages.toReversed().flat()).toEqual(all.map(({ title }) => title))
    expect(back.last).toMatchObject({ hasMore: true, previousCursor: null })
  },
)

test('a page by cursor has every field, in order', async () => {
  const { client } = await tenantWithTasks(3)
  const first = metaOf(await client.get('/tasks?cursor=&limit=1&count=true&status=todo,done'))
  const { nextCursor, ...rest } = first
  expect(JSON.stringify(rest)).toBe(
    JSON.stringify({
      type: 'cursor',
      limit: 1,
      previousCursor: null,
      hasMore: true,
      total: 3,
      links: {
        self: '/tasks?cursor=&limit=1&count=true&status=todo%2Cdone',
        first: '/tasks?cursor=&limit=1&count=true&status=todo%2Cdone',
        prev: null,
        next: `/tasks?cursor=${nextCursor}&limit=1&count=true&status=todo%2Cdone`,
      },
    }),
  )
  expect(Object.keys(first)[2]).toBe('nextCursor')
})

test('tasks are filtered by status, user, time and the beginning of their title', async () => {
  const { client, userId } = await tenantWithTasks(12)
  const titles = async (query: string) => {
    const { data } = await client.get<Task[]>(`/tasks?sort=createdAt&${query}`)
    expect((await walk(client, `/tasks?sort=createdAt&cursor=&limit=2&${query}`)).pages.flat()).toEqual(
      data.map(({ title }) => title),
    )
    return data.map(({ title }) => title)
  }
  expect(await titles('status=done&createdTo=2026-01-01T00:06:00Z')).toEqual(['Task 1', 'Task 3', 'Task 5'])
  expect(await titles('createdFrom=2026-01-01T02:10:00%2B02:00')).toHaveLength(3)
  expect((await titles('titlePrefix=Task%201')).toSorted()).toEqual(['Task 1', 'Task 10', 'Task 11', 'Task 12'])
  expect(await titles('titlePrefix=task')).toEqual([])
  expect(await titles(`userId=${userId}&status=todo,done`)).toHaveLength(12)
  expect(await titles(`userId=${crypto.randomUUID()}`)).toEqual([])
})

test('users are sorted by name and filtered by the beginning of their e-mail address', async () => {
  const client = as(newTenant())
  const mark = crypto.randomUUID().slice(0, 8)
  for (const [email, name] of [
    [`a.${mark}@x.example`, 'b'],
    [`b.${mark}@x.example`, 'a'],
    [`c.${mark}@x.example`, 'Z'],
  ])
    await client.post<User>('/users', { email, name })
  const { data } = await client.get<User[]>('/users?sort=name&cursor=')
  expect(data.map(({ name }) => name)).toEqual(['Z', 'a', 'b'])
  const found = await client.get<User[]>('/users?emailPrefix=b.')
  expect(found.data.map(({ name }) => name)).toEqual(['a'])
})

test('a cursor of another tenant, sort, filter or route is answered with 400 invalid_cursor', async () => {
  const [a, b] = [await tenantWithTasks(3), await tenantWithTasks(3)]
  const { nextCursor } = metaOf(await a.client.get('/tasks?cursor=&limit=1'))
  const to = `limit=2&cursor=${nextCursor}`
  expect((await a.client.get(`/tasks?${to}`)).status).toBe(200)
  const refused = [
    await b.client.get(`/tasks?${to}`),
    await a.client.get(`/users?${to}`),
    await a.client.get(`/tasks?${to}&sort=title`),
    await a.client.get(`/tasks?${to}&status=done`),
    await a.client.get(`/tasks?${to}!`),
    await a.client.get(`/tasks?cursor=${'A'.repeat(10_000)}`),
  ]
  for (const { status, error } of refused) {
    expect({ status, error }).toMatchObject({
      status: 400,
      error: { code: 'BAD_REQUEST', details: [{ path: 'cursor', in: 'query', code: 'invalid_cursor' }] },
    })
  }
})

test.each([
  ['a page by number and by cursor', 'page=1&cursor=', 'page'],
  ['a sort of a field that it does not list', 'sort=password', 'sort'],
  ['a sort of a field that every object has', 'sort=__proto__', 'sort'],
  ['a field twice in a sort', 'sort=title,title', 'sort'],
  ['an unknown status', 'status=nonsense', 'status'],
  ['a status 2,000 times', `status=${Array(2000).fill('todo')}`, 'status'],
  ['a repeated parameter', 'status=todo&status=done', 'status'],
  ['a time without an offset', 'createdFrom=2026-01-01T00:00:00', 'createdFrom'],
  ['a prefix with a NUL', 'titlePrefix=%00', 'titlePrefix'],
  ['a count that is neither true nor false', 'count=yes', 'count'],
  ['an unknown parameter', 'titlePrefixes=a', 'titlePrefixes'],
  ['an unknown parameter that every object has', '__proto__=1', '__proto__'],
])('rejects %s and names the parameter', async (_, query, name) => {
  const { status, error } = await as(newTenant()).get(`/tasks?${query}`)
  expect({ status, error }).toMatchObject({
    status: 400,
    error: { code: 'VALIDATION_FAILED', details: [{ path: name, in: 'query' }] },
  })
})
