import { sql } from 'drizzle-orm'
import { check, index, pgTable, primaryKey, text, uniqueIndex } from 'drizzle-orm/pg-core'
import { tenantColumns } from '../../src/context/index.ts'

export const users = pgTable(
  'users',
  {
    ...tenantColumns(),
    email: text('email').notNull(),
    name: text('name').notNull(),
  },
  (t) => [
    primaryKey({ name: 'users_pkey', columns: [t.tenantId, t.id] }),
    // In an ICU database of Turkish, lower('I') would not be 'i'.
    uniqueIndex('users_tenant_id_email_key').on(t.tenantId, sql`lower(${t.email} collate "C")`),
    // `order by … desc` sorts nulls first; an index in Drizzle's default order could not serve it.
    index('users_tenant_id_created_at_id_idx').on(
      t.tenantId,
      t.createdAt.desc().nullsFirst(),
      t.id.desc().nullsFirst(),
    ),
    // Lists sort and filter text by its code points.
    index('users_tenant_id_email_id_idx').on(t.tenantId, sql`${t.email} collate "C"`, t.id),
    index('users_tenant_id_name_id_idx').on(t.tenantId, sql`${t.name} collate "C"`, t.id),
    check('users_email_check', sql`char_length(${t.email}) between 1 and 320`),
    check('users_name_check', sql`char_length(${t.name}) between 1 and 200`),
  ],
).enableRLS()

export type UserRow = typeof users.$inferSelect
