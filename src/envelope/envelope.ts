import type { Context, TypedResponse } from 'hono'
import type { ContentfulStatusCode } from 'hono/utils/http-status'
import type { RequestIdEnv } from './request-id.ts'

/** The body of every successful response that has one. */
export interface Success<Data, Meta = undefined> {
  success: true
  statusCode: number
  requestId: string
  data: Data
  meta: Meta
  timestamp: string
  path: string
}

/** One problem of a refused request: `path` in dot notation, `in` where it is not the body. */
export interface Problem {
  path: string
  in?: 'query' | 'params' | 'header'
  code: string
  message: string
}

/** The body of every failure. */
export interface Failure {
  success: false
  statusCode: number
  requestId: string
  error: { code: string; message: string; details?: Problem[] }
  timestamp: string
  path: string
}

type SuccessBody<Data, Meta> = Meta extends undefined ? Omit<Success<Data>, 'meta'> : Success<Data, Meta>

/**
 * Answers with the success envelope. Keys come in the order of the contract; `meta` is there only when given.
 *
 * @param data the payload, `null` included
 * @param options `status` (200 when left out) and `meta`
 * @example
 * return ok(c, toTask(row), { status: 201 })
 */
export function ok<Data, const Status extends ContentfulStatusCode = 200, Meta = undefined>(
  c: Context,
  data: Data,
  options: { status?: Status; meta?: Meta } = {},
): Response & TypedResponse<SuccessBody<Data, Meta>, Status, 'json'> {
  const status = options.status ?? 200
  const body = {
    success: true,
    statusCode: status,
    requestId: idOf(c),
    data,
    meta: options.meta,
    timestamp: new Date().toISOString(),
    path: c.req.path,
  }
  // Hono's type of c.json is lost in the generics; JSON leaves an undefined `meta` out.
  return c.json(body, status) as unknown as Response & TypedResponse<SuccessBody<Data, Meta>, Status, 'json'>
}

/**
 * Answers with the failure envelope. Only `onError` calls it: everything else throws an error.
 *
 * @example
 * return failure(c, { status: 404, code: 'NOT_FOUND', message: 'Task not found' })
 */
export function failure(
  c: Context,
  error: { status: ContentfulStatusCode; code: string; message: string; details?: Problem[] | undefined },
): Response {
  const { status, code, message, details } = error
  const body: Failure = {
    success: false,
    statusCode: status,
    requestId: idOf(c),
    error: details && details.length > 0 ? { code, message, details } : { code, message },
    timestamp: new Date().toISOString(),
    path: c.req.path,
  }
  return c.json(body, status)
}

/** The id from {@link requestId}, or a fresh one where that middleware has not run. */
const idOf = (c: Context<{ Variables: Partial<RequestIdEnv['Variables']> }>): string =>
  c.get('requestId') ?? crypto.randomUUID()
