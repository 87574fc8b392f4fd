import { getTableColumns, is, Param, Placeholder, SQL } from 'drizzle-orm'
import type { PgColumn, PgTable } from 'drizzle-orm/pg-core'
import { TransactionMisuse } from './transaction-misuse.ts'

/** Values of a row by column, as Drizzle's builders have them. */
type Row = Record<string, unknown>

/** Whether a query generates the value of a column in an INSERT or in an UPDATE, as Drizzle does. */
const generators = {
  insert: ({ defaultFn, onUpdateFn, default: fixed }: PgColumn) => defaultFn ?? (fixed ? undefined : onUpdateFn),
  update: ({ onUpdateFn }: PgColumn) => onUpdateFn,
}

/** Takes the place of a value that `$defaultFn` or `$onUpdate` generates, in a query that is built once: each call gets a new one. */
class GeneratedValue extends Placeholder {
  constructor(
    name: string,
    readonly generate: () => unknown,
  ) {
    super(name)
  }
}

/**
 * A row with the values that Drizzle would generate once, while it builds the query.
 *
 * @param hasValues whether SQL has values in it, which all calls would share
 * @throws TransactionMisuse for SQL with values
 */
export function withGeneratedValues<Of extends Row>(
  table: PgTable,
  row: Of,
  command: 'insert' | 'update',
  hasValues: (sql: SQL) => boolean,
): Of {
  const generated: Row = {}
  for (const [key, column] of Object.entries(getTableColumns(table))) {
    const given = row[key]
    const generate = generators[command](column as PgColumn) // a table of PostgreSQL has these columns
    if (!generate || (given !== undefined && !(is(given, Param) && given.value === undefined))) continue
    const first: unknown = generate()
    if (is(first, SQL) && hasValues(first))
      throw new TransactionMisuse(
        `Drizzle generates SQL with a value in it for "${column.name}", which all calls of a prepared query would share: pass the value`,
      )
    generated[key] = is(first, SQL) ? first : new Param(new GeneratedValue(column.name, generate), column)
  }
  return { ...row, ...generated }
}

/**
 * The parameters of a query that is built, with the values of a call. Each value is encoded as its column does; null is NULL for each of
 * them, where Drizzle's `fillPlaceholders` passes it to the encoder.
 *
 * @throws Error for a placeholder without a value, TransactionMisuse for a value that its column encodes as SQL
 */
export function filled(parameters: readonly unknown[], values: Record<string, unknown>): unknown[] {
  return parameters.map((parameter) => {
    if (is(parameter, Param) && is(parameter.value, Placeholder)) {
      const value = valueFor(parameter.value, values)
      const encoded = value === null ? null : parameter.encoder.mapToDriverValue(value)
      if (is(encoded, SQL))
        throw new TransactionMisuse(`The value of "${parameter.value.name}" is SQL, which a prepared query cannot have`)
      return encoded
    }
    return is(parameter, Placeholder) ? valueFor(parameter, values) : parameter
  })
}

function valueFor(placeholder: Placeholder, values: Record<string, unknown>): unknown {
  if (placeholder instanceof GeneratedValue) return placeholder.generate() ?? null
  if (!(placeholder.name in values)) throw new Error(`No value for placeholder "${placeholder.name}" was provided`)
  return values[placeholder.name]
}
