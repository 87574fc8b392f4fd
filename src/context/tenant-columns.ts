import { type ColumnBuilderBase, type HasGenerated, sql } from 'drizzle-orm'
import { timestamp, uuid } from 'drizzle-orm/pg-core'

// timestamptz(3): a JavaScript Date has milliseconds, and finer values would make pages skip or repeat rows.
const instant = (name: string) => timestamp(name, { withTimezone: true, precision: 3 }).notNull().defaultNow()

// The database writes tenant_id. Drizzle's insert and update types leave a generated column out, so no code can name it.
const writtenByTheDatabase = <Column extends ColumnBuilderBase>(column: Column) =>
  column as HasGenerated<Column, { type: 'always' }> // a mark for the types alone: the column is a plain one with a default

/**
 * The columns that every table of tenants has. Add a primary key on `(tenantId, id)`, begin every unique key, foreign
 * key and index with `tenantId`, chain `.enableRLS()`, and let `rowhouse init` write the table's wall.
 *
 * @example
 * export const projects = pgTable('projects', { ...tenantColumns(), name: text().notNull() },
 *   (t) => [primaryKey({ columns: [t.tenantId, t.id] })]).enableRLS()
 */
export const tenantColumns = () => ({
  tenantId: writtenByTheDatabase(uuid('tenant_id').notNull().default(sql`tenancy.current_tenant_id()`)),
  id: uuid('id').notNull().default(sql`tenancy.uuid_v7()`),
  createdAt: instant('created_at'),
  updatedAt: instant('updated_at'),
})
