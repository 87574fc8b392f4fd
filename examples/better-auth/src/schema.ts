import { pgTable, primaryKey, text } from 'drizzle-orm/pg-core'
import { tenantColumns } from 'rowhouse'

export const notes = pgTable('notes', { ...tenantColumns(), text: text('text').notNull() }, (t) => [
  primaryKey({ name: 'notes_pkey', columns: [t.tenantId, t.id] }),
]).enableRLS()
