import { type ForeignKey, getTableConfig } from 'drizzle-orm/pg-core'
import type { Finding } from '../../isolation/index.ts'
import { qualify, type SchemaTable } from './read-schema.ts'

/** Foreign keys that could cross tenants: PostgreSQL checks foreign keys without row-level security. */
export function referenceFindings(child: SchemaTable, tables: SchemaTable[]): Finding[] {
  return child.foreignKeys.flatMap((key) => {
    const { columns, foreignColumns, foreignTable } = key.reference()
    const { schema, name } = getTableConfig(foreignTable)
    const parent = tables.find(({ label }) => label === qualify(schema, name))
    if (!parent?.tenant) return []
    const isPaired = columns.some(
      (column, n) => column.name === child.tenant?.name && foreignColumns[n]?.name === parent.tenant?.name,
    )
    if (!isPaired) return [withoutTenant(child, parent, key)]
    const resettingAction = [key.onDelete, key.onUpdate].find(
      (action) => action === 'set null' || action === 'set default',
    )
    return resettingAction ? [resettingTenant(child, key, resettingAction)] : []
  })
}

function withoutTenant(child: SchemaTable, parent: SchemaTable, key: ForeignKey): Finding {
  const { columns, foreignColumns } = key.reference()
  const columnList = (table: SchemaTable, prefix: string, names: string[]) =>
    [table.tenant?.name ?? '', ...names.filter((name) => name !== table.tenant?.name)]
      .map((name) => `${prefix}.${table.keys.get(name)}`)
      .join(', ')
  const childColumns = columnList(
    child,
    't',
    columns.map(({ name }) => name),
  )
  const parentColumns = columnList(
    parent,
    parent.exportName,
    foreignColumns.map(({ name }) => name),
  )
  return {
    level: 'error',
    check: 'foreign-key-without-tenant',
    guarantee: 13,
    object: child.label,
    problem: `foreign key ${key.getName()} leaves the tenant out`,
    remedy: child.tenant
      ? `foreignKey({ columns: [${childColumns}], foreignColumns: [${parentColumns}] }),`
      : `Add a tenant column to ${child.label}: a table without one cannot refer to rows of a tenant.`,
  }
}

const resettingTenant = (child: SchemaTable, key: ForeignKey, action: string): Finding => ({
  level: 'error',
  check: 'foreign-key-resets-tenant',
  guarantee: 13,
  object: child.label,
  problem: `foreign key ${key.getName()} would also ${action} the tenant column`,
  remedy: "Remove onDelete and onUpdate, or set them to 'cascade' or 'restrict'.",
})
