import type { Query } from 'drizzle-orm'
import {
  type PgDialect,
  PgPreparedQuery,
  type PgQueryResultHKT,
  PgSession,
  type PreparedQueryConfig,
  type SelectedFieldsOrdered,
} from 'drizzle-orm/pg-core'
import * as utils from 'drizzle-orm/utils'
import { decoderOf, withDecoder } from './decoders.ts'
import { filled } from './generated-values.ts'
import { type Rows, type StatementResult, toRows } from './statement.ts'

/** Sends one statement of a transaction. `isPrepared`: the code wrote its text, once, before there were values. */
export type Send = (text: string, parameters: unknown[], isPrepared?: boolean) => Promise<StatementResult>

/** What sends the statements of a transaction. */
export interface Sending {
  send: Send
}

/** The result of `tx.execute` and of an INSERT, UPDATE or DELETE without RETURNING. */
export interface RowsHKT extends PgQueryResultHKT {
  type: Rows<this['row'] extends Record<string, unknown> ? this['row'] : Record<string, unknown>>
}

type NotNullable = Record<string, boolean> | undefined
type ToResult = (result: StatementResult, notNullable: NotNullable) => unknown

// The function that Drizzle's own drivers map rows with. It is exported, but its types are not.
const { mapResultRow } = utils as unknown as {
  mapResultRow(fields: SelectedFieldsOrdered, row: unknown[], notNullable: NotNullable): unknown
}

/** A query whose SQL is built, with the mapping of its rows to Drizzle's result type. */
export class TenantQuery<T extends PreparedQueryConfig = PreparedQueryConfig> extends PgPreparedQuery<T> {
  /** Set by Drizzle's builder: which tables of a join always have a row. */
  joinsNotNullableMap: NotNullable

  constructor(
    private readonly sender: Sending,
    query: Query,
    private readonly toResult: ToResult,
  ) {
    super(query, undefined, undefined)
  }

  override execute(values: Record<string, unknown> = {}): Promise<T['execute']> {
    return this.executeBy(this.sender, values)
  }

  all(values?: Record<string, unknown>): Promise<T['execute']> {
    return this.execute(values)
  }

  /** Runs the query in a transaction, which may be another one than the query was built in. */
  async executeBy(sender: Sending, values: Record<string, unknown>, isPrepared?: boolean): Promise<T['execute']> {
    const { sql, params } = this.query
    return this.resultOf(await sender.send(sql, filled(params, values), isPrepared))
  }

  /** What Drizzle's builder returns for the result of the statement. */
  resultOf(result: StatementResult): T['execute'] {
    return this.toResult(result, this.joinsNotNullableMap)
  }
}

/** A Drizzle session on one transaction. It cannot begin or nest transactions: the transaction itself does that. */
export class TenantSession extends PgSession<RowsHKT> {
  constructor(
    dialect: PgDialect,
    private readonly sender: Sending,
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
    if (map) return new TenantQuery(this.sender, query, ({ rows }) => map(rows))
    return new TenantQuery(this.sender, query, fields ? rowsOf(fields) : toRows)
  }

  override transaction(): never {
    throw new TypeError('A session cannot begin a transaction: use tx.transaction')
  }
}

/** Maps flat rows here, because that is faster. Drizzle maps nested rows, such as those of a join. */
function rowsOf(fields: SelectedFieldsOrdered): ToResult {
  if (fields.some(({ path }) => path.length > 1)) {
    const decodable = fields.map(({ path, field }) => ({ path, field: withDecoder(field) }))
    return ({ rows }, notNullable) => rows.map((row) => mapResultRow(decodable, row, notNullable))
  }
  const columns = fields.map(({ path: [name = ''], field }) => ({ name, decoder: decoderOf(field) }))
  const toRow = (values: unknown[]) => {
    const row: Record<string, unknown> = {}
    let index = 0
    for (const { name, decoder } of columns) {
      const value = values[index]
      row[name] = value === null ? null : decoder.mapFromDriverValue(value)
      index += 1
    }
    return row
  }
  return ({ rows }) => rows.map(toRow)
}
