import {
  type Casing,
  createTableRelationsHelpers,
  extractTablesRelationalConfig,
  type RelationalSchemaConfig,
  type TablesRelationalConfig,
} from 'drizzle-orm'
import type { PgDialect } from 'drizzle-orm/pg-core'
import { ExactDialect } from './exact-dialect.ts'
import { TenantDialect } from './tenant-dialect.ts'

/** What the queries of one database are built with. */
export interface Drizzle {
  readonly dialect: PgDialect
  /** Builds queries that are sent with new values on each call. */
  readonly dialectForPrepared: PgDialect
  /** The tables of the schema and their relations; undefined: there are no relational queries. */
  readonly schema: RelationalSchemaConfig<TablesRelationalConfig> | undefined
}

/** How a project uses Drizzle. The options are those of Drizzle's own drivers. */
export interface DrizzleOptions<Schema extends Record<string, unknown>> {
  /** The tables and their relations, for `tx.query`. @default none */
  schema?: Schema | undefined
  /** How columns without a name of their own are named in the database. @default as in the code */
  casing?: Casing | undefined
}

/** @param of whose queries: a tenant's are checked before they are sent */
export function createDrizzle(
  { schema, casing }: DrizzleOptions<Record<string, unknown>>,
  of: 'tenant' | 'admin',
): Drizzle {
  const config = casing === undefined ? {} : { casing }
  const Dialect = of === 'tenant' ? TenantDialect : ExactDialect
  const dialects = { dialect: new Dialect(config), dialectForPrepared: new Dialect(config, true) }
  if (schema === undefined) return { ...dialects, schema: undefined }
  const { tables, tableNamesMap } = extractTablesRelationalConfig(schema, createTableRelationsHelpers)
  return { ...dialects, schema: { fullSchema: schema, schema: tables, tableNamesMap } }
}
