import {
  type BuildRelationalQueryResult,
  Column,
  is,
  One,
  type TableRelationalConfig,
  type TablesRelationalConfig,
} from 'drizzle-orm'
import { PgCustomColumn } from 'drizzle-orm/pg-core'
import { type Decoder, decoderOf } from './decoders.ts'
import { parserOf } from './values.ts'

type Item = BuildRelationalQueryResult['selection'][number]

/** Reads a value of nested rows: from JSON in which inexact numbers are strings, and from the same JSON as it was. */
type Reader = (exact: unknown, plain: unknown) => unknown

/** The decoder of the rows of a relation, which PostgreSQL returns as the text of one JSON value. */
export function nestedDecoder(
  item: Item,
  tables: { schema: TablesRelationalConfig; tableConfig: TableRelationalConfig },
): Decoder {
  const read = relationReader(item, tables.tableConfig, tables.schema)
  const isPlain = !hasExact(item)
  return {
    mapFromDriverValue(value) {
      const text = String(value)
      const plain: unknown = JSON.parse(text)
      return read(isPlain ? plain : JSON.parse(withExactNumbers(text)), plain)
    },
  }
}

function relationReader(item: Item, { relations }: TableRelationalConfig, schema: TablesRelationalConfig): Reader {
  const readRow = rowReader(item.selection, schema[item.relationTableTsKey ?? ''], schema)
  if (is(relations[item.tsKey], One)) return (exact, plain) => (exact === null ? null : readRow(exact, plain))
  return (exact, plain) => listOf(exact).map((row, index) => readRow(row, listOf(plain)[index]))
}

function rowReader(
  selection: readonly Item[],
  table: TableRelationalConfig | undefined,
  schema: TablesRelationalConfig,
): Reader {
  const readers = selection.map((item): [string, Reader] => [
    item.tsKey,
    item.isJson && table ? relationReader(item, table, schema) : valueReader(item.field),
  ])
  return (exact, plain) => {
    const [exactValues, plainValues] = [listOf(exact), listOf(plain)]
    const row: Record<string, unknown> = {}
    for (const [index, [name, read]] of readers.entries()) row[name] = read(exactValues[index], plainValues[index])
    return row
  }
}

/** A row, or the rows of a relation: the SQL that Drizzle writes makes arrays of them. */
const listOf = (value: unknown): unknown[] => value as unknown[]

function valueReader(field: Item['field']): Reader {
  const decoder = decoderOf(field)
  const usesExact = losesDigits(field)
  const convert = is(field, Column) ? conversions[typeOf(field)] : undefined
  return (exact, plain) => {
    const value = usesExact ? exact : plain
    return value === null ? null : decoder.mapFromDriverValue(convert ? each(value, convert) : value)
  }
}

/** What the driver returns for a value of a type that JSON writes in another way. */
const conversions: Record<string, (value: unknown) => unknown> = {
  bigint: String,
  int8: String,
  bigserial: String,
  numeric: String,
  decimal: String,
  dec: String,
  timestamp: textOfTimestamp,
  timestamptz: textOfTimestamp,
  bytea: (value) => parserOf(17)?.(String(value)) ?? value,
}

const exactTypes = new Set(['bigint', 'int8', 'bigserial', 'numeric', 'decimal', 'dec'])

/**
 * Whether a number of JSON can have more digits than a double. An expression is a number, as over Drizzle's drivers. A custom type can
 * have the name of a domain.
 */
const losesDigits = (field: Item['field']): boolean =>
  is(field, Column) && (exactTypes.has(typeOf(field)) || (is(field, PgCustomColumn) && !/^jsonb?$/.test(typeOf(field))))

const hasExact = ({ field, isJson, selection }: Item): boolean =>
  isJson ? selection.some(hasExact) : losesDigits(field)

/** The name of a column's type, without its length and dimensions. */
const typeOf = (column: Column): string => /^\w*/.exec(column.getSQLType().toLowerCase())?.[0] ?? ''

const each = (value: unknown, convert: (one: unknown) => unknown): unknown =>
  Array.isArray(value) ? value.map((one) => each(one, convert)) : value === null ? null : convert(value)

/** JSON has "2024-02-29T12:00:00+00:00", where the text of PostgreSQL is "2024-02-29 12:00:00+00". */
function textOfTimestamp(value: unknown): string {
  return String(value)
    .replace('T', ' ')
    .replace(/([+-]\d\d):00(?= BC$|$)/, '$1')
}

const stringsAndNumbers = /"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*/g

/** Writes the numbers of JSON that a double does not have as strings. */
const withExactNumbers = (json: string): string =>
  json.replace(stringsAndNumbers, (token) =>
    token.startsWith('"') || String(Number(token)) === token ? token : `"${token}"`,
  )
