import { betterAuth } from 'better-auth'
import { drizzleAdapter } from 'better-auth/adapters/drizzle'
import { bearer, organization } from 'better-auth/plugins'
import { drizzle } from 'drizzle-orm/node-postgres'
import type { Pool } from 'pg'
import type { DirectoryEditor } from 'rowhouse/directory'
import { authTables } from './auth-schema.ts'
import { openTenant, renameTenant } from './tenants.ts'

export interface Invitation {
  id: string
  email: string
  organization: string
}

export interface AuthOptions {
  /** Connections of the login of better-auth, which reaches its own tables only. */
  pool: Pool
  tenants: DirectoryEditor
  /** Where browsers reach this server, such as `https://app.example.com`. */
  baseUrl: string
  /** Signs the cookies of sessions: at least 32 characters. */
  secret: string
  sendInvitation(invitation: Invitation): Promise<void>
}

/** Users, sessions and organizations. Each organization is a tenant. */
export function createAuth({ pool, tenants, baseUrl, secret, sendInvitation }: AuthOptions) {
  const organizations = organization({
    // Rows outlive a mistake: an operator suspends a tenant instead (rowhouse tenant suspend).
    disableOrganizationDeletion: true,
    sendInvitationEmail: ({ id, email, organization: { name } }) => sendInvitation({ id, email, organization: name }),
    organizationHooks: {
      async beforeCreateOrganization({ organization: { name = '', slug = '', ...rest }, user }) {
        const id = await openTenant(tenants, user.id, { name, slug })
        return { data: { ...rest, name, slug, id } }
      },
      async beforeUpdateOrganization({ organization: { name, slug }, member }) {
        await renameTenant(tenants, member.userId, member.organizationId, { name, slug })
      },
    },
  })
  return betterAuth({
    baseURL: baseUrl,
    secret,
    database: drizzleAdapter(drizzle({ client: pool }), { provider: 'pg', schema: authTables, transaction: true }),
    emailAndPassword: { enabled: true },
    // Failures go to the error handler of the app, which logs no values. Refusals are answered as before.
    onAPIError: { throw: true },
    plugins: [organizations, bearer()],
  })
}

export type Auth = ReturnType<typeof createAuth>
