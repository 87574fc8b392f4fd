import { getTableColumns, is, SQL, sql } from 'drizzle-orm'
import { alias, type PgColumn, type PgTable, pgTable, text, timestamp, uuid } from 'drizzle-orm/pg-core'
import type { TrashedTable } from './trashed-table.ts'

/** The name of the deleted rows of a table in a query. */
const name = 'deleted'

/** What the trash has of a row besides its columns. The columns of a table have no such names. */
export const deletion = pgTable(name, {
  deletedAt: timestamp('(deleted at)', { withTimezone: true, precision: 3 }).notNull(),
  deletedBy: text('(deleted by)'),
  id: uuid('(trash id)').notNull(),
})

/**
 * The deleted rows of a table, in the form that Drizzle gives to its rows.
 *
 * @returns `table`, whose columns are those of filters and sorts, and what stands behind SELECT and FROM
 */
export function deletedRows(table: PgTable, { resource }: TrashedTable) {
  const deleted = alias(table, name)
  const original = getTableColumns(table)
  const fields = Object.entries(getTableColumns(deleted)).map(([key, column]) => [
    key,
    selected(column).mapWith(original[key] as PgColumn), // both tables have the same columns
  ])
  // PostgreSQL casts the texts to the types of the columns. A column that a migration has added since is null.
  const from = sql`(
    select r.*, t.deleted_at as "(deleted at)", t.actor as "(deleted by)", t.id as "(trash id)"
    from tenancy.trash t cross join lateral jsonb_populate_record(null::${table}, t."row") as r
    where t.resource = ${resource} and t.reference is null) as ${sql.identifier(name)}`
  const { deletedAt, deletedBy } = deletion
  return {
    table: deleted,
    source: {
      from,
      fields: {
        ...Object.fromEntries(fields),
        deletedAt: sql`${deletedAt}`.mapWith(deletedAt),
        deletedBy: sql`${deletedBy}`.mapWith(deletedBy),
      } as Record<string, SQL>,
    },
  }
}

const ofJson: Record<string, (column: PgColumn) => SQL> = {
  json: (column) => sql`(${column} #>> '{}')::json`,
  jsonb: (column) => sql`(${column} #>> '{}')::jsonb`,
}

/** The value of a column. JSON arrives as the text of the value, and a column that was added since and cannot be null has its default. */
function selected(column: PgColumn): SQL {
  const value = ofJson[column.getSQLType()]?.(column) ?? sql`${column}`
  const { default: preset, notNull } = column
  if (!notNull || preset === undefined) return value
  return sql`coalesce(${value}, ${is(preset, SQL) ? preset : sql.param(preset, column)})`
}
