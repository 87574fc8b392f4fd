import { getTableName } from 'drizzle-orm'
import { boolean, index, pgSchema, text, timestamp } from 'drizzle-orm/pg-core'

// The tables of better-auth, with its names for tables and fields. test/auth-schema.test.ts compares them with what it asks for.

export const authSchema = pgSchema('auth')

const instant = (name: string) => timestamp(name, { withTimezone: true })
const id = () => text('id').primaryKey()
const createdAt = () => instant('created_at').notNull().defaultNow()
const updatedAt = () => instant('updated_at').notNull().defaultNow()
const userId = () =>
  text('user_id')
    .notNull()
    .references(() => user.id, { onDelete: 'cascade' })
const organizationId = () =>
  text('organization_id')
    .notNull()
    .references(() => organization.id, { onDelete: 'cascade' })

export const user = authSchema.table('user', {
  id: id(),
  name: text('name').notNull(),
  email: text('email').notNull().unique(),
  emailVerified: boolean('email_verified').notNull().default(false),
  image: text('image'),
  createdAt: createdAt(),
  updatedAt: updatedAt(),
})

export const session = authSchema.table(
  'session',
  {
    id: id(),
    expiresAt: instant('expires_at').notNull(),
    token: text('token').notNull().unique(),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
    ipAddress: text('ip_address'),
    userAgent: text('user_agent'),
    userId: userId(),
    activeOrganizationId: text('active_organization_id'),
  },
  (t) => [index('session_user_id_index').on(t.userId)],
)

export const account = authSchema.table(
  'account',
  {
    id: id(),
    accountId: text('account_id').notNull(),
    providerId: text('provider_id').notNull(),
    userId: userId(),
    accessToken: text('access_token'),
    refreshToken: text('refresh_token'),
    idToken: text('id_token'),
    accessTokenExpiresAt: instant('access_token_expires_at'),
    refreshTokenExpiresAt: instant('refresh_token_expires_at'),
    scope: text('scope'),
    password: text('password'),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
  },
  (t) => [index('account_user_id_index').on(t.userId)],
)

export const verification = authSchema.table(
  'verification',
  {
    id: id(),
    identifier: text('identifier').notNull(),
    value: text('value').notNull(),
    expiresAt: instant('expires_at').notNull(),
    createdAt: createdAt(),
    updatedAt: updatedAt(),
  },
  (t) => [index('verification_identifier_index').on(t.identifier)],
)

export const organization = authSchema.table('organization', {
  id: id(),
  name: text('name').notNull(),
  slug: text('slug').notNull().unique(),
  logo: text('logo'),
  createdAt: createdAt(),
  metadata: text('metadata'),
})

export const member = authSchema.table(
  'member',
  {
    id: id(),
    organizationId: organizationId(),
    userId: userId(),
    role: text('role').notNull(),
    createdAt: createdAt(),
  },
  (t) => [index('member_organization_id_index').on(t.organizationId), index('member_user_id_index').on(t.userId)],
)

export const invitation = authSchema.table(
  'invitation',
  {
    id: id(),
    organizationId: organizationId(),
    email: text('email').notNull(),
    role: text('role'),
    status: text('status').notNull(),
    expiresAt: instant('expires_at').notNull(),
    createdAt: createdAt(),
    inviterId: text('inviter_id')
      .notNull()
      .references(() => user.id, { onDelete: 'cascade' }),
  },
  (t) => [index('invitation_organization_id_index').on(t.organizationId), index('invitation_email_index').on(t.email)],
)

export const authTables = { user, session, account, verification, organization, member, invitation }

/** The tables that the service must not reach: all of better-auth's. */
export const unreachable = Object.values(authTables).map((table) => `auth.${getTableName(table)}`)
