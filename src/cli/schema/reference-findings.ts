import { type ForeignKey, getTableConfig } from 'drizzle-orm/pg-core'
import type { Finding } from '../../isolation/index.ts'
import { qualify, type SchemaTable } from './read-schema.ts'

/** Foreign keys of a table that would cross tenants: PostgreSQL checks them without row security. */
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
    const resets = [key.onDelete, key.onUpdate].find((action) => action === 'set null' || action === 'set default')
    return resets ? [resetting(child, key, resets)] : []
  })
}

function withoutTenant(child: SchemaTable, parent: SchemaTable, key: ForeignKey): Finding {
  const { columns, foreignColumns } = key.reference()
  const list = (table: SchemaTable, variable: string, names: string[]) =>
    [table.tenant?.name ?? '', ...names.filter((name) => name !== table.tenant?.name)]
      .map((name) => `${variable}.${table.keys.get(name)}`)
      .join(', ')
  const own = list(
    child,
    't',
    columns.map(({ name }) => name),
  )
  const theirs = list(
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
      ? `foreignKey({ columns: [${own}], foreignColumns: [${theirs}] }),`
      : `Give ${child.label} a tenant column first: what belongs to nobody cannot refer to what is a tenant's.`,
  }
}

const resetting = (child: SchemaTable, key: ForeignKey, action: string): Finding => ({
  level: 'error',
  check: 'foreign-key-resets-tenant',
  guarantee: 13,
  object: child.label,
  problem: `foreign key ${key.getName()} would also ${action} the tenant`,
  remedy: "Take its onDelete and onUpdate away, or make them 'cascade' or 'restrict'.",
})
