import type { Context } from 'hono'
import { ApiError, type ErrorCode } from '../errors/index.ts'

/** Who sends a request, as far as it was verified. */
export interface Identity {
  /** Who acts: a token's `sub`. It goes into the context, the log and the setting `app.actor`. */
  readonly actor?: string | undefined
  /**
   * The tenants that the caller may act for, by id or by name. Undefined: whoever verified the caller has also chosen the
   * tenant, as a gateway does.
   */
  readonly tenants?: readonly string[] | undefined
  /** What else the token says, for handlers: roles, scopes. */
  readonly claims?: Readonly<Record<string, unknown>> | undefined
}

/** How it is known who sends a request, before anything is believed of what it says. */
export interface Authentication {
  /** Request headers that it looks at, for `Vary`. */
  readonly vary: readonly string[]
  /** @throws AuthenticationFailure when the caller has not proved who it is; ApiError SERVICE_UNAVAILABLE when that cannot be known */
  verify(c: Context): Identity | Promise<Identity>
}

/** Why a caller is not believed: for events and logs, not for the caller. */
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

/** A caller that is not believed, or not for this tenant. */
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
