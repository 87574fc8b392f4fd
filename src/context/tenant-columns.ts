import { type ColumnBuilderBase, type HasGenerated, sql } from 'drizzle-orm'
import { timestamp, uuid } from 'drizzle-orm/pg-core'

// timestamptz(3): a JavaScript Date has milliseconds, so pages would skip or repeat rows with finer values.
const instant = (name: string) => timestamp(name, { withTimezone: true, precision: 3 }).notNull().defaultNow()

// The database writes tenant_id: Drizzle's insert and update types leave a generated column out, so code cannot set it.
const writtenByTheDatabase = <Column extends ColumnBuilderBase>(column: Column) =>
  column as HasGenerated<Column, { type: 'always' }> // only for the types: in the database it is a plain column with a default

/**
 * The columns of every tenant table: `tenantId`, `id`, `createdAt`, `updatedAt`. Add a primary key on `(tenantId, id)`, begin
 * every unique key, foreign key and index with `tenantId`, chain `.enableRLS()`, and run `rowhouse init` for the policies.
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
