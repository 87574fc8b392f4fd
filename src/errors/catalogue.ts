import type { ContentfulStatusCode } from 'hono/utils/http-status'

/**
 * Every error code with its status and its message: the only place where an error meets a status (RFC 9110, section 15).
 * It feeds {@link ApiError}, `onError`, the OpenAPI responses and the tests.
 */
export const catalogue = {
  BAD_REQUEST: { status: 400, message: 'The request is malformed' },
  VALIDATION_FAILED: { status: 400, message: 'The request does not fit its schema' },
  UNAUTHORIZED: { status: 401, message: 'Authentication is required' },
  FORBIDDEN: { status: 403, message: 'The request is not allowed' },
  NOT_FOUND: { status: 404, message: 'Not found' },
  METHOD_NOT_ALLOWED: { status: 405, message: 'This path does not support this method' },
  REQUEST_TIMEOUT: { status: 408, message: 'The request did not arrive in time' },
  CONFLICT: { status: 409, message: 'The request conflicts with the present state' },
  GONE: { status: 410, message: 'Gone' },
  PRECONDITION_FAILED: { status: 412, message: 'A precondition of the request does not hold' },
  PAYLOAD_TOO_LARGE: { status: 413, message: 'The body is too large' },
  UNSUPPORTED_MEDIA_TYPE: { status: 415, message: 'The body must be JSON, with Content-Type: application/json' },
  INVALID_REFERENCE: { status: 422, message: 'The request refers to something that does not exist' },
  UNPROCESSABLE_ENTITY: { status: 422, message: 'The request cannot be processed' },
  TOO_MANY_REQUESTS: { status: 429, message: 'Too many requests' },
  INTERNAL_SERVER_ERROR: { status: 500, message: 'Something went wrong' },
  NOT_IMPLEMENTED: { status: 501, message: 'Not implemented' },
  BAD_GATEWAY: { status: 502, message: 'A service that this one needs gave a bad answer' },
  SERVICE_UNAVAILABLE: { status: 503, message: 'The service is unavailable for the moment, try again' },
  GATEWAY_TIMEOUT: { status: 504, message: 'A service that this one needs did not answer in time' },
} as const satisfies Record<string, { status: ContentfulStatusCode; message: string }>

/** A code of the catalogue. Codes are stable: clients rely on them. */
export type ErrorCode = keyof typeof catalogue

// Statuses that only other people's middleware raises, by their standard names (IANA, HTTP Status Code Registry).
const otherStatuses: Record<number, string> = {
  402: 'PAYMENT_REQUIRED',
  406: 'NOT_ACCEPTABLE',
  407: 'PROXY_AUTHENTICATION_REQUIRED',
  411: 'LENGTH_REQUIRED',
  414: 'URI_TOO_LONG',
  416: 'RANGE_NOT_SATISFIABLE',
  417: 'EXPECTATION_FAILED',
  418: 'IM_A_TEAPOT',
  421: 'MISDIRECTED_REQUEST',
  423: 'LOCKED',
  424: 'FAILED_DEPENDENCY',
  425: 'TOO_EARLY',
  426: 'UPGRADE_REQUIRED',
  428: 'PRECONDITION_REQUIRED',
  431: 'REQUEST_HEADER_FIELDS_TOO_LARGE',
  451: 'UNAVAILABLE_FOR_LEGAL_REASONS',
  505: 'HTTP_VERSION_NOT_SUPPORTED',
  507: 'INSUFFICIENT_STORAGE',
  508: 'LOOP_DETECTED',
  511: 'NETWORK_AUTHENTICATION_REQUIRED',
}

/** The code that stands for a bare status: the catalogue's first with that status, else the status's standard name. */
export function codeOfStatus(status: number): string {
  const known = Object.entries(catalogue).find(([, entry]) => entry.status === status)
  if (known) return status === 422 ? 'UNPROCESSABLE_ENTITY' : known[0]
  return otherStatuses[status] ?? (status >= 500 ? 'INTERNAL_SERVER_ERROR' : 'BAD_REQUEST')
}
