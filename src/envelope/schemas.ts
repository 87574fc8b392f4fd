import { z } from '@hono/zod-openapi'
import type { EnvelopeOptions } from './fields.ts'

const common = {
  requestId: z.string().openapi({ example: '550e8400-e29b-41d4-a716-446655440000' }),
  timestamp: z.iso.datetime().openapi({ example: '2026-04-05T12:00:00.000Z' }),
  path: z.string().openapi({ description: 'The path of the request, without its query', example: '/tasks' }),
}
type Common = typeof common

const link = z.string().nullable()

/** The Zod schema of `meta.pagination`. */
export const Pagination = z
  .object({
    type: z.literal('offset'),
    page: z.number().int().min(1).openapi({ example: 1 }),
    limit: z.number().int().min(1).openapi({ example: 20 }),
    total: z.number().int().min(0).openapi({ description: 'Exact up to 10,000', example: 1 }),
    totalCapped: z.literal(true).optional().openapi({ description: 'Present when more rows than `total` exist' }),
    totalPages: z.number().int().min(0).openapi({ example: 1 }),
    hasNext: z.boolean(),
    hasPrev: z.boolean(),
    links: z.object({ self: z.string(), first: link, prev: link, next: link, last: link }).openapi('PaginationLinks'),
  })
  .openapi('Pagination')

/** The Zod schema of `meta.pagination` of a page by cursor. */
export const CursorPagination = z
  .object({
    type: z.literal('cursor'),
    limit: z.number().int().min(1).openapi({ example: 20 }),
    nextCursor: z.string().nullable().openapi({ description: 'The cursor of the next page; null on the last one' }),
    previousCursor: z.string().nullable().openapi({ description: 'The cursor of the page before; null on the first' }),
    hasMore: z.boolean().openapi({ description: 'Whether `nextCursor` is a cursor' }),
    total: z.number().int().min(0).optional().openapi({ description: 'With `count=true`. Exact up to 10,000' }),
    totalCapped: z.literal(true).optional().openapi({ description: 'Present when more rows than `total` exist' }),
    links: z.object({ self: z.string(), first: link, prev: link, next: link }).openapi('CursorLinks'),
  })
  .openapi('CursorPagination')

/** The Zod schema of `meta` of a page. */
const PageMeta = z.object({ pagination: Pagination }).openapi('PageMeta')

/** The Zod schema of `meta` of a page by number or by cursor. */
const ListMeta = z
  .object({ pagination: z.discriminatedUnion('type', [Pagination, CursorPagination]) })
  .openapi('ListMeta')

const position = z.string().openapi({ description: 'A position: send it as `since` to read the changes from there on' })

/** As `ListMeta`, for a list whose changes can be followed. */
const FollowedListMeta = z
  .object({
    pagination: z.discriminatedUnion('type', [Pagination, CursorPagination]),
    changes: z
      .object({ next: position })
      .optional()
      .openapi({ description: 'Of a page by cursor: where to follow the changes from, after all pages were read' }),
  })
  .openapi('FollowedListMeta')

/** The Zod schema of `meta` of a page of changes. */
const ChangesMeta = z
  .object({
    changes: z
      .object({
        next: position,
        hasMore: z.boolean().openapi({ description: 'Whether there are more changes now' }),
      })
      .openapi('ChangesPosition'),
  })
  .openapi('ChangesMeta')

/** The schema of a body of the envelope. */
type Body<Left extends string, Own extends z.ZodRawShape> = z.ZodObject<
  { success: z.ZodLiteral<true>; statusCode: z.ZodNumber } & Omit<Common, Left> & Own
>

export interface EnvelopeSchemas<Left extends string> {
  /**
   * The Zod schema of the success envelope.
   *
   * @param data the schema of the payload
   * @example
   * successOf(Task, 201)
   */
  successOf<Data extends z.ZodType>(data: Data, statusCode?: number): Body<Left, { data: Data }>
  /** The Zod schema of a page: a list in the success envelope, with `meta.pagination`. */
  pageOf<Item extends z.ZodType>(item: Item): Body<Left, { data: z.ZodArray<Item>; meta: typeof PageMeta }>
  /** As `pageOf`, for a list of `rowhouse/lists`: its pages are by number or by cursor. */
  listOf<Item extends z.ZodType>(item: Item): Body<Left, { data: z.ZodArray<Item>; meta: typeof ListMeta }>
  /** As `listOf`, for a list with the option `changes`: its pages by cursor have `meta.changes`. */
  followedListOf<Item extends z.ZodType>(
    item: Item,
  ): Body<Left, { data: z.ZodArray<Item>; meta: typeof FollowedListMeta }>
  /** The Zod schema of a page of changes: `changes()` of `rowhouse/audit`. */
  changesOf<Item extends z.ZodType>(change: Item): Body<Left, { data: z.ZodArray<Item>; meta: typeof ChangesMeta }>
}

/** Creates the schemas of an envelope. */
export function createSchemas<Left extends string>(options: EnvelopeOptions): EnvelopeSchemas<Left> {
  const { requestId, timestamp, path } = common
  const fields = {
    ...(options.requestId === false ? {} : { requestId }),
    ...(options.timestamp === false ? {} : { timestamp }),
    ...(options.path === false ? {} : { path }),
  }
  const body = <Own extends z.ZodRawShape>(own: Own, statusCode: number) => {
    const status = z.number().int().openapi({ example: statusCode })
    const { requestId: id, ...rest } = fields
    const shape = { success: z.literal(true), statusCode: status, ...(id ? { requestId: id } : {}), ...own, ...rest }
    return z.object(shape) as unknown as Body<Left, Own> // Left names the fields that the options leave out
  }
  return {
    successOf: (data, statusCode = 200) => body({ data }, statusCode),
    pageOf: (item) => body({ data: z.array(item), meta: PageMeta }, 200),
    listOf: (item) => body({ data: z.array(item), meta: ListMeta }, 200),
    followedListOf: (item) => body({ data: z.array(item), meta: FollowedListMeta }, 200),
    changesOf: (change) => body({ data: z.array(change), meta: ChangesMeta }, 200),
  }
}

const Detail = z
  .object({
    path: z.string().openapi({ example: 'title' }),
    in: z.enum(['query', 'params', 'header']).optional(),
    code: z.string().openapi({ example: 'too_small' }),
    message: z.string(),
  })
  .openapi('FailureDetail')

const code = z
  .string()
  .openapi({ description: 'Stable: compare it, and not the message', example: 'VALIDATION_FAILED' })

/** The Zod schema of the failure envelope. `createDocument` leaves out what the envelope of the app leaves out. */
export const FailureBody = z
  .object({
    success: z.literal(false),
    statusCode: z.number().int().openapi({ example: 400 }),
    requestId: common.requestId,
    error: z.object({ code, message: z.string(), details: z.array(Detail).optional() }).openapi('FailureError'),
    timestamp: common.timestamp,
    path: common.path,
  })
  .openapi('Failure')

/** The Zod schema of a failure in `application/problem+json` (RFC 9457). */
export const ProblemDetails = z
  .object({
    type: z.string().openapi({ format: 'uri-reference', example: 'about:blank' }),
    title: z.string().openapi({ example: 'Bad Request' }),
    status: z.number().int().openapi({ example: 400 }),
    detail: z.string(),
    instance: z.string().openapi({ format: 'uri-reference', example: '/tasks' }),
    code,
    requestId: common.requestId,
    errors: z.array(Detail).optional(),
  })
  .openapi('ProblemDetails')
