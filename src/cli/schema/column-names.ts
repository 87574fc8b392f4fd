import { type Casing, getTableColumns } from 'drizzle-orm'
import { toCamelCase, toSnakeCase } from 'drizzle-orm/casing'
import type { PgColumn, PgTable } from 'drizzle-orm/pg-core'

const conversions: Record<Casing, (name: string) => string> = { snake_case: toSnakeCase, camelCase: toCamelCase }

// Part of Drizzle that its types do not declare: the columns that keys and indexes get. test/database/private-surfaces.test.ts holds it.
const forKeys = Symbol.for('drizzle:ExtraConfigColumns')

const namesInCode = new WeakMap<PgColumn, string>()

/** The name of a column before {@link nameColumns}, which Drizzle puts into the names of unique constraints. */
export const nameInCode = (column: PgColumn): string => namesInCode.get(column) ?? column.name

/**
 * Gives the columns of a table the names that they have in the database, where Drizzle would derive them on each query. It changes the
 * table, because keys, indexes and expressions refer to its columns, and is for a process that only reads the schema.
 */
export function nameColumns(table: PgTable, casing: Casing | undefined): void {
  if (casing === undefined) return
  const convert = conversions[casing]
  const others = (table as unknown as Record<symbol, Record<string, PgColumn>>)[forKeys] ?? {} // see above
  for (const column of [...Object.values(getTableColumns(table)), ...Object.values(others)])
    if (column.keyAsName) {
      namesInCode.set(column, column.name)
      Object.assign(column, { name: convert(column.name), keyAsName: false })
    }
}
