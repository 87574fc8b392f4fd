import { STATUS_CODES } from 'node:http'
import type { ContentfulStatusCode } from 'hono/utils/http-status'

/**
 * Every error code with its HTTP status (RFC 9110, section 15) and its default message. Each code has a page in docs/errors.
 */
export const catalogue = {
  BAD_REQUEST: { status: 400, message: 'The request is malformed' },
  VALIDATION_FAILED: { status: 400, message: 'The request does not match its schema' },
  UNAUTHORIZED: { status: 401, message: 'Authentication is required' },
  FORBIDDEN: { status: 403, message: 'The request is not allowed' },
  NOT_FOUND: { status: 404, message: 'Not found' },
  METHOD_NOT_ALLOWED: { status: 405, message: 'This path does not support this method' },
  REQUEST_TIMEOUT: { status: 408, message: 'The request did not arrive in time' },
  CONFLICT: { status: 409, message: 'The request conflicts with the current state' },
  GONE: { status: 410, message: 'The resource no longer exists' },
  PRECONDITION_FAILED: { status: 412, message: 'A precondition of the request is not met' },
  PAYLOAD_TOO_LARGE: { status: 413, message: 'The body is too large' },
  UNSUPPORTED_MEDIA_TYPE: { status: 415, message: 'The body must be JSON, with Content-Type: application/json' },
  INVALID_REFERENCE: { status: 422, message: 'The request refers to a resource that does not exist' },
  IDEMPOTENCY_KEY_REUSED: {
    status: 422,
    message: 'Another request has this Idempotency-Key: give this one a key of its own',
  },
  UNPROCESSABLE_ENTITY: { status: 422, message: 'The request cannot be processed' },
  TOO_MANY_REQUESTS: { status: 429, message: 'Too many requests' },
  INTERNAL_SERVER_ERROR: { status: 500, message: 'Something went wrong' },
  NOT_IMPLEMENTED: { status: 501, message: 'Not implemented' },
  BAD_GATEWAY: { status: 502, message: 'An upstream service sent an invalid response' },
  SERVICE_UNAVAILABLE: { status: 503, message: 'The service is unavailable for the moment, try again' },
  GATEWAY_TIMEOUT: { status: 504, message: 'An upstream service did not respond in time' },
} as const satisfies Record<string, { status: ContentfulStatusCode; message: string }>

/** A code of the catalogue. Codes are stable, since clients compare them. */
export type ErrorCode = keyof typeof catalogue

/**
 * The code and the message for a bare status, as an exception of other middleware has it. A status outside the catalogue gets
 * its standard name (RFC 9110, section 15).
 */
export function describeStatus(status: number): { code: string; message: string } {
  const codes = Object.keys(catalogue) as ErrorCode[] // Object.keys does not keep the type of the keys
  const known = status === 422 ? 'UNPROCESSABLE_ENTITY' : codes.find((code) => catalogue[code].status === status)
  const general = status >= 500 ? 'INTERNAL_SERVER_ERROR' : 'BAD_REQUEST'
  const name = STATUS_CODES[status]
  if (known || name === undefined) return { code: known ?? general, message: catalogue[known ?? general].message }
  return { code: codeOf(name), message: status >= 500 ? catalogue[general].message : name }
}

/** A standard name as a code: `URI Too Long` becomes `URI_TOO_LONG`. */
export const codeOf = (name: string): string => name.toUpperCase().replaceAll("'", '').replaceAll(/[ -]/g, '_')
