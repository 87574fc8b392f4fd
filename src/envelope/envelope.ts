import type { Context, TypedResponse } from 'hono'
import type { ContentfulStatusCode } from 'hono/utils/http-status'
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

/**
 * What `byteLimits` sets in Hono's context: it counts the bytes of a large response, and returns a body that sends them as fast as
 * the client reads.
 *
 * @throws ApiError SERVICE_UNAVAILABLE or TOO_MANY_REQUESTS when the bytes do not fit
 */
export type LargeResponseEnv = {
  Variables: { sendLarge?: (bytes: Uint8Array<ArrayBuffer>) => ReadableStream<Uint8Array> }
}

/** From this many UTF-16 units a body is large. A smaller one fits into the buffer of a socket. */
const largeLength = 16_384
const encoder = new TextEncoder()

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
  const text = JSON.stringify(body) // omits an undefined `meta`
  return respond(c, text, status) as Response & TypedResponse<SuccessBody<Data, Meta>, Status, 'json'> // text is of this type
}

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

function respond(c: Context<LargeResponseEnv>, text: string, status: ContentfulStatusCode): Response {
  const sendLarge = text.length < largeLength ? undefined : c.get('sendLarge')
  if (!sendLarge) return c.body(text, status, { 'Content-Type': 'application/json' })
  const bytes = encoder.encode(text)
  return c.body(sendLarge(bytes), status, {
    'Content-Type': 'application/json',
    'Content-Length': String(bytes.byteLength),
  })
}

/** The id from {@link requestId}, or a new id when that middleware has not run. */
const idOf = (c: Context<{ Variables: Partial<RequestIdEnv['Variables']> }>): string =>
  c.get('requestId') ?? crypto.randomUUID()
