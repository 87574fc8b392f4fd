import type { Context } from 'hono'
import { getCookie } from 'hono/cookie'
import { type Authentication, AuthenticationFailure, type Identity, isActor } from '../context/index.ts'
import { isHeaderName } from '../text/index.ts'
import { createRolesReader, type RoleWords } from './role-words.ts'

/** The caller of a session of the application's. Roles belong to a tenant, so there is no `'any'`. */
export type SessionIdentity = Extract<Identity, { readonly roles?: never }> & { readonly actor: string }

export interface SessionOptions {
  /**
   * The names of the cookies that can carry a session. A request without any of them is not authenticated.
   *
   * @default any cookie
   */
  readonly cookies?: readonly string[] | undefined
  /** The header that carries a session instead of a cookie, such as `Authorization`. */
  readonly header?: string | undefined
  /**
   * The roles of `find` that mean an owner and a member.
   *
   * @default { owner: ['owner'], member: ['member'] }
   */
  readonly roles?: RoleWords | undefined
}

/**
 * Authenticates callers by the application's own session, such as one of better-auth. `find` is called for every request that carries a
 * session, and nothing is kept: a session that ends, another active organization and another role count from the next request on.
 *
 * Browsers send cookies with requests that another site causes. Cookies need `SameSite=Lax` or `Strict`, or a check of the origin
 * such as `csrf()` of hono/csrf.
 *
 * `verify` throws AuthenticationFailure: UNAUTHORIZED without a session, FORBIDDEN for a session without a tenant.
 *
 * @param find returns the caller, with the roles of each tenant; undefined or null for an unknown or expired session
 * @throws TypeError for both cookies and a header, for no cookie, for an invalid name of a header, and for roles that are no lists
 * @example
 * const auth = session(async (c) => {
 *   const found = await sessions.find(getCookie(c, 'session'))
 *   return found && { actor: found.userId, tenants: [{ id: found.tenantId, roles: [found.role] }] }
 * }, { cookies: ['session'] })
 */
export function session(
  find: (c: Context) => SessionIdentity | null | undefined | Promise<SessionIdentity | null | undefined>,
  options: SessionOptions = {},
): Authentication {
  const credential = credentialOf(options)
  const readRoles = createRolesReader(options.roles)
  return {
    vary: [credential.label],
    credential,
    async verify(c) {
      const caller = credential.isIn(c) ? await find(c) : undefined
      if (!caller)
        throw new AuthenticationFailure('no-session', 'UNAUTHORIZED', 'A session is required: sign in', {
          headers: { 'WWW-Authenticate': credential.challenge },
        })
      assertCaller(caller)
      if (caller.tenants.length === 0)
        throw new AuthenticationFailure('no-tenant-claim', 'FORBIDDEN', 'Your session does not name a tenant')
      const tenants = caller.tenants.map((tenant) =>
        typeof tenant === 'string' || tenant?.roles === undefined
          ? tenant
          : { ...tenant, roles: readRoles(tenant.roles) },
      )
      return { ...caller, tenants }
    },
  }
}

/** What the type says, for JavaScript: `'any'` would let a session act for every tenant. */
function assertCaller({ actor, tenants }: { actor: unknown; tenants: unknown }): void {
  if (!isActor(actor))
    throw new TypeError("session() needs a caller's actor: text of 1 to 255 characters, without control characters")
  if (!Array.isArray(tenants)) throw new TypeError("session() needs a caller's tenants: a list")
}

function credentialOf({ cookies, header }: SessionOptions) {
  if (cookies !== undefined && header !== undefined) throw new TypeError('session() needs either cookies or a header')
  if (cookies?.length === 0) throw new TypeError('session() needs at least one cookie')
  if (header !== undefined && !isHeaderName(header))
    throw new TypeError(`session()'s header must be a header name (got "${header}")`)
  const label = header ?? 'Cookie'
  const isIn = (c: Context): boolean =>
    cookies === undefined ? c.req.header(label) !== undefined : cookies.some((name) => getCookie(c, name) !== undefined)
  return { label, challenge: `${label === 'Cookie' ? 'Cookie' : 'Bearer'} realm="rowhouse"`, isIn }
}
