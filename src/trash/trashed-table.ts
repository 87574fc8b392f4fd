import { type Placeholder, type SQL, sql } from 'drizzle-orm'
import { getTableConfig, type PgColumn, type PgTable } from 'drizzle-orm/pg-core'
import { primaryKeyOf } from '../lists/internal.ts'

export interface TrashOptions {
  /** The name of the tenant column in the database. @default 'tenant_id' */
  tenantColumn?: string
}

/** How the database names a table and its rows in the trash. */
export interface TrashedTable {
  /** As `tenancy.resource_name()` returns it: `tasks`, or `billing.invoices` outside of the schema public. */
  readonly resource: string
  /** The table, as PostgreSQL reads it. */
  readonly relation: string
  /** The columns of the primary key without the tenant's. */
  readonly key: readonly PgColumn[]
}

/**
 * Returns the names of a table.
 *
 * @throws TypeError for a table without a primary key, and for one whose key is the tenant alone
 */
export function trashedTable(table: PgTable, { tenantColumn = 'tenant_id' }: TrashOptions = {}): TrashedTable {
  const { name, schema = 'public' } = getTableConfig(table)
  const key = primaryKeyOf(table, tenantColumn)
  if (key.length === 0) throw new TypeError(`The primary key of ${name} has no column beside the tenant's`)
  const quoted = [schema, name].map((one) => `"${one.replaceAll('"', '""')}"`)
  return { resource: schema === 'public' ? name : `${schema}.${name}`, relation: quoted.join('.'), key }
}

/** The text that names a row in the trash, from the values of its key. */
export function targetOf(key: readonly PgColumn[], values: readonly Placeholder[]): SQL {
  const texts = key.map((column, index) => textOf(column, values[index]))
  const [only, ...others] = texts
  if (only && others.length === 0) return only
  return sql`jsonb_build_array(${sql.join(texts, sql`, `)})::text`
}

/** An id in upper case, or a number with zeros in front, is the same key. */
function textOf(column: PgColumn, value: Placeholder | undefined): SQL {
  const type = column.getSQLType()
  if (type === 'uuid') return sql`${value}::uuid::text`
  return /^(small|big)?(int|integer|serial)\b/.test(type) ? sql`${value}::bigint::text` : sql`${value}::text`
}
