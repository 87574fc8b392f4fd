import { type ColumnBuilderBase, type HasGenerated, sql } from 'drizzle-orm'
import { customType, timestamp, uuid } from 'drizzle-orm/pg-core'
import { type TenantIdType, tenantIdsOf } from './tenant-id.ts'

// timestamptz(3): a JavaScript Date has milliseconds, so pages would skip or repeat rows with finer values.
const instant = (name: string) => timestamp(name, { withTimezone: true, precision: 3 }).notNull().defaultNow()

// The database writes tenant_id: Drizzle's insert and update types leave a generated column out, so code cannot set it.
const writtenByTheDatabase = <Column extends ColumnBuilderBase>(column: Column) =>
  column as HasGenerated<Column, { type: 'always' }> // only for the types: in the database it is a plain column with a default

// Drizzle's own text() has no collation. With "C", ids that differ in case differ in every database. A bigint is a string, as every
// tenant id is: a number would lose digits.
const text = customType<{ data: string }>({ dataType: () => 'text collate "C"' })
const bigint = customType<{ data: string }>({ dataType: () => 'bigint' })

const tenantColumn = (type: TenantIdType | undefined) => {
  const builders = { uuid: () => uuid('tenant_id'), text: () => text('tenant_id'), bigint: () => bigint('tenant_id') }
  const column = builders[tenantIdsOf(type).type]() as ReturnType<typeof builders.uuid> // each is a string in TypeScript
  return column.notNull().default(sql`tenancy.current_tenant_id()`)
}

/**
 * The columns of every tenant table: `tenantId`, `id`, `createdAt`, `updatedAt`. Add a primary key on `(tenantId, id)`, begin
 * every unique key, foreign key and index with `tenantId`, chain `.enableRLS()`, and run `rowhouse init` for the policies.
 *
 * @param options `tenantId`: the type of tenant ids, as in `rowhouse.config.ts`. @default 'uuid'
 * @throws TypeError for an unknown type
 * @example
 * export const projects = pgTable('projects', { ...tenantColumns(), name: text().notNull() },
 *   (t) => [primaryKey({ columns: [t.tenantId, t.id] })]).enableRLS()
 */
export const tenantColumns = (options: { tenantId?: TenantIdType | undefined } = {}) => ({
  tenantId: writtenByTheDatabase(tenantColumn(options.tenantId)),
  id: uuid('id').notNull().default(sql`tenancy.uuid_v7()`),
  createdAt: instant('created_at'),
  updatedAt: instant('updated_at'),
})
