import { type Placeholder, sql } from 'drizzle-orm'
import { assertWholeNumber } from '../text/index.ts'

/**
 * The value of a `limit` or an `offset` in a `prepared` query, so that PostgreSQL plans the query once on each connection. Without it,
 * PostgreSQL plans the query again on each call when a plan for the given number of rows looks cheaper than a plan for any number.
 *
 * @param value a placeholder, or a number that is the same in each call
 * @throws TypeError for a number that is not a whole one
 * @example
 * const pageOfTasks = prepared(['offset', 'limit'], (tx, { offset, limit }) =>
 *   tx.select().from(tasks).orderBy(desc(tasks.id)).offset(rowCount(offset)).limit(rowCount(limit)))
 */
export function rowCount(value: Placeholder | number): Placeholder {
  if (typeof value === 'number') assertWholeNumber('The number of rows', value, 0)
  const text = typeof value === 'number' ? sql.raw(String(value)) : sql`(select ${value}::bigint)`
  // Drizzle writes SQL into `limit` and `offset` and fills its placeholders, but its types allow only a placeholder.
  return text as unknown as Placeholder
}
