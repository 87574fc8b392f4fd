import type { Problem } from '../envelope/index.ts'
import { type ErrorName, type FailureStatus, kindOf } from './error-kind.ts'

/**
 * A failure with a code of the catalogue or of your own. The error handler turns it into the failure envelope.
 *
 * @param name the code, or an `errorKind`: it determines the status
 * @param message for the client. A 5xx response always carries the default message of its code instead.
 * @param options `details` for the client, `headers` of the response, `cause` for the log
 * @example
 * throw new ApiError('NOT_FOUND', 'Task not found')
 */
export class ApiError extends Error {
  override readonly name = 'ApiError'
  readonly code: string
  readonly status: FailureStatus
  /** What a client gets of a 5xx. */
  readonly defaultMessage: string
  readonly details: Problem[] | undefined
  readonly headers: Record<string, string>

  constructor(
    name: ErrorName,
    message: string = kindOf(name).message,
    options: { details?: Problem[]; headers?: Record<string, string>; cause?: unknown } = {},
  ) {
    super(message, { cause: options.cause })
    const kind = kindOf(name)
    this.code = kind.code
    this.status = kind.status
    this.defaultMessage = kind.message
    this.details = options.details
    this.headers = options.headers ?? {}
  }
}

/** A 400 for a change without any field. */
export const nothingToChange = (cause?: unknown): ApiError =>
  new ApiError('VALIDATION_FAILED', 'The request changes nothing', { cause })

/** A 503 with `Retry-After` in seconds (RFC 9110, section 10.2.3): the client can repeat the request. */
export const unavailable = (cause: unknown, retryAfterSeconds = 1): ApiError =>
  new ApiError('SERVICE_UNAVAILABLE', undefined, { headers: { 'Retry-After': String(retryAfterSeconds) }, cause })
