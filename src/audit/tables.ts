import { bigint, jsonb, pgSchema, primaryKey, text, timestamp, uuid } from 'drizzle-orm/pg-core'
import type { ColumnChanges } from './leaf.ts'

// The view and the tables of sql/34-audit.sql, for reading.
const tenancy = pgSchema('tenancy')

// Without the tenant column, which has one of three types: row-level security selects the rows.

export const auditTrail = tenancy.table(
  'audit_trail',
  {
    id: uuid('id').notNull(),
    at: timestamp('at', { withTimezone: true, precision: 3 }).notNull(),
    position: bigint('position', { mode: 'number' }),
    action: text('action').notNull(),
    resource: text('resource').notNull(),
    targetId: text('target_id'),
    actor: text('actor'),
    requestId: text('request_id'),
    source: text('source').notNull(),
    reason: text('reason'),
    changes: jsonb('changes').$type<ColumnChanges>(),
  },
  (t) => [primaryKey({ columns: [t.at, t.id] })],
)
export type AuditEntryRow = typeof auditTrail.$inferSelect

export const auditLogs = tenancy.table('audit_logs', { size: bigint('size', { mode: 'number' }).notNull() })

export const auditPruned = tenancy.table('audit_pruned', { position: bigint('position', { mode: 'number' }).notNull() })

export const auditCheckpoints = tenancy.table('audit_checkpoints', {
  size: bigint('size', { mode: 'number' }).notNull(),
  note: text('note').notNull(),
})
