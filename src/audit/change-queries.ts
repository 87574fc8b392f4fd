import { and, getTableColumns, or, type SQL, sql } from 'drizzle-orm'
import { makePgArray, type PgTable } from 'drizzle-orm/pg-core'
import { mapped, type Query, type TenantTx } from '../database/index.ts'
import { kitQuery } from '../database/internal.ts'
import { primaryKeyOf, resourceOf } from '../lists/internal.ts'

/** An entry of the audit trail with its position. */
export interface ChangeEntry {
  position: bigint
  action: 'created' | 'updated' | 'deleted' | 'restored'
  id: string
  at: string
}

const entriesText = `
  select position::pg_catalog.text as position, action, target_id as id,
    pg_catalog.to_char(at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as at
  from tenancy.audit_entries
  where position > $1::pg_catalog.int8 and resource = $2 and action in ('created', 'updated', 'deleted', 'restored')
  order by audit_entries.position limit $3::pg_catalog.int4`

/** The field of a row that has its id. No column is called so. */
const idField = '(id)'

/**
 * The queries that read the changes of a table.
 *
 * @throws TypeError for a table without a primary key
 */
export function createChangeQueries(table: PgTable, tenantColumn: string) {
  const resource = resourceOf(table)
  const keys = primaryKeyOf(table, tenantColumn)
  // As tenancy.record_change() names a row.
  const texts = keys.map((key) => sql`to_jsonb(${key}) #>> '{}'`)
  const [first] = texts
  const [firstKey] = keys
  if (!first || !firstKey)
    throw new TypeError(`changes() needs a primary key beside the tenant, and the table ${resource} has none`)
  const id = texts.length === 1 ? first : sql`jsonb_build_array(${sql.join(texts, sql`, `)})::text`

  // A parameter without a cast: PostgreSQL gives it the type of the column, so that the primary key serves it.
  function hasOneOf(ids: readonly string[]): SQL | undefined {
    if (keys.length === 1) return sql`${firstKey} = any(${makePgArray([...ids])})`
    return or(
      ...ids.map((text) => {
        const values: string[] = JSON.parse(text) // as tenancy.record_change() writes it
        return and(...keys.map((key, index) => sql`${key} = ${values[index]}`))
      }),
    )
  }

  return {
    readEntries: (tx: TenantTx, after: bigint, limit: number): Query<ChangeEntry[]> =>
      mapped(kitQuery(tx, entriesText, [String(after), resource, limit]), (rows) =>
        rows.map(({ position, ...entry }) => ({ ...entry, position: BigInt(String(position)) }) as ChangeEntry),
      ), // the columns of the statement

    /** The rows of changes that are there now, by their ids. */
    async readRows(tx: TenantTx, entries: readonly ChangeEntry[]): Promise<Map<string, Record<string, unknown>>> {
      const ids = [...new Set(entries.map(({ id }) => id))]
      const found = await tx
        .select({ ...getTableColumns(table), [idField]: sql<string>`${id}` })
        .from(table)
        .where(hasOneOf(ids))
      return new Map(found.map(({ [idField]: id, ...row }) => [String(id), row]))
    },
  }
}
