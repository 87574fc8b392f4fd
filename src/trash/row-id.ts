import { and, eq, type Placeholder, type SQL } from 'drizzle-orm'
import type { PgColumn } from 'drizzle-orm/pg-core'

/** The primary key of a row without the tenant: its id, or the values of several columns in their order. */
export type RowId = string | readonly string[]

/** The names of the placeholders of a key. */
export const keyNames = (key: readonly PgColumn[]): string[] => key.map((_, index) => `key ${index}`)

/** The placeholders of a key in its order. */
export const keyPlaceholders = (key: readonly PgColumn[], placeholders: Record<string, Placeholder>): Placeholder[] =>
  keyNames(key).map((name) => placeholders[name] as Placeholder) // prepared() has one for each name

/** The condition that finds the row of a key. */
export const hasKey = (key: readonly PgColumn[], values: readonly Placeholder[]): SQL | undefined =>
  and(...key.map((column, index) => eq(column, values[index])))

/** @throws TypeError for a key with another number of columns */
export function keyValues(key: readonly PgColumn[], id: RowId): Record<string, string> {
  const values = typeof id === 'string' ? [id] : id
  if (values.length !== key.length)
    throw new TypeError(`The key of this table has ${key.length} columns beside the tenant's (got ${values.length})`)
  return Object.fromEntries(values.map((value, index) => [`key ${index}`, value]))
}
