import type { Context } from 'hono'
import { ApiError, type ErrorCode } from '../errors/index.ts'
import type { TenantKind } from './tenant-key.ts'

/** The verified caller of a request. Handlers get a deeply frozen copy. */
export interface Identity {
  /** The user or client that acts, such as a token's `sub`. Stored in the context, the log and the setting `app.actor`. */
  readonly actor?: string | undefined
  /**
   * The tenants that the caller may act for, named by what `yields` says. `'any'` accepts the tenant of the request, because the verifier
   * has chosen it, as a gateway does.
   */
  readonly tenants: readonly string[] | 'any'
  /**
   * What the values of `tenants` are. Another kind than `id` needs a tenant directory.
   *
   * @default 'id'
   */
  readonly yields?: TenantKind | undefined
  /** Further claims for handlers, such as roles and scopes: data, without functions. */
  readonly claims?: Readonly<Record<string, unknown>> | undefined
}

/**
 * Returns a name of the caller that is unique among all tenants: the issuer and the actor of a token. Undefined where nobody vouches
 * for that: two tenants may each have an actor "admin".
 */
export function globalActorOf(identity: Identity | undefined): string | undefined {
  const issuer = identity?.claims?.iss
  return identity?.actor === undefined || typeof issuer !== 'string' ? undefined : `${issuer} ${identity.actor}`
}

/** Verifies the caller of a request. */
export interface Authentication {
  /** The request headers that it reads, for `Vary`. */
  readonly vary: readonly string[]
  /**
   * @throws AuthenticationFailure when the caller is not authenticated; ApiError SERVICE_UNAVAILABLE when the verification is
   *   not possible at the moment
   */
  verify(c: Context): Identity | Promise<Identity>
}

/** Why authentication failed. For events and logs only: the client gets a shorter message. */
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
