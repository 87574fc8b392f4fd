import {
  type BuildRelationalQueryResult,
  is,
  type Param,
  SQL,
  sql,
  type TablesRelationalConfig,
  type UpdateSet,
} from 'drizzle-orm'
import { type PgColumn, PgDialect, type PgDialectConfig, type PgInsertConfig, type PgTable } from 'drizzle-orm/pg-core'
import { withDecoder } from './decoders.ts'
import { withGeneratedValues } from './generated-values.ts'
import { nestedDecoder } from './nested-rows.ts'

type Relational = BuildRelationalQueryResult<PgTable, PgColumn>
type Selection = Relational['selection']

/**
 * The SQL dialect of Drizzle, with relational queries that read every value as a plain query does. PostgreSQL returns nested rows as
 * JSON, where Drizzle would round bigint and numeric to a double.
 */
export class ExactDialect extends PgDialect {
  /** @param isForPrepared whether its queries are built once, and sent with new values */
  constructor(
    config: PgDialectConfig,
    private readonly isForPrepared = false,
  ) {
    super(config)
  }

  override buildInsertQuery(config: PgInsertConfig): SQL {
    const { table, values, select } = config
    if (!this.isForPrepared || select) return super.buildInsertQuery(config)
    const rows = (values as Record<string, Param | SQL>[]).map((row) => this.generated(table, row, 'insert')) // no SELECT
    return super.buildInsertQuery({ ...config, values: rows })
  }

  override buildUpdateSet(table: PgTable, set: UpdateSet): SQL {
    return super.buildUpdateSet(table, this.isForPrepared ? this.generated(table, set, 'update') : set)
  }

  private generated<Row extends Record<string, unknown>>(table: PgTable, row: Row, command: 'insert' | 'update'): Row {
    return withGeneratedValues(table, row, command, (one) => this.sqlToQuery(one).params.length > 0)
  }

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
