import { z } from '@hono/zod-openapi'
import type { MiddlewareHandler } from 'hono'
import { type TenantEnv, unverified } from '../../../src/context/index.ts'
import type { TenantDatabase } from '../../../src/database/index.ts'
import { ok, requestId } from '../../../src/envelope/index.ts'
import { createErrorHandler } from '../../../src/errors/index.ts'
import { between, cursors, equals, oneOf, pages, prefix } from '../../../src/lists/index.ts'
import { createRouter, id, json, tenantRoute } from '../../../src/openapi/index.ts'
import { header, tenant } from '../../../src/resolution/index.ts'
import type { Target } from '../../../src/testing/index.ts'
import { open } from '../../database.ts'
import { tenantIds } from '../../tenants.ts'
import { columnNames, database, firm, loose, moods, phrases } from './tables.ts'

const sort = columnNames
const filters = {
  mood: oneOf(moods),
  feeling: oneOf(['sad', 'happy'], 'mood'),
  reference: equals(id()),
  instant: between(),
  local: between('localTime'),
  day: between(),
  whole: between(),
  big: between(),
  amount: between(),
  price: between(),
  single: between(),
  second: between(),
  words: prefix(),
  code: prefix(),
}
const looseRows = pages(loose, { sort, default: 'whole', filters })
const firmRows = pages(firm, { sort, default: 'whole', filters })
const phraseRows = pages(phrases, { sort: ['rank', 'locale', 'code'], default: 'rank', filters: {} })

/** A list that `pages` declared, without the types of its table. */
export type AnyList = Pick<typeof looseRows, 'query'> & {
  page(...call: never): PromiseLike<{ rows: ({ id: string } | { code: string; locale: string })[]; meta: object }>
}
/** The lists of the app by their paths. Rows of two of them are of one table. */
const lists: Record<string, AnyList> = {
  '/loose': looseRows,
  '/firm': firmRows,
  '/also-firm': firmRows,
  '/phrases': phraseRows as never, // it has other filters
}

export const secret = 'the secret of the tests of lists, 1'

export interface ListAppOptions {
  db?: TenantDatabase
  lists?: Record<string, AnyList> | undefined
  secrets?: { secret: string; previous?: string } | undefined
  before?: MiddlewareHandler
  /** Gets the failures that the server logs. */
  onFailure?: (error: Error) => void
}

/** An app whose lists return the keys of rows. */
export function createListApp(options: ListAppOptions = {}): Target {
  const { db = ownDatabase } = options
  const secrets = 'secrets' in options ? options.secrets : { secret }
  const routes = createRouter<TenantEnv>()
  routes.use(tenant({ from: header('X-Tenant-Id'), auth: unverified(), ...tenantIds }))
  if (secrets) routes.use(cursors(secrets))
  for (const [path, list] of Object.entries(options.lists ?? lists)) {
    const route = tenantRoute({
      method: 'get',
      path,
      operationId: `list${path.slice(1)}`,
      permission: 'rows:read',
      summary: 'List rows',
      tags: ['rows'],
      request: { query: list.query },
      responses: { 200: json(z.any(), 'The keys of a page') },
    })
    routes.openapi(route, async (c) => {
      const { rows, meta } = await db.read((tx) => list.page(...([c, tx, c.req.valid('query')] as never))) // as `query` parsed it
      return ok(
        c,
        rows.map((row) => ('id' in row ? row.id : `${row.code}/${row.locale}`)),
        { meta },
      )
    })
  }
  const app = createRouter<TenantEnv>()
  app.use(requestId())
  if (options.before) app.use(options.before)
  app.onError(createErrorHandler(options.onFailure ? { onError: options.onFailure } : {}))
  app.route('/', routes)
  return app
}

const ownDatabase = open(database)
export const app: Target = createListApp()

const link = z.string().nullable()
const CursorPage = z.strictObject({
  type: z.literal('cursor'),
  limit: z.number(),
  nextCursor: link,
  previousCursor: link,
  hasMore: z.boolean(),
  total: z.number().optional(),
  totalCapped: z.literal(true).optional(),
  links: z.strictObject({ self: z.string(), first: link, prev: link, next: link }),
})
const OffsetPage = z.looseObject({ type: z.literal('offset'), total: z.number(), hasNext: z.boolean() })
const bodyOf = <Page extends z.ZodType>(pagination: Page) =>
  z.object({ data: z.array(z.string()), meta: z.strictObject({ pagination }) })
const CursorBody = bodyOf(CursorPage)
const OffsetBody = bodyOf(OffsetPage)
const Problem = z.object({ path: z.string(), in: z.string().optional(), code: z.string(), message: z.string() })
const Failure = z.object({
  error: z.object({ code: z.string(), message: z.string(), details: z.array(Problem).default([]) }),
})

/** Sends a query to a list as a tenant. */
export const send = (target: Target, tenant: string, path: string, query: Record<string, string | number> = {}) =>
  target.request(withQuery(path, query), { headers: { 'X-Tenant-Id': tenant } })

function withQuery(path: string, query: Record<string, string | number>): string {
  const text = new URLSearchParams(Object.entries(query).map(([name, value]) => [name, String(value)])).toString()
  return text ? `${path}${path.includes('?') ? '&' : '?'}${text}` : path
}

/** A page by cursor: the keys of its rows, and `meta.pagination`. */
export async function pageOf(tenant: string, path: string, query: Record<string, string | number> = {}, target = app) {
  const response = await send(
    target,
    tenant,
    path,
    'cursor' in query || /[?&]cursor=/.test(path) ? query : { cursor: '', ...query },
  )
  const body: unknown = await response.json()
  const { data, meta } = CursorBody.parse(response.status === 200 ? body : { failed: body })
  return { keys: data, ...meta.pagination }
}

/** A page by offset: the keys of its rows, and its total. */
export async function offsetPageOf(tenant: string, path: string, query: Record<string, string | number> = {}) {
  const { data, meta } = OffsetBody.parse(await (await send(app, tenant, path, query)).json())
  return { keys: data, total: meta.pagination.total, hasNext: meta.pagination.hasNext }
}

/** The failure that a list answers a query with: its status, code and details. */
export async function failureOf(
  tenant: string,
  path: string,
  query: Record<string, string | number> = {},
  target = app,
) {
  const response = await send(target, tenant, path, query)
  const { error } = Failure.parse(await response.json())
  return { status: response.status, ...error }
}
