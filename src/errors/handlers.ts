import type { z } from '@hono/zod-openapi'
import type { Context, ErrorHandler, MiddlewareHandler, NotFoundHandler } from 'hono'
import type { HTTPException } from 'hono/http-exception'
import type { ContentfulStatusCode } from 'hono/utils/http-status'
import { failure, type Problem } from '../envelope/index.ts'
import type { Logger } from '../text/index.ts'
import { ApiError, nothingToChange } from './api-error.ts'
import { callListener } from './call-listener.ts'
import { catalogue, codeOf, describeStatus } from './catalogue.ts'
import type { Constraints } from './constraints.ts'
import { type DatabaseError, findDatabaseError, toApiError } from './database-error.ts'
import { consoleLog, type ErrorReport, type FailureReport, failureReportOf, logReport, reportOf } from './error-log.ts'

/** The variable that {@link createErrorHandler} sets for the log line of the request. */
export type ErrorEnv = { Variables: { errorReport: ErrorReport } }

export interface ErrorHandlerOptions {
  /** The messages for violated database constraints, by name. */
  constraints?: Constraints
  /** Where failures of the server are logged. @default lines of JSON on the console */
  log?: Pick<Logger, 'error'>
  /** Called instead of the log with each error that is answered with a 5xx. Its own error is ignored. */
  onError?: (error: Error, report: FailureReport, c: Context) => unknown
}

/**
 * Creates the handler that turns a thrown error into the failure envelope. A 4xx body names what the client can fix. A 5xx body
 * contains only the code, the message of the catalogue and the request id; the rest is logged: the query without its values, the
 * SQLSTATE, the place in your code, and what to do where that is known.
 *
 * @example
 * app.onError(createErrorHandler({ constraints: { ...userConstraints }, onError: (error) => sentry.captureException(error) }))
 */
export function createErrorHandler(options: ErrorHandlerOptions = {}): ErrorHandler {
  const { constraints = {}, log = consoleLog } = options
  const onFailure = options.onError ?? ((_: Error, report: FailureReport, c: Context) => logReport(log, report, c))
  return function onError(thrown, c) {
    const error = toResponse(thrown, findDatabaseError(thrown), c.req.method, constraints)
    const report = reportOf(thrown, error)
    c.set('errorReport', report)
    if (error.status >= 500) callListener(() => onFailure(thrown, failureReportOf(thrown, report, error.status), c))
    c.header('ETag', undefined) // of what the handler began to answer: the failure is no version of it
    for (const [name, value] of Object.entries(error.headers)) c.header(name, value)
    return failure(c, error)
  }
}

/** Responds with 404 in the envelope to a path without a route. */
export const notFound: NotFoundHandler = (c) => failure(c, { ...catalogue.NOT_FOUND, code: 'NOT_FOUND' })

/** Wraps thrown values that are no Error, which Hono would not pass to `onError`. Use it before middleware that may throw. */
export const throwErrors: MiddlewareHandler = async (_c, next) => {
  try {
    await next()
  } catch (thrown) {
    throw thrown instanceof Error ? thrown : new Error('A value that is no Error was thrown', { cause: thrown })
  }
}

const jsonType = /^application\/(?:[\w.-]+\+)?json\s*(?:;|$)/i

/** The validation hook of every route. It throws VALIDATION_FAILED with one detail per problem. */
export function onInvalid(
  result: { target: string } & ({ success: true } | { success: false; error: z.ZodError }),
  c: Context,
): undefined {
  // The validator reads a body without a media type as `{}`, and before @hono/zod-openapi 1.6.3 one of another media type too.
  if (result.target === 'json' && !jsonType.test(c.req.header('Content-Type') ?? ''))
    throw new ApiError('UNSUPPORTED_MEDIA_TYPE')
  if (result.success) return undefined
  const places = { param: 'params', query: 'query', header: 'header' } as const
  const place = places[result.target as keyof typeof places] // undefined for a body
  throw new ApiError('VALIDATION_FAILED', undefined, { details: problemsOf(result.error.issues, place) })
}

// The answer to a hostile body stays small.
const problemsMax = 20
const pathLengthMax = 100
/** What Zod says to an unknown key, without the key. A schema can have a message of its own. */
const unknownKey = 'Unrecognized key'

/** What an error of Zod says to a client. */
export function problemsOf(issues: readonly z.core.$ZodIssue[], place?: Problem['in']): Problem[] {
  const problems = issues.slice(0, problemsMax).flatMap((issue) => {
    const isUnknown = issue.code === 'unrecognized_keys'
    const paths = isUnknown ? issue.keys.slice(0, problemsMax).map((key) => [...issue.path, key]) : [issue.path]
    return paths.map((path) => ({
      path: shortened(path.map(String).join('.')),
      ...(place ? { in: place } : {}),
      code: issue.code,
      message: isUnknown && issue.message.startsWith(unknownKey) ? unknownKey : messageOf(issue, place),
    }))
  })
  const count = issues.reduce((sum, issue) => sum + (issue.code === 'unrecognized_keys' ? issue.keys.length : 1), 0)
  if (count <= problemsMax) return problems
  const message = `Only ${problemsMax} of ${count} problems are listed`
  return [...problems.slice(0, problemsMax), { path: '', code: 'more_problems', message }]
}

/** A parameter that a query has several times is a list. */
const messageOf = (issue: z.core.$ZodIssue, place: Problem['in']): string =>
  place === 'query' && issue.code === 'invalid_type' && issue.message.endsWith('received array')
    ? 'Send this parameter once. A list of values has commas'
    : issue.message

const shortened = (path: string): string => (path.length > pathLengthMax ? `${path.slice(0, pathLengthMax)}…` : path)

const retryAfter = { 'Retry-After': '1' }

interface FailureResponse {
  status: ContentfulStatusCode
  code: string
  message: string
  details?: Problem[] | undefined
  headers: Record<string, string>
}

function toResponse(
  thrown: Error,
  database: DatabaseError | undefined,
  method: string,
  constraints: Constraints,
): FailureResponse {
  if (isHttpException(thrown) && (database === undefined || thrown.status < 500)) return ofException(thrown)
  const error = toFailure(thrown, database, method, constraints)
  const { status, defaultMessage: message } = error
  const headers = status === 503 ? { ...retryAfter, ...error.headers } : error.headers
  return status >= 500
    ? { status, code: error.code, message, headers }
    : { status, code: error.code, message: error.message, details: error.details, headers }
}

function toFailure(
  thrown: Error,
  database: DatabaseError | undefined,
  method: string,
  constraints: Constraints,
): ApiError {
  if (thrown instanceof ApiError) return thrown
  if (isEmptyUpdate(thrown)) return nothingToChange(thrown)
  return (database && toApiError(database, thrown, method, constraints)) ?? new ApiError('INTERNAL_SERVER_ERROR')
}

/** By its shape: the application can have another copy of Hono, whose class is another one. */
const isHttpException = (thrown: Error): thrown is HTTPException =>
  'getResponse' in thrown &&
  typeof thrown.getResponse === 'function' &&
  'status' in thrown &&
  typeof thrown.status === 'number'

/** Drizzle's error for `update().set({})`, which has no class of its own. A body without fields causes it. */
const isEmptyUpdate = ({ message }: Error): boolean => message === 'No values to set'

/** A 4xx exception keeps its message, a 5xx only its status. An exception with another status is a bug: 500. */
function ofException(exception: HTTPException): FailureResponse {
  const status = exception.status >= 400 ? exception.status : 500
  const { code, message } = describeStatus(status)
  // Middleware of Hono often uses the name of the status as the message.
  const isSpecific = status < 500 && exception.message !== '' && codeOf(exception.message) !== code
  return {
    status: status as ContentfulStatusCode, // every status from 400 has a body; the type of Hono is wider
    code,
    message: isSpecific ? exception.message : message,
    headers: { ...(status === 503 ? retryAfter : {}), ...headersOf(exception) },
  }
}

/** The headers of an exception that a failure keeps, such as `WWW-Authenticate` of a 401. */
function headersOf(exception: HTTPException): Record<string, string> {
  const kept = ['WWW-Authenticate', 'Allow', 'Retry-After']
  return Object.fromEntries(
    kept.flatMap((name) => {
      const value = exception.res?.headers.get(name)
      return value ? [[name, value]] : []
    }),
  )
}
