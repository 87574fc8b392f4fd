import type { ClientErrorStatusCode, ServerErrorStatusCode } from 'hono/utils/http-status'
import { catalogue, type ErrorCode } from './catalogue.ts'

/** The HTTP status of a failure. */
export type FailureStatus = ClientErrorStatusCode | ServerErrorStatusCode

/** A kind of error: its code, which clients compare, its HTTP status and its default message. */
export interface ErrorKind<Code extends string = string, Status extends FailureStatus = FailureStatus> {
  readonly code: Code
  readonly status: Status
  readonly message: string
}

/**
 * Declares an error code of your own, beside those of the catalogue. Throw it as `new ApiError(quotaExceeded)`, and name it in the
 * routes that throw it, so that the OpenAPI document and the typed client know it.
 *
 * @param kind `code` in upper snake case; `status` from 400 to 599; `message`, which a response of 5xx always has
 * @throws TypeError for a malformed code, a code of the catalogue, or another status
 * @example
 * export const quotaExceeded = errorKind({ code: 'QUOTA_EXCEEDED', status: 402, message: 'The quota of this tenant is used up' })
 * tenantRoute({ … }, ['NOT_FOUND', quotaExceeded])
 */
export function errorKind<const Code extends string, const Status extends FailureStatus>(
  kind: ErrorKind<Code, Status>,
): ErrorKind<Code, Status> {
  const { code, status } = kind
  if (!/^[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*$/.test(code))
    throw new TypeError(`The code of an error must be in upper snake case, such as QUOTA_EXCEEDED (got "${code}")`)
  if (Object.hasOwn(catalogue, code)) throw new TypeError(`${code} is in the catalogue already: throw it as it is`)
  if (!(status >= 400 && status <= 599))
    throw new TypeError(`The status of ${code} must be from 400 to 599 (got ${status})`)
  return Object.freeze({ ...kind })
}

/** What names an error: a code of the catalogue, or a kind of your own. */
export type ErrorName = ErrorCode | ErrorKind

/** The kind that a name stands for. */
export const kindOf = (name: ErrorName): ErrorKind =>
  typeof name === 'string' ? { code: name, ...catalogue[name] } : name
