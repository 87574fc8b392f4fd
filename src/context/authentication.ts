import type { Context } from 'hono'
import { ApiError, type ErrorCode } from '../errors/index.ts'

/** The verified caller of a request. */
export interface Identity {
  /** The user or job that acts: a token's `sub`. It goes into the context, the log and the setting `app.actor`. */
  readonly actor?: string | undefined
  /**
   * The tenants that the caller may act for, by id or by name. Undefined: the caller may act for the tenant of the request,
   * because the gateway that verified the caller also chose the tenant.
   */
  readonly tenants?: readonly string[] | undefined
  /** The other claims of the token, for handlers: roles, scopes. */
  readonly claims?: Readonly<Record<string, unknown>> | undefined
}

/** Verifies the caller of a request, before any other part of the request is used. */
export interface Authentication {
  /** The names of the request headers that `verify` reads, for `Vary`. */
  readonly vary: readonly string[]
  /** @throws AuthenticationFailure when the proof is missing or invalid; ApiError SERVICE_UNAVAILABLE when it cannot be checked */
  verify(c: Context): Identity | Promise<Identity>
}

/** Why authentication failed: for events and logs, never for the response. */
export type AuthenticationFailureReason =
  | 'no-token'
  | 'malformed-token'
  | 'wrong-algorithm'
  | 'unknown-key'
  | 'bad-signature'
  | 'expired'
  | 'not-yet-valid'
  | 'wrong-claim'
  | 'issuer-unavailable'
  | 'not-the-gateway'
  | 'no-tenant-claim'
  | 'other-tenant'

/** The caller is not authenticated, or may not act for this tenant. */
export class AuthenticationFailure extends ApiError {
  constructor(
    readonly reason: AuthenticationFailureReason,
    code: ErrorCode,
    message?: string,
    options: ConstructorParameters<typeof ApiError>[2] = {},
  ) {
    super(code, message, options)
  }
}
