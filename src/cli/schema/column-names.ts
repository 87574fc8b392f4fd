import { type Casing, getTableColumns } from 'drizzle-orm'
import { toCamelCase, toSnakeCase } from 'drizzle-orm/casing'
import { getTableConfig, type PgColumn, type PgTable, type UniqueConstraint } from 'drizzle-orm/pg-core'

const conversions: Record<Casing, (name: string) => string> = { snake_case: toSnakeCase, camelCase: toCamelCase }

// Part of Drizzle that its types do not declare: the columns that keys and indexes get. test/database/private-surfaces.test.ts holds it.
const forKeys = Symbol.for('drizzle:ExtraConfigColumns')

/** Unique constraints as drizzle-kit names them: after the names of the columns in the schema's code, without casing. */
export interface Uncased {
  uniqueConstraints: UniqueConstraint[]
  /** The names in the schema's code, by those in the database. */
  names: Map<string, string>
}

const uncased = new WeakMap<PgTable, Uncased>()

/** The unique constraints of a table as {@link nameColumns} found them; undefined without casing. */
export const uncasedOf = (table: PgTable): Uncased | undefined => uncased.get(table)

/**
 * Gives the columns of a table the names that they have in the database, where Drizzle would derive them on each query. It changes the
 * table, because keys, indexes and expressions refer to its columns, and is for a process that only reads the schema.
 */
export function nameColumns(table: PgTable, casing: Casing | undefined): void {
  if (casing === undefined) return
  const convert = conversions[casing]
  if (!uncased.has(table))
    uncased.set(table, {
      uniqueConstraints: getTableConfig(table).uniqueConstraints,
      names: new Map(
        Object.values(getTableColumns(table)).map(({ name, keyAsName }) => [keyAsName ? convert(name) : name, name]),
      ),
    })
  const others = (table as unknown as Record<symbol, Record<string, PgColumn>>)[forKeys] ?? {} // see above
  for (const column of [...Object.values(getTableColumns(table)), ...Object.values(others)])
    if (column.keyAsName) Object.assign(column, { name: convert(column.name), keyAsName: false })
}
