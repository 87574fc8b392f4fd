import type { Context, TypedResponse } from 'hono'
import type { ContentfulStatusCode } from 'hono/utils/http-status'
import { bytesOf, type LargeResponseEnv, largeBytes, slicesOfList, slicesOfText } from './large-response.ts'
import type { RequestIdEnv } from './request-id.ts'

/** The body of a successful response. */
export interface Success<Data, Meta = undefined> {
  success: true
  statusCode: number
  requestId: string
  data: Data
  meta: Meta
  timestamp: string
  path: string
}

/** One problem of a rejected request: `path` in dot notation, `in` unless the problem is in the body. */
export interface Problem {
  path: string
  in?: 'query' | 'params' | 'header'
  code: string
  message: string
}

/** The body of a failure. */
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
 * Responds with the success envelope. The keys keep the order of {@link Success}; without `meta` that key is absent.
 *
 * @param data the payload, which may be `null`
 * @param options `status` (`@default 200`) and `meta`
 * @example
 * return ok(c, toTask(row), { status: 201 })
 */
export function ok<Data, const Status extends ContentfulStatusCode = 200, Meta = undefined>(
  c: Context,
  data: Data,
  options: { status?: Status; meta?: Meta } = {},
): Response & TypedResponse<SuccessBody<Data, Meta>, Status, 'json'> {
  const statusCode = options.status ?? 200
  const body = {
    success: true as const,
    statusCode,
    requestId: idOf(c),
    data,
    meta: options.meta, // omitted when it is undefined
    timestamp: new Date().toISOString(),
    path: c.req.path,
  }
  const response = respond(c, body)
  return response as Response & TypedResponse<SuccessBody<Data, Meta>, Status, 'json'> // the body is of this type
}

/** Writes a large body in slices where {@link LargeResponseEnv} is set, else at once. */
function respond(c: Context<LargeResponseEnv>, body: Success<unknown, unknown>): Response {
  const status = body.statusCode as ContentfulStatusCode // as ok() got it
  const sendLarge = c.get('sendLarge')
  if (sendLarge && Array.isArray(body.data) && !('toJSON' in body.data)) {
    const bytes = bytesOf(body.data)
    if (bytes >= largeBytes) return c.body(sendLarge(bytes, slicesOf(body, body.data)), status, json)
  }
  const text = JSON.stringify(body)
  if (sendLarge && text.length >= largeBytes / 2)
    return c.body(sendLarge(2 * text.length, slicesOfText(text)), status, json)
  return c.body(text, status, json)
}

function slicesOf(
  { meta, timestamp, path, ...body }: Success<unknown, unknown>,
  data: unknown[],
): Iterator<Uint8Array> {
  const head = `${JSON.stringify({ ...body, data: undefined }).slice(0, -1)},"data":[`
  const tail = `],${JSON.stringify({ meta, timestamp, path }).slice(1)}`
  return slicesOfList(head, [...data], tail) // a copy, since it is read later
}

const json = { 'Content-Type': 'application/json' }

/**
 * Responds with the failure envelope. Handlers throw an ApiError instead of calling it.
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

/** The id from {@link requestId}, or a new id when that middleware has not run. */
const idOf = (c: Context<{ Variables: Partial<RequestIdEnv['Variables']> }>): string =>
  c.get('requestId') ?? crypto.randomUUID()
