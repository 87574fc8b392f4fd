const asNumber = (text: string): number => Number(text)
const asJson = (text: string): unknown => JSON.parse(text)

// Parsers by the oid of a type. Other types stay text: bigint and numeric would lose digits, and Drizzle's columns parse
// dates, times and arrays.
const parsers: Record<number, (text: string) => unknown> = {
  16: (text) => text === 't', // boolean
  17: (text) => Buffer.from(text.slice(2), 'hex'), // bytea, as \x…
  21: asNumber, // smallint
  23: asNumber, // integer
  26: asNumber, // oid
  700: asNumber, // real
  701: asNumber, // double precision
  114: asJson,
  3802: asJson, // jsonb
}

/** The parser of a type; undefined: its values stay text. */
export const parserOf = (oid: number): ((text: string) => unknown) | undefined => parsers[oid]

/**
 * Encodes a parameter as text or bytes. Drizzle's columns have encoded dates, JSON and arrays before; a parameter without a
 * column can still be a Date.
 *
 * @throws TypeError for an object or an array, whose PostgreSQL type is ambiguous
 */
export function toParameter(value: unknown): string | Buffer | null {
  if (typeof value === 'string') return value
  if (value === null || value === undefined) return null
  if (typeof value === 'number' || typeof value === 'boolean' || typeof value === 'bigint') return String(value)
  if (value instanceof Date) return value.toISOString()
  if (value instanceof Uint8Array) return Buffer.from(value.buffer, value.byteOffset, value.byteLength)
  throw new TypeError(
    'A parameter must be text, a number, a boolean, a Date, bytes or null: encode other values with a column',
  )
}
