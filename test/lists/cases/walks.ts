import { expect } from 'bun:test'
import { offsetPageOf, pageOf } from './app.ts'

type Query = Record<string, string | number>

/** The keys of all rows, page by page, from the first page to the end. */
export async function forward(tenant: string, path: string, query: Query): Promise<string[][]> {
  const pages: string[][] = []
  for (let cursor: string | null = ''; cursor !== null; ) {
    const page = await pageOf(tenant, path, { ...query, cursor })
    pages.push(page.keys)
    expect(page.hasMore).toBe(page.nextCursor !== null)
    cursor = page.nextCursor
  }
  return pages
}

/** Walks from the first page to the end and back to the start. Expects the rows in this order, each once, both ways. */
export async function expectBothWays(
  tenant: string,
  path: string,
  query: Query & { limit: number },
  rows: readonly string[],
) {
  const { limit } = query
  const there: string[] = []
  let page = await pageOf(tenant, path, query)
  expect(page.previousCursor).toBeNull()
  for (;;) {
    there.push(...page.keys)
    expect({ keys: there, hasMore: page.hasMore }).toEqual({
      keys: rows.slice(0, there.length),
      hasMore: there.length < rows.length,
    })
    if (page.nextCursor === null) break
    expect(page.keys).toHaveLength(limit)
    page = await pageOf(tenant, path, { ...query, cursor: page.nextCursor })
  }
  expect(there).toEqual([...rows])
  const back: string[] = []
  for (let start = rows.length - page.keys.length; ; start -= limit) {
    back.unshift(...page.keys)
    expect({ keys: back, hasMore: page.hasMore }).toEqual({
      keys: rows.slice(Math.max(0, start)),
      hasMore: back.length > page.keys.length,
    })
    if (page.previousCursor === null) break
    page = await pageOf(tenant, path, { ...query, cursor: page.previousCursor })
  }
  expect(back).toEqual([...rows])
}

/** The keys and the total that a query finds, by offset and by cursor, which have to be the same. */
export async function found(tenant: string, query: Query, path = '/loose') {
  const byOffset = await offsetPageOf(tenant, path, { limit: 100, ...query })
  const byCursor = await pageOf(tenant, path, { limit: 100, count: 'true', ...query })
  const small = await forward(tenant, path, { limit: 2, ...query })
  expect([byCursor.keys, small.flat(), byCursor.total]).toEqual([byOffset.keys, byOffset.keys, byOffset.total])
  expect(byOffset.total).toBe(byOffset.keys.length)
  return byOffset.keys
}
