import type { Context } from 'hono'
import { ApiError } from '../errors/index.ts'

/** What a route lets a caller do: the resource and the action, such as `tasks:write`. */
export type Permission = `${string}:${string}`

const form = /^[a-z][a-z0-9-]*(?::[a-z][a-z0-9-]*)+$/

// Not in the variables of the context: other middleware may have a variable of the same name.
const rolesOf = new WeakMap<Context, readonly string[]>()

/** Remembers the roles of a request's caller in the request's tenant. Without roles, the caller is a member. */
export function setRoles(c: Context, roles: readonly string[] = ['member']): void {
  rolesOf.set(c, roles)
}

/** @throws TypeError unless it is words of a-z, 0-9 and "-" with colons between them */
export function assertPermission(permission: string): void {
  if (typeof permission !== 'string' || !form.test(permission))
    throw new TypeError(
      `A permission must be words with a colon between them, such as tasks:write (got "${permission}")`,
    )
}

/**
 * Checks that the caller has a permission in the tenant of the request. A route of `tenantRoute({ permission })` does so itself;
 * call this for a decision inside of a handler, and await it.
 *
 * The permission follows from the caller's roles in this tenant. An `owner` has every permission. A `member` has all but those
 * that end with `:undo` or `:purge`, and `audit:export`. Another role gives none. A caller whose authentication says nothing of
 * roles is a member.
 *
 * @throws ApiError FORBIDDEN without the permission; TypeError for a malformed one; Error outside of the middleware `tenant`
 * @example
 * if (body.status === 'archived') await authorize(c, 'tasks:delete')
 */
export async function authorize(c: Context, permission: Permission): Promise<void> {
  assertPermission(permission)
  const roles = rolesOf.get(c)
  if (roles === undefined)
    throw new Error('authorize() needs the tenant of the request: put the tenant middleware before the route')
  if (roles.includes('owner') || (roles.includes('member') && !isOfOwners(permission))) return
  c.set('refusal', 'missing-permission')
  throw new ApiError('FORBIDDEN', `You need the permission ${permission}`)
}

/** What takes back the work of others, destroys rows for good, or shows who did what. */
const isOfOwners = (permission: string): boolean => permission === 'audit:export' || /:(?:undo|purge)$/.test(permission)
