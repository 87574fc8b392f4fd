import type { Problem } from '../envelope/index.ts'
import { catalogue, type ErrorCode } from './catalogue.ts'

/**
 * A failure with a code of the catalogue. The error handler turns it into the failure envelope.
 *
 * @param code the code, which determines the status
 * @param message for the client. A 5xx response always carries the message of the catalogue instead.
 * @param options `details` for the client, `headers` of the response, `cause` for the log
 * @example
 * throw new ApiError('NOT_FOUND', 'Task not found')
 */
export class ApiError extends Error {
  override readonly name = 'ApiError'
  readonly details: Problem[] | undefined
  readonly headers: Record<string, string>

  constructor(
    readonly code: ErrorCode,
    message: string = catalogue[code].message,
    options: { details?: Problem[]; headers?: Record<string, string>; cause?: unknown } = {},
  ) {
    super(message, { cause: options.cause })
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
