import { sql } from 'drizzle-orm'
import { check, foreignKey, index, pgTable, primaryKey, text, uuid } from 'drizzle-orm/pg-core'
import { tenantColumns } from '../../src/context/index.ts'
import { users } from './users.ts'

export const taskStatuses = ['todo', 'in_progress', 'done'] as const

export const tasks = pgTable(
  'tasks',
  {
    ...tenantColumns(),
    title: text('title').notNull(),
    description: text('description'),
    // Text with a check: an enum's operators are not leakproof, so row-level security would disable an index on it.
    status: text('status', { enum: taskStatuses }).notNull().default('todo'),
    userId: uuid('user_id').notNull(),
  },
  (t) => [
    primaryKey({ name: 'tasks_pkey', columns: [t.tenantId, t.id] }),
    // PostgreSQL checks foreign keys without row-level security: only the tenant in the key keeps references in the tenant.
    foreignKey({
      name: 'tasks_tenant_id_user_id_fkey',
      columns: [t.tenantId, t.userId],
      foreignColumns: [users.tenantId, users.id],
    }),
    // `order by … desc` sorts nulls first; an index in Drizzle's default order could not serve it.
    index('tasks_tenant_id_created_at_id_idx').on(
      t.tenantId,
      t.createdAt.desc().nullsFirst(),
      t.id.desc().nullsFirst(),
    ),
    // Lists sort and filter text by its code points.
    index('tasks_tenant_id_title_id_idx').on(t.tenantId, sql`${t.title} collate "C"`, t.id),
    index('tasks_tenant_id_user_id_idx').on(t.tenantId, t.userId),
    check('tasks_title_check', sql`char_length(${t.title}) between 1 and 200`),
    check('tasks_description_check', sql`char_length(${t.description}) <= 10000`),
    check('tasks_status_check', sql`${t.status} in ('todo', 'in_progress', 'done')`),
  ],
).enableRLS()

export type TaskRow = typeof tasks.$inferSelect
