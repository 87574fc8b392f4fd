import type { z } from '@hono/zod-openapi'
import type { Pagination } from './schemas.ts'

/** Totals are counted to here and no further, and no page reaches beyond: deep reading belongs to cursors. */
export const totalMax = 10_000

/** One page of rows as a repository returns it; `total` may be counted up to `totalMax + 1`. */
export interface Page<Row> {
  rows: Row[]
  total: number
  hasNext: boolean
}

/**
 * A page of rows that were read with `limit + 1`: the one too many says that there is a next page.
 *
 * @param total counted up to `totalMax + 1`
 */
export const toPage = <Row>(found: Row[], limit: number, total: number): Page<Row> => ({
  rows: found.slice(0, limit),
  total,
  hasNext: found.length > limit,
})

// Not URL: the host is what the client says, and Bun passes on even one that URL would refuse to parse.
const afterHost = /^[^:]+:\/\/[^/?#]*([^?#]*)\??([^#]*)/

/**
 * `meta.pagination` of a page. Links are relative, keep the other query parameters, and are `null` where no such page
 * can be asked for.
 *
 * @param url the request's URL
 * @param query the page that was asked for, counted from 1
 * @param found what was found: `total` above {@link totalMax} is reported as capped
 */
export function pagination(
  url: string,
  query: { page: number; limit: number },
  found: { total: number; hasNext: boolean },
): z.infer<typeof Pagination> {
  const { page, limit } = query
  const total = Math.min(found.total, totalMax)
  const totalPages = Math.ceil(total / limit)
  const last = Math.min(totalPages, Math.floor(totalMax / limit))
  const [, path = '/', search = ''] = afterHost.exec(url) ?? []
  const link = (to: number): string => {
    const params = new URLSearchParams(search)
    params.set('page', String(to))
    params.set('limit', String(limit))
    return `${path}?${params}`
  }
  const linkIfThere = (to: number) => (to >= 1 && to <= last ? link(to) : null)
  return {
    type: 'offset',
    page,
    limit,
    total,
    ...(found.total > totalMax ? { totalCapped: true as const } : {}),
    totalPages,
    hasNext: found.hasNext,
    hasPrev: page > 1 && page - 1 <= totalPages,
    links: {
      self: link(page),
      first: linkIfThere(1),
      prev: linkIfThere(page - 1),
      next: linkIfThere(page + 1),
      last: linkIfThere(last),
    },
  }
}
