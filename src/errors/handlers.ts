import type { z } from '@hono/zod-openapi'
import type { Context, ErrorHandler, MiddlewareHandler, NotFoundHandler } from 'hono'
import { HTTPException } from 'hono/http-exception'
import type { ContentfulStatusCode } from 'hono/utils/http-status'
import { failure, type Problem } from '../envelope/index.ts'
import { ApiError } from './api-error.ts'
import { catalogue, codeOfStatus } from './catalogue.ts'
import { causesOf } from './causes-of.ts'
import { type Constraints, type DatabaseError, findDatabaseError, toApiError } from './database-error.ts'

/** What a log line may say of an error: names, codes and places in code, never a message, for it can hold values. */
export interface ErrorReport {
  code: string
  name: string
  database?: DatabaseError
  at?: string[]
}

/** Context that {@link createErrorHandler} fills for the request's log line. */
export type ErrorEnv = { Variables: { errorReport: ErrorReport } }

/**
 * The one place where a thrown failure becomes a response. 4xx tell the client what to mend; a 5xx body carries the
 * code, the generic message and the request id, nothing else.
 *
 * @param options `constraints`: what to say of each named database constraint
 * @example
 * app.onError(createErrorHandler({ constraints: { ...userConstraints } }))
 */
export function createErrorHandler(options: { constraints?: Constraints } = {}): ErrorHandler {
  return function onError(thrown, c) {
    const database = findDatabaseError(thrown)
    const error = asFailure(thrown, database, c.req.method, options.constraints ?? {})
    c.set('errorReport', {
      code: error.code,
      name: thrown.name,
      ...(database ? { database } : {}),
      ...(error.status >= 500 ? { at: placesOf(thrown) } : {}),
    } satisfies ErrorReport)
    for (const [name, value] of Object.entries(error.headers)) c.header(name, value)
    return failure(c, error)
  }
}

/** 404 in the envelope, for paths that no route knows. */
export const notFound: NotFoundHandler = (c) => failure(c, { ...catalogue.NOT_FOUND, code: 'NOT_FOUND' })

/**
 * Hono hands an Error to `onError` and lets anything else escape. Put before what may throw, this makes Errors of the rest.
 */
export const throwErrors: MiddlewareHandler = async (_c, next) => {
  try {
    await next()
  } catch (thrown) {
    throw thrown instanceof Error ? thrown : new Error('Something that is no Error was thrown', { cause: thrown })
  }
}

/** The validation hook of every route: one problem an entry, `in` where it is not the body. */
export function onInvalid(
  result: { target: string } & ({ success: true } | { success: false; error: z.ZodError }),
  c: Context,
): undefined {
  // Without a media type the validator would take `{}` for the body, whatever was sent.
  if (result.target === 'json' && !c.req.header('Content-Type')) throw new ApiError('UNSUPPORTED_MEDIA_TYPE')
  if (result.success) return undefined
  const places = { param: 'params', query: 'query', header: 'header' } as const
  const place = places[result.target as keyof typeof places] // other targets have no entry: they are the body
  const details = result.error.issues.flatMap((issue): Problem[] => {
    const paths = issue.code === 'unrecognized_keys' ? issue.keys.map((key) => [...issue.path, key]) : [issue.path]
    return paths.map((path) => ({
      path: path.map(String).join('.'),
      ...(place ? { in: place } : {}),
      code: issue.code,
      message: issue.code === 'unrecognized_keys' ? 'Unrecognized key' : issue.message,
    }))
  })
  throw new ApiError('VALIDATION_FAILED', undefined, { details: details.slice(0, problemsMax) })
}

// A body full of unknown keys must not come back many times its size.
const problemsMax = 100

const retryAfter = { 'Retry-After': '1' }

interface Answer {
  status: ContentfulStatusCode
  code: string
  message: string
  details?: Problem[] | undefined
  headers: Record<string, string>
}

function asFailure(thrown: Error, database: DatabaseError | undefined, method: string, known: Constraints): Answer {
  if (thrown instanceof HTTPException && (database === undefined || thrown.status < 500)) return answerOf(thrown)
  const error =
    thrown instanceof ApiError
      ? thrown
      : ((database && toApiError(database, thrown, method, known)) ?? new ApiError('INTERNAL_SERVER_ERROR'))
  const { status, message } = catalogue[error.code]
  const headers = status === 503 ? { ...retryAfter, ...error.headers } : error.headers
  return status >= 500
    ? { status, code: error.code, message, headers }
    : { status, code: error.code, message: error.message, details: error.details, headers }
}

/** Of an exception a 4xx keeps what it says, a 5xx its status alone. What is no error's status is a fault of ours. */
function answerOf(exception: HTTPException): Answer {
  const status = exception.status >= 400 ? exception.status : 500
  const code = codeOfStatus(status)
  const general = status >= 500 ? catalogue.INTERNAL_SERVER_ERROR.message : code
  const usual = code in catalogue ? catalogue[code as keyof typeof catalogue].message : general // `in` does not narrow
  // Hono repeats the status's name where it has nothing to say.
  const says = status < 500 && exception.message.toUpperCase().replaceAll(' ', '_') !== code ? exception.message : ''
  return {
    status: status as ContentfulStatusCode, // Hono's types let an exception carry statuses without a body; these have one
    code,
    message: says || usual,
    headers: { ...(status === 503 ? retryAfter : {}), ...headersOf(exception) },
  }
}

/** Headers that other people's middleware hands over with its exception, as `WWW-Authenticate` of a 401. */
function headersOf(exception: HTTPException): Record<string, string> {
  const kept = ['WWW-Authenticate', 'Allow', 'Retry-After']
  return Object.fromEntries(
    kept.flatMap((name) => {
      const value = exception.res?.headers.get(name)
      return value ? [[name, value]] : []
    }),
  )
}

/** Where in the code it happened: the frames of the stack and of its causes, without the messages above them. */
function placesOf(thrown: Error): string[] {
  return causesOf(thrown).flatMap((cause) => [
    cause.name,
    ...(cause.stack ?? '')
      .replace(cause.message, '')
      .split('\n')
      .filter((line) => /^\s+at /.test(line))
      .slice(0, 6)
      .map((line) => line.trim()),
  ])
}
