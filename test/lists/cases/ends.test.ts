import { describe, expect, test } from 'bun:test'
import { createPool, createTenantDatabase } from '../../../src/database/index.ts'
import { behindProxies } from '../../../src/http/index.ts'
import { openCountingProxy } from '../../database/counting-proxy.ts'
import { newTenant, tenantIds } from '../../tenants.ts'
import { app, createListApp, pageOf, send } from './app.ts'
import { addRows, database, owner } from './tables.ts'

/** A tenant with rows from 1 to `count`, in their order. */
async function tenantWith(count: number) {
  const tenant = newTenant()
  const ids = await addRows(
    'firm',
    tenant,
    Array.from({ length: count }, (_, at) => ({ whole: String(at + 1) })),
  )
  return {
    tenant,
    ids,
    remove: async (...numbers: number[]) =>
      void (await owner`delete from firm where tenant_id = ${tenant} and whole in ${owner(numbers)}`),
  }
}

type Page = Awaited<ReturnType<typeof pageOf>>
const page = (tenant: string, cursor: string | null, limit = 2) =>
  pageOf(tenant, '/firm', { sort: 'whole', limit, cursor: cursor ?? 'absent' })
const ends = ({ keys, nextCursor, previousCursor, hasMore }: Page) => ({
  keys,
  hasNext: nextCursor !== null,
  hasPrevious: previousCursor !== null,
  hasMore,
})

describe('the ends of a list', () => {
  test('a list without rows is one empty page', async () => {
    const empty = { keys: [], hasNext: false, hasPrevious: false, hasMore: false }
    expect(ends(await page(newTenant(), ''))).toEqual(empty)
  })

  test('as many rows as the limit are one page', async () => {
    const { tenant, ids } = await tenantWith(2)
    expect(ends(await page(tenant, ''))).toEqual({ keys: ids, hasNext: false, hasPrevious: false, hasMore: false })
  })

  test('a last page that is full has no next one', async () => {
    const { tenant, ids } = await tenantWith(4)
    const last = await page(tenant, (await page(tenant, '')).nextCursor)
    expect(ends(last)).toEqual({ keys: ids.slice(2), hasNext: false, hasPrevious: true, hasMore: false })
  })

  test('the first page has no previous one, also when it is reached from behind', async () => {
    const { tenant, ids } = await tenantWith(4)
    const second = await page(tenant, (await page(tenant, '')).nextCursor)
    const first = await page(tenant, second.previousCursor)
    expect(ends(first)).toEqual({ keys: ids.slice(0, 2), hasNext: true, hasPrevious: false, hasMore: true })
  })

  test('going back keeps the order of rows, and a shorter first page', async () => {
    const { tenant, ids } = await tenantWith(3)
    const last = await page(tenant, (await page(tenant, '')).nextCursor)
    const first = await page(tenant, last.previousCursor, 5)
    expect(ends(first)).toEqual({ keys: ids.slice(0, 2), hasNext: true, hasPrevious: false, hasMore: true })
  })

  test('a page back that is full and has rows before it says so', async () => {
    const { tenant, ids } = await tenantWith(6)
    const third = await page(tenant, (await page(tenant, (await page(tenant, '')).nextCursor)).nextCursor)
    expect(ends(await page(tenant, third.previousCursor))).toEqual({
      keys: ids.slice(2, 4),
      hasNext: true,
      hasPrevious: true,
      hasMore: true,
    })
  })

  test('a tenant’s ends do not depend on rows of another tenant', async () => {
    const [{ tenant, ids }] = await Promise.all([tenantWith(2), tenantWith(9)])
    expect(ends(await page(tenant, ''))).toMatchObject({ keys: ids, hasNext: false, hasPrevious: false })
  })
})

describe('meta.pagination', () => {
  test('has its keys in order', async () => {
    const { tenant } = await tenantWith(3)
    const read = async (query: Record<string, string>) => {
      const body: { meta: { pagination: { links: object } } } = await (await send(app, tenant, '/firm', query)).json()
      return [Object.keys(body.meta.pagination), Object.keys(body.meta.pagination.links)]
    }
    const links = ['self', 'first', 'prev', 'next']
    const keys = ['type', 'limit', 'nextCursor', 'previousCursor', 'hasMore', 'links']
    expect(await read({ cursor: '' })).toEqual([keys, links])
    expect(await read({ cursor: '', count: 'false' })).toEqual([keys, links])
    expect(await read({ cursor: '', count: 'true' })).toEqual([[...keys.slice(0, 5), 'total', 'links'], links])
  })

  test('has links that lead to the pages and keep the other parameters', async () => {
    const { tenant, ids } = await tenantWith(5)
    const first = await pageOf(tenant, '/firm?sort=-whole&mood=sad&count=true&limit=2')
    expect(first.links.prev).toBeNull()
    const second = await pageOf(tenant, first.links.next ?? '')
    expect([second.keys, second.total]).toEqual([ids.slice(1, 3).toReversed(), 5])
    for (const link of Object.values(second.links))
      expect(link).toMatch(/^\/firm\?(?=.*sort=-whole)(?=.*mood=sad)(?=.*count=true)(?=.*limit=2)(?=.*cursor=)/)
    expect((await pageOf(tenant, second.links.self)).keys).toEqual(second.keys)
    expect((await pageOf(tenant, second.links.prev ?? '')).keys).toEqual(first.keys)
    expect((await pageOf(tenant, second.links.first ?? '')).keys).toEqual(first.keys)
    const third = await pageOf(tenant, second.links.next ?? '')
    expect([third.keys, third.links.next]).toEqual([ids.slice(0, 1), null])
  })

  test('has links with the prefix that a proxy removed', async () => {
    const { tenant } = await tenantWith(3)
    const target = createListApp({ before: behindProxies({ count: 1 }) })
    const headers = { 'X-Tenant-Id': tenant, 'X-Forwarded-Prefix': '/api' }
    const { meta } = (await (await target.request('/firm?limit=1&cursor=', { headers })).json()) as {
      meta: { pagination: { links: Record<string, string | null> } }
    } // a page
    for (const link of ['self', 'first', 'next']) expect(meta.pagination.links[link]).toStartWith('/api/firm?')
  })

  test('has the limit that was asked for, 20 without one', async () => {
    const { tenant } = await tenantWith(1)
    expect((await pageOf(tenant, '/firm')).limit).toBe(20)
    expect((await pageOf(tenant, '/firm', { limit: 100 })).limit).toBe(100)
  })
})

describe('when rows are deleted between two requests', () => {
  /** The second of three pages of two rows. */
  async function second() {
    const { tenant, ids, remove } = await tenantWith(6)
    const first = await page(tenant, '')
    return { tenant, ids, remove, first, second: await page(tenant, first.nextCursor) }
  }

  test('a page whose earlier rows are gone has no previous one', async () => {
    const { tenant, ids, remove, first } = await second()
    await remove(1, 2)
    expect(ends(await page(tenant, first.nextCursor))).toEqual({
      keys: ids.slice(2, 4),
      hasNext: true,
      hasPrevious: false,
      hasMore: true,
    })
  })

  test('a page back whose later rows are gone has no next one', async () => {
    const { tenant, ids, remove, second: middle } = await second()
    const third = await page(tenant, middle.nextCursor)
    await remove(5, 6)
    expect(ends(await page(tenant, third.previousCursor))).toEqual({
      keys: ids.slice(2, 4),
      hasNext: false,
      hasPrevious: true,
      hasMore: false,
    })
  })

  test('an empty page at the end leads back to the rows before it', async () => {
    const { tenant, ids, remove, second: middle } = await second()
    await remove(5, 6)
    const empty = await page(tenant, middle.nextCursor)
    expect(ends(empty)).toEqual({ keys: [], hasNext: false, hasPrevious: true, hasMore: false })
    expect(ends(await page(tenant, empty.previousCursor))).toEqual({
      keys: ids.slice(2, 4),
      hasNext: false,
      hasPrevious: true,
      hasMore: false,
    })
  })

  test('an empty page at the start leads on to the rows behind it', async () => {
    const { tenant, ids, remove, second: middle } = await second()
    await remove(1, 2)
    const empty = await page(tenant, middle.previousCursor)
    expect(ends(empty)).toEqual({ keys: [], hasNext: true, hasPrevious: false, hasMore: true })
    expect(ends(await page(tenant, empty.nextCursor))).toEqual({
      keys: ids.slice(2, 4),
      hasNext: true,
      hasPrevious: false,
      hasMore: true,
    })
  })

  test('an empty page leads back although the boundary row is gone too', async () => {
    const { tenant, ids, remove, second: middle } = await second()
    await remove(4, 5, 6)
    const atEnd = await page(tenant, middle.nextCursor)
    expect((await page(tenant, atEnd.previousCursor)).keys).toEqual(ids.slice(1, 3))
    await remove(1, 2, 3)
    await addRows('firm', tenant, [{ whole: '7' }])
    const atStart = await page(tenant, middle.previousCursor)
    expect([atStart.keys, (await page(tenant, atStart.nextCursor)).keys.length]).toEqual([[], 1])
  })

  test('a cursor goes on behind a boundary row that is gone', async () => {
    const { tenant, ids, remove, first, second: middle } = await second()
    await remove(2, 3)
    expect((await page(tenant, first.nextCursor)).keys).toEqual(ids.slice(3, 5))
    expect((await page(tenant, middle.previousCursor)).keys).toEqual(ids.slice(0, 1))
  })

  test('a list whose rows are all gone is an empty page without cursors', async () => {
    const { tenant, remove, first, second: middle } = await second()
    await remove(1, 2, 3, 4, 5, 6)
    const empty = { keys: [], hasNext: false, hasPrevious: false, hasMore: false }
    for (const cursor of [first.nextCursor, middle.previousCursor])
      expect(ends(await page(tenant, cursor))).toEqual(empty)
  })

  test('a row that is added before or behind the page changes its ends', async () => {
    const { tenant, ids } = await tenantWith(2)
    const [first, last] = [await page(tenant, '', 1), async () => page(tenant, first.nextCursor, 1)]
    expect(ends(await last())).toMatchObject({ keys: ids.slice(1), hasNext: false })
    await addRows('firm', tenant, [{ whole: '3' }])
    expect(ends(await last())).toMatchObject({ keys: ids.slice(1), hasNext: true })
  })
})

test('a page with its ends and its total takes one round trip', async () => {
  const { tenant } = await tenantWith(6)
  await using proxy = await openCountingProxy(database.appUrl)
  const db = createTenantDatabase({ connections: createPool({ url: proxy.url, size: 1 }), ...tenantIds })
  const target = createListApp({ db })
  const read = (cursor: string) => pageOf(tenant, '/firm', { limit: 2, count: 'true', cursor }, target)
  const { nextCursor } = await read((await read('')).nextCursor ?? 'absent') // the second page, whose statements are prepared
  expect(await proxy.within(1, () => read(nextCursor ?? 'absent'))).toBe(1)
  await db.close()
})
