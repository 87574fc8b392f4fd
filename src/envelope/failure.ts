import { STATUS_CODES } from 'node:http'
import type { Context } from 'hono'
import { parseAccept } from 'hono/utils/accept'
import type { ContentfulStatusCode } from 'hono/utils/http-status'
import { publicPath } from '../http/index.ts'
import { commonFields, envelopeOf, requestIdOf } from './fields.ts'

/** One problem of a rejected request: `path` in dot notation, `in` unless the problem is in the body. */
export interface Problem {
  path: string
  in?: 'query' | 'params' | 'header'
  code: string
  message: string
}

/** The body of a failure. */
export interface Failure<Code extends string = string> {
  success: false
  statusCode: number
  requestId: string
  error: { code: Code; message: string; details?: Problem[] }
  timestamp: string
  path: string
}

/** What a failure says to the client. */
export interface FailureContent {
  status: ContentfulStatusCode
  code: string
  message: string
  details?: Problem[] | undefined
}

/** The media type of RFC 9457. */
export const problemType = 'application/problem+json'

/**
 * Responds with the failure envelope, or with a problem (RFC 9457) where the app has them and the client accepts them. Handlers throw
 * an ApiError instead of calling it.
 *
 * @example
 * return failure(c, { status: 404, code: 'NOT_FOUND', message: 'Task not found' })
 */
export function failure(c: Context, { status, code, message, details = [] }: FailureContent): Response {
  const options = envelopeOf(c)
  const { problems = false } = options
  if (problems !== false) {
    c.header('Vary', 'Accept', { append: true })
    if (acceptsProblems(c)) {
      const type = problems === true ? 'about:blank' : problems + code.toLowerCase()
      const title = STATUS_CODES[status] ?? code // as for about:blank (RFC 9457, section 4.2.1)
      const errors = details.length > 0 ? details : undefined
      const problem = {
        type,
        title,
        status,
        detail: message,
        instance: publicPath(c, c.req.path),
        code,
        requestId: requestIdOf(c),
        errors,
      }
      return c.body(JSON.stringify(problem), status, { 'Content-Type': problemType })
    }
  }
  const { requestId, timestamp, path } = commonFields(c, options)
  const error = details.length > 0 ? { code, message, details } : { code, message }
  return c.json({ success: false, statusCode: status, requestId, error, timestamp, path }, status)
}

/** By its name, unless JSON counts more: `*\/*` and `application/*` accept the envelope too. */
function acceptsProblems(c: Context): boolean {
  const accepted = parseAccept(c.req.header('Accept') ?? '')
  const weightOf = (name: string) => accepted.find(({ type }) => type.toLowerCase() === name)?.q ?? 0
  return weightOf(problemType) > 0 && weightOf(problemType) >= weightOf('application/json')
}
