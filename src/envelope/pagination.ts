import type { z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { publicPath } from '../http/index.ts'
import type { Pagination } from './schemas.ts'

/** The highest counted total, and the last row that a page can reach. */
export const totalMax = 10_000

/** One page of rows from a repository. `total` is counted up to `totalMax + 1`. */
export interface Page<Row> {
  rows: Row[]
  total: number
  hasNext: boolean
}

/**
 * Makes a page of rows that were read with `limit + 1`: an extra row means that there is a next page.
 *
 * @param total the number of rows, counted up to `totalMax + 1`
 */
export const toPage = <Row>(found: Row[], limit: number, total: number): Page<Row> => ({
  rows: found.slice(0, limit),
  total,
  hasNext: found.length > limit,
})

// Not `new URL`: the client chooses the host, and Bun passes on hosts that URL rejects.
const afterHost = /^[^:]+:\/\/[^/?#]*([^?#]*)\??([^#]*)/

/**
 * Creates the function that links to a page of a list: relative, with the other parameters of the request.
 *
 * @param name the parameter that says which page
 */
export function pageLinks(request: Context | string, name: string, limit: number): (to: string | number) => string {
  const isUrl = typeof request === 'string'
  const [, route = '/', search = ''] = afterHost.exec(isUrl ? request : request.req.url) ?? []
  const path = isUrl ? route : publicPath(request, route) // the path of the context is decoded
  const params = new URLSearchParams(search)
  params.set(name, '')
  params.set('limit', String(limit))
  return (to) => {
    params.set(name, String(to))
    return `${path}?${params}`
  }
}

/**
 * Returns `meta.pagination` of a page. Links are relative and keep the other query parameters. A link is `null` when no such
 * page exists.
 *
 * @param request the context of the request, or the URL to link to. The links of a context have the prefix of `behindProxies`
 * @param query the requested page, counted from 1, and its size
 * @param found the result: a `total` above {@link totalMax} is reported as capped
 */
export function pagination(
  request: Context | string,
  query: { page: number; limit: number },
  found: { total: number; hasNext: boolean },
): z.infer<typeof Pagination> {
  const { page, limit } = query
  const total = Math.min(found.total, totalMax)
  const totalPages = Math.ceil(total / limit)
  const last = Math.min(totalPages, Math.floor(totalMax / limit))
  const link = pageLinks(request, 'page', limit)
  const linkOrNull = (to: number) => (to >= 1 && to <= last ? link(to) : null)
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
      first: linkOrNull(1),
      prev: linkOrNull(page - 1),
      next: linkOrNull(page + 1),
      last: linkOrNull(last),
    },
  }
}
