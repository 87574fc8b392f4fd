import { z } from '@hono/zod-openapi'

const common = {
  requestId: z.string().openapi({ example: '550e8400-e29b-41d4-a716-446655440000' }),
  timestamp: z.iso.datetime().openapi({ example: '2026-04-05T12:00:00.000Z' }),
  path: z.string().openapi({ description: 'The path of the request, without its query', example: '/tasks' }),
}

/**
 * The Zod schema of the success envelope.
 *
 * @param data the schema of the payload
 * @example
 * successOf(Task, 201)
 */
export const successOf = <Data extends z.ZodType>(data: Data, statusCode = 200) =>
  z.object({
    success: z.literal(true),
    statusCode: z.number().int().openapi({ example: statusCode }),
    requestId: common.requestId,
    data,
    timestamp: common.timestamp,
    path: common.path,
  })

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
    links: z.object({ self: z.string(), first: link, prev: link, next: link, last: link }),
  })
  .openapi('Pagination')

/** The Zod schema of a page: a list in the success envelope, with `meta.pagination`. */
export const pageOf = <Item extends z.ZodType>(item: Item) =>
  z.object({
    success: z.literal(true),
    statusCode: z.number().int().openapi({ example: 200 }),
    requestId: common.requestId,
    data: z.array(item),
    meta: z.object({ pagination: Pagination }),
    timestamp: common.timestamp,
    path: common.path,
  })

const ProblemSchema = z
  .object({
    path: z.string().openapi({ example: 'title' }),
    in: z.enum(['query', 'params', 'header']).optional(),
    code: z.string().openapi({ example: 'too_small' }),
    message: z.string(),
  })
  .openapi('Problem')

/**
 * The Zod schema of the failure envelope.
 *
 * @param codes the possible error codes of the response
 */
export const failureOf = (codes: readonly [string, ...string[]]) =>
  z.object({
    success: z.literal(false),
    statusCode: z.number().int(),
    requestId: common.requestId,
    error: z.object({ code: z.enum(codes), message: z.string(), details: z.array(ProblemSchema).optional() }),
    timestamp: common.timestamp,
    path: common.path,
  })
