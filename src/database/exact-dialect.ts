import { type BuildRelationalQueryResult, is, SQL, sql, type TablesRelationalConfig } from 'drizzle-orm'
import { type PgColumn, PgDialect, type PgTable } from 'drizzle-orm/pg-core'
import { withDecoder } from './decoders.ts'
import { nestedDecoder } from './nested-rows.ts'

type Relational = BuildRelationalQueryResult<PgTable, PgColumn>
type Selection = Relational['selection']

/**
 * The SQL dialect of Drizzle, with relational queries that read every value as a plain query does. PostgreSQL returns nested rows as
 * JSON, where Drizzle would round bigint and numeric to a double.
 */
export class ExactDialect extends PgDialect {
  override buildRelationalQueryWithoutPK(
    config: Parameters<PgDialect['buildRelationalQueryWithoutPK']>[0],
  ): Relational {
    const built = super.buildRelationalQueryWithoutPK(config) // it calls this method for each relation
    if (config.nestedQueryRelation) return built
    const { schema, tableConfig } = config
    return { ...built, selection: built.selection.map((item) => exactItem(item, { schema, tableConfig })) }
  }
}

type Tables = { schema: TablesRelationalConfig; tableConfig: TablesRelationalConfig[string] }

/** Replaces the decoder of a column. Nested rows arrive as text and are parsed by their decoder. */
function exactItem(item: Selection[number], tables: Tables): Selection[number] {
  const { field, isJson } = item
  if (!isJson) return { ...item, field: withDecoder(field) as PgColumn | SQL } // it returns the kind of field that it gets
  if (is(field, SQL.Aliased)) field.sql.append(sql`::text`) // the SQL of the query contains this object
  return { ...item, isJson: false, field: new SQL([]).mapWith(nestedDecoder(item, tables)) }
}
