import { describe, expect, test } from 'bun:test'
import { owner } from '../database/shared-database.ts'
import { main } from '../database.ts'
import { asTenant, connectAsAppUser } from '../db/app-user.ts'
import { callerOf } from '../idempotency/caller.ts'
import { as, createTask, createUser, newAcme, type Task } from '../service/http/app.ts'
import { newTenant } from '../tenants.ts'

type Paged = { meta: { pagination: { total: number; nextCursor: string | null } } }
type Listed = Task & { deletedAt?: string; deletedBy?: string | null }

/** A new tenant with tasks of these titles in the trash, deleted in their order and created in the opposite one. */
async function withDeleted(titles: readonly string[]) {
  const tenant = newTenant()
  const client = as(tenant)
  const deleted: Task[] = []
  for (const title of titles.toReversed()) deleted.unshift(await createTask(client, title))
  for (const [index, { id }] of deleted.entries()) {
    await client.delete(`/tasks/${id}`)
    // Two may be deleted in one millisecond.
    await owner`
      update tenancy.trash set deleted_at = now() - make_interval(secs => ${titles.length - index})
      where tenant_id = ${tenant} and target_id = ${id}`
  }
  const titlesOf = async (query: string) =>
    (await client.get<Listed[]>(`/tasks?${query}`)).data.map(({ title }) => title)
  return { tenant, client, deleted, titlesOf }
}

test('a deleted task is listed with when it was deleted and by whom', async () => {
  const caller = callerOf()
  const user = await createUser(caller.client)
  const before = new Date()
  await caller.send('DELETE', `/users/${user.id}`, { headers: { 'X-Actor': 'grace' } })
  const { data } = await caller.send<Listed[]>('GET', '/users?deleted=only')
  expect(data).toEqual([{ ...user, deletedAt: expect.any(String), deletedBy: 'grace' }] as never)
  expect(Date.parse(data[0]?.deletedAt ?? '')).toBeGreaterThanOrEqual(before.getTime() - 1)
})

test('a list without the parameter has no deleted row, and no field of one', async () => {
  const { client, task } = await newAcme()
  const other = await createTask(client)
  await client.delete(`/tasks/${other.id}`)
  expect((await client.get('/tasks')).data).toEqual([task])
  expect((await client.get('/tasks?cursor=&count=true')).body).toMatchObject({ meta: { pagination: { total: 1 } } })
})

test('the newest deleted comes first, by number and by cursor, and the total counts all', async () => {
  const { client, titlesOf } = await withDeleted(['a', 'b', 'c', 'd', 'e'])
  await createTask(client, 'living')
  expect(await titlesOf('deleted=only')).toEqual(['e', 'd', 'c', 'b', 'a'])
  expect(await titlesOf('deleted=only&page=2&limit=2')).toEqual(['c', 'b'])
  const seen: string[] = []
  const readPage = async (cursor: string) => {
    const { data, body } = await client.get<Listed[]>(`/tasks?deleted=only&limit=2&count=true&cursor=${cursor}`)
    const { pagination } = (body as Paged).meta
    seen.push(...data.map(({ title }) => title))
    expect(pagination.total).toBe(5)
    return pagination.nextCursor
  }
  let cursor: string | null = ''
  while (cursor !== null) cursor = await readPage(cursor)
  expect(seen).toEqual(['e', 'd', 'c', 'b', 'a'])
  expect((await client.get('/tasks?deleted=only&limit=2')).body).toMatchObject({ meta: { pagination: { total: 5 } } })
})

test.each([
  ['sort=title', ['a', 'b', 'c']],
  ['sort=-title', ['c', 'b', 'a']],
  ['sort=deletedAt', ['b', 'c', 'a']],
  ['sort=createdAt', ['a', 'c', 'b']],
  ['sort=title&cursor=', ['a', 'b', 'c']],
  ['sort=-deletedAt,title&cursor=', ['a', 'c', 'b']],
  ['titlePrefix=b', ['b']],
  ['status=done', []],
  ['status=todo,done&sort=title', ['a', 'b', 'c']],
  ['createdFrom=2000-01-01T00:00:00Z&createdTo=2001-01-01T00:00:00Z', []],
])('rows in the trash have the sorts and filters of the list: %s', async (query, titles) => {
  const { titlesOf } = await withDeleted(['b', 'c', 'a'])
  expect(await titlesOf(`deleted=only&${query}`)).toEqual(titles)
})

test('tasks of one user in the trash', async () => {
  const { client, deleted } = await withDeleted(['a', 'b'])
  const { data } = await client.get<Listed[]>(`/tasks?deleted=only&userId=${deleted[0]?.userId}`)
  expect(data.map(({ title }) => title)).toEqual(['a'])
})

describe('what makes no sense is 400 that names the parameter', () => {
  test.each([
    ['deleted=true', 'deleted'],
    ['deleted=', 'deleted'],
    ['deleted=include', 'deleted'],
    ['deleted=only&deleted=only', 'deleted'],
    ['sort=deletedAt', 'sort'],
    ['sort=-deletedAt', 'sort'],
    ['sort=title,-deletedAt', 'sort'],
    ['deleted=only&sort=deletedBy', 'sort'],
    ['deleted=only&sort=', 'sort'],
    ['deleted=only&page=1&cursor=', 'page'],
    ['deleted=only&status=archived', 'status'],
    ['deleted=only&deletedFrom=2026-01-01T00:00:00Z', 'deletedFrom'],
  ])('%s: %s', async (query, path) => {
    const { status, error } = await as(newTenant()).get(`/tasks?${query}`)
    expect([status, error?.details]).toMatchObject([400, [{ path, in: 'query' }]])
  })
})

test('a cursor of the list is invalid for its trash, and that of the trash for the list', async () => {
  const { client } = await withDeleted(['a', 'b'])
  await createTask(client, 'c')
  await createTask(client, 'd')
  const nextOf = async (query: string) => {
    const { body } = await client.get(`/tasks?sort=title&limit=1&cursor=${query}`)
    return (body as Paged).meta.pagination.nextCursor
  }
  const [ofList, ofTrash] = [await nextOf(''), await nextOf('&deleted=only')]
  for (const query of [`cursor=${ofList}&deleted=only`, `cursor=${ofTrash}`]) {
    const { status, error } = await client.get(`/tasks?sort=title&limit=1&${query}`)
    expect([status, error?.details]).toMatchObject([400, [{ path: 'cursor', code: 'invalid_cursor' }]])
  }
})

test('a row that is deleted is seen by no join, count, aggregate, subquery, view or hand-written SQL', async () => {
  const { client, task, tenant } = await newAcme()
  await client.delete(`/tasks/${task.id}`)
  const sql = connectAsAppUser(main.appUrl)
  for (const query of [
    'select count(*)::int as n from tasks',
    'select count(t.id)::int as n from users u left join tasks t on t.user_id = u.id',
    'select (exists (select from tasks))::int as n',
    "select coalesce(length(string_agg(title, '')), 0)::int as n from tasks",
    `select count(*)::int as n from users where id in (select user_id from tasks)`,
  ])
    expect(await asTenant(sql, tenant, async (tx) => (await tx.unsafe(query))[0]?.n)).toBe(0)
})

test('an upsert with the key of a deleted user makes a new row', async () => {
  const tenant = newTenant()
  const client = as(tenant)
  const first = await createUser(client, 'Ada@x.example')
  await client.delete(`/users/${first.id}`)
  const sql = connectAsAppUser(main.appUrl)
  const [row] = await asTenant(sql, tenant, (tx) =>
    tx.unsafe(`insert into users (email, name) values ('ada@x.example', 'New')
      on conflict (tenant_id, lower(email collate "C")) do update set name = excluded.name returning id, name`),
  )
  expect(row?.id).not.toBe(first.id)
  expect((await client.get(`/users/${row?.id}`)).data).toMatchObject({ name: 'New' })
})
