const asNumber = (text: string): number => Number(text)
const asJson = (text: string): unknown => JSON.parse(text)

// PostgreSQL's own types, by oid. What is not here stays text: bigint and numeric would lose digits, and dates, times and
// arrays are parsed by Drizzle's columns.
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

/** How values of a type are read; undefined: as text. */
export const parserOf = (oid: number): ((text: string) => unknown) | undefined => parsers[oid]

/**
 * A parameter as it is sent: text, or bytes. Drizzle's columns have made text of dates, JSON and arrays by then; a value
 * beside any column may be a Date or a list too.
 *
 * @throws TypeError for what PostgreSQL would have to guess at
 */
export function toParameter(value: unknown): string | Buffer | null {
  if (typeof value === 'string') return value
  if (value === null || value === undefined) return null
  if (typeof value === 'number' || typeof value === 'boolean' || typeof value === 'bigint') return String(value)
  if (value instanceof Date) return value.toISOString()
  if (value instanceof Uint8Array) return Buffer.from(value.buffer, value.byteOffset, value.byteLength)
  throw new TypeError('A parameter is text, a number, a boolean, a Date, bytes or null: let a column encode it')
}
