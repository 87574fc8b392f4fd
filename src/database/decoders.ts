import { Column, is, SQL, Subquery } from 'drizzle-orm'
import { PgArray, PgCustomColumn, PgJson, PgJsonb, PgTimestamp, type SelectedFieldsOrdered } from 'drizzle-orm/pg-core'
import { dateOf } from './timestamps.ts'
import { parseArray } from './values.ts'

/** What turns a value of the driver into that of a column or of an SQL expression. */
export interface Decoder {
  mapFromDriverValue(value: unknown): unknown
}
type Field = SelectedFieldsOrdered[number]['field']

/**
 * The decoder of a field: Drizzle's, except for two that lose values, and for timestamps, of which a page has many. PgJson and PgJsonb parse a string that pg has parsed
 * already, so that '123' would become 123. PgArray decodes NULL as a value, and its own parser, for arrays that pg leaves as
 * text, returns it as 'NULL'.
 */
export function decoderOf(field: Field | Column): Decoder {
  const decoder = drizzleDecoderOf(field)
  if (isJson(decoder)) return { mapFromDriverValue: (value) => value }
  if (is(decoder, PgTimestamp) && decoder.withTimezone) return { mapFromDriverValue: dateOf }
  return is(decoder, PgArray) ? arrayDecoder(decoder) : decoder
}

/** The column, with {@link decoderOf} as its decoder: for Drizzle's own mapping of rows. */
export function withDecoder<T extends Field>(field: T): Field {
  const decoder = decoderOf(field)
  if (decoder === drizzleDecoderOf(field)) return field
  if (!is(field, Column)) return new SQL([]).mapWith(decoder)
  const mapFromDriverValue = (value: unknown) => decoder.mapFromDriverValue(value)
  return Object.create(field, { mapFromDriverValue: { value: mapFromDriverValue } }) as T // has all else of the column
}

function drizzleDecoderOf(field: Field | Column): Decoder {
  if (is(field, Column)) return field
  const expression = is(field, SQL) ? field : is(field, Subquery) ? field._.sql : field.sql
  return (expression as unknown as { decoder: Decoder }).decoder // internal in Drizzle's types
}

const isJson = (decoder: unknown): boolean => is(decoder, PgJson) || is(decoder, PgJsonb)

/** NULL stays null, and a value may have other dimensions than its column: PostgreSQL does not enforce them (chapter 8.15.1). */
function arrayDecoder(column: Column): Decoder {
  let element = column
  let dimensions = 0
  for (; is(element, PgArray); element = element.baseColumn) dimensions += 1
  if (isJson(element)) return { mapFromDriverValue: (value) => value }
  // A type of the user's own over JSON can have arrays as elements.
  const depthMax = is(element, PgCustomColumn) ? dimensions : Number.POSITIVE_INFINITY
  const decode = (value: unknown, depth: number): unknown => {
    if (value === null) return null
    if (Array.isArray(value) && depth < depthMax) return value.map((one) => decode(one, depth + 1))
    return element.mapFromDriverValue(value)
  }
  return { mapFromDriverValue: (value) => decode(typeof value === 'string' ? parseArray(value) : value, 0) }
}
