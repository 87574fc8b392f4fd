import { Column, fillPlaceholders, is, type Query, SQL } from 'drizzle-orm'
import {
  type PgDialect,
  PgPreparedQuery,
  type PgQueryResultHKT,
  PgSession,
  type PreparedQueryConfig,
  type SelectedFieldsOrdered,
} from 'drizzle-orm/pg-core'
import * as utils from 'drizzle-orm/utils'
import { type Answer, type Rows, toRows } from './batch.ts'

/** How a transaction sends a statement. */
export type Send = (text: string, parameters: unknown[]) => Promise<Answer>

/** The rows of `tx.execute`, and what an INSERT without RETURNING gives. */
export interface RowsHKT extends PgQueryResultHKT {
  type: Rows<this['row'] extends Record<string, unknown> ? this['row'] : Record<string, unknown>>
}

type NotNullable = Record<string, boolean> | undefined
type ToResult = (answer: Answer, notNullable: NotNullable) => unknown

// What Drizzle's own drivers make rows with; it is exported, and left out of the types alone.
const { mapResultRow } = utils as unknown as {
  mapResultRow(fields: SelectedFieldsOrdered, row: unknown[], notNullable: NotNullable): unknown
}

/** A query whose SQL is built, and how its rows become what Drizzle promises. */
export class TenantQuery<T extends PreparedQueryConfig = PreparedQueryConfig> extends PgPreparedQuery<T> {
  /** Set by Drizzle's builder: which tables of a join may be missing. */
  joinsNotNullableMap: NotNullable

  constructor(
    private readonly send: Send,
    query: Query,
    private readonly toResult: ToResult,
  ) {
    super(query, undefined, undefined)
  }

  override execute(values: Record<string, unknown> = {}): Promise<T['execute']> {
    return this.executeBy(this.send, values)
  }

  all(values?: Record<string, unknown>): Promise<T['execute']> {
    return this.execute(values)
  }

  /** Runs it by another transaction than the one that it was built in. */
  async executeBy(send: Send, values: Record<string, unknown>): Promise<T['execute']> {
    const { sql, params } = this.query
    return this.toResult(await send(sql, fillPlaceholders(params, values)), this.joinsNotNullableMap)
  }
}

/** Drizzle's way to a transaction of ours. It begins none: that is for db.read and db.write. */
export class TenantSession extends PgSession<RowsHKT> {
  constructor(
    dialect: PgDialect,
    private readonly send: Send,
  ) {
    super(dialect)
  }

  override prepareQuery<T extends PreparedQueryConfig>(
    query: Query,
    fields: SelectedFieldsOrdered | undefined,
    _name?: string,
    _isArray?: boolean,
    map?: (rows: unknown[][]) => T['execute'],
  ): TenantQuery<T> {
    if (map) return new TenantQuery(this.send, query, ({ rows }) => map(rows))
    return new TenantQuery(this.send, query, fields ? rowsOf(fields) : toRows)
  }

  override transaction(): never {
    throw new TypeError('db.read and db.write begin and end transactions')
  }
}

/** Columns of one table become properties; what is nested, as a join is, is Drizzle's to make. */
function rowsOf(fields: SelectedFieldsOrdered): ToResult {
  const columns = fields.map(({ path: [name = ''], field }) => ({ name, decoder: decoderOf(field) }))
  if (fields.some(({ path }) => path.length > 1) || columns.some(({ decoder }) => !decoder))
    return ({ rows }, notNullable) => rows.map((row) => mapResultRow(fields, row, notNullable))
  const toRow = (values: unknown[]) => {
    const row: Record<string, unknown> = {}
    for (const [index, { name, decoder }] of columns.entries()) {
      const value = values[index]
      row[name] = value === null ? null : decoder?.mapFromDriverValue(value)
    }
    return row
  }
  return ({ rows }) => rows.map(toRow)
}

const decoderOf = (field: SelectedFieldsOrdered[number]['field']): Decoder | undefined => {
  if (is(field, Column)) return field
  // `decoder` of SQL is Drizzle's own; its types keep it from others.
  return is(field, SQL) ? (field as unknown as { decoder: Decoder }).decoder : undefined
}
interface Decoder {
  mapFromDriverValue(value: unknown): unknown
}
