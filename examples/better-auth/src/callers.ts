import { APIError } from 'better-auth/api'
import type { Context } from 'hono'
import type { Authentication } from 'rowhouse'
import { oneOf, type SessionIdentity, session } from 'rowhouse/auth'
import type { Auth } from './auth.ts'

const cookies = ['better-auth.session_token', '__Secure-better-auth.session_token']

/** better-auth's `admin` manages members, and is a member for rows. */
const roles = { member: ['member', 'admin'] }

/** Who calls: the session of better-auth, in its cookie or as a bearer token. */
export function callers(auth: Auth): Authentication {
  async function find(c: Context): Promise<SessionIdentity | null> {
    const { headers } = c.req.raw
    const found = await auth.api.getSession({ headers, query: { disableCookieCache: true } })
    if (!found) return null
    const member = await findActiveMember(auth, headers)
    return { actor: found.user.id, tenants: member ? [tenantOf(member)] : [] }
  }
  return oneOf(session(find, { cookies, roles }), session(find, { header: 'Authorization', roles }))
}

/** The organization stays active in a session whose user was removed from it, so the membership decides, in each request. */
async function findActiveMember(auth: Auth, headers: Headers) {
  try {
    return await auth.api.getActiveMember({ headers })
  } catch (error) {
    // No active organization, or no member of it. A failure of the database is another error, and no answer.
    if (error instanceof APIError && error.statusCode < 500) return undefined
    throw error
  }
}

const tenantOf = ({ organizationId, role }: { organizationId: string; role: string }) => ({
  externalId: organizationId,
  roles: role.split(','),
})
