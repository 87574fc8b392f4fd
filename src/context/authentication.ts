import type { Context } from 'hono'
import { ApiError, type ErrorCode } from '../errors/index.ts'
import type { ClaimedTenant } from './claimed-tenant.ts'
import type { TenantKind } from './tenant-key.ts'

/** The verified caller of a request. Handlers get a deeply frozen copy. */
export type Identity = {
  /** The user or client that acts, such as a token's `sub`. Stored in the context, the log and the setting `app.actor`. */
  readonly actor?: string | undefined
  /** Further claims for handlers, such as scopes: data, without functions. */
  readonly claims?: Readonly<Record<string, unknown>> | undefined
} & (
  | {
      /**
       * The tenants that the caller may act for. A text is an id. The first entry that names the request's tenant gives the roles, however
       * the request names that tenant.
       */
      readonly tenants: readonly (string | ClaimedTenant)[]
      readonly roles?: never
    }
  | {
      /** Accepts the tenant of the request, because the verifier has chosen it, as a gateway does. */
      readonly tenants: 'any'
      /**
       * The caller's roles in the tenant of the request.
       *
       * @default ['member']
       */
      readonly roles?: readonly string[] | undefined
    }
)

/**
 * Returns a name of the caller that is unique among all tenants: the issuer and the actor of a token. Undefined where nobody vouches
 * for that: two tenants may each have an actor "admin".
 */
export function globalActorOf(identity: Identity | undefined): string | undefined {
  const issuer = identity?.claims?.iss
  return identity?.actor === undefined || typeof issuer !== 'string' ? undefined : `${issuer} ${identity.actor}`
}

/** The place in a request that carries a credential. */
export interface Credential {
  /** The header, or the kind of header, such as `Authorization`, for messages. */
  readonly label: string
  /** The challenge of a 401 (RFC 9110, section 11.6.1). */
  readonly challenge?: string | undefined
  /** Whether the request carries one there, valid or not. */
  isIn(c: Context): boolean
}

/** Verifies the caller of a request. */
export interface Authentication {
  /** The request headers that it reads, for `Vary`. */
  readonly vary: readonly string[]
  /** Where a request carries what it verifies: `oneOf` asks. */
  readonly credential?: Credential | undefined
  /** The headers that a gateway sets. `tenant()` refuses an extractor that reads one of them: a role would be a tenant. */
  readonly ownHeaders?: readonly string[] | undefined
  /** The kinds of tenants that it names. All but `id` need a tenant directory. */
  readonly yields?: readonly TenantKind[] | undefined
  /**
   * @throws AuthenticationFailure when the caller is not authenticated; ApiError SERVICE_UNAVAILABLE when the verification is
   *   not possible at the moment
   */
  verify(c: Context): Identity | Promise<Identity>
}

/** Why authentication failed. For events and logs only: the client gets a shorter message. */
export type AuthenticationFailureReason =
  | 'no-token'
  | 'no-session'
  | 'several-credentials'
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
