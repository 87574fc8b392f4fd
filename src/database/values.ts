import pg from 'pg'

// Dates, times, intervals and their arrays, and arrays of numeric: pg would make dates of the local time zone, objects and
// numbers of them, and Drizzle's columns parse their text. drizzle-orm/node-postgres leaves the same types as text.
const leftAsText = new Set([1082, 1114, 1115, 1182, 1184, 1185, 1186, 1187, 1231])
const parserIn = (oid: number): ((text: string) => unknown) => pg.types.getTypeParser(oid, 'text')
const noParser = parserIn(0) // what pg returns for a type that it does not parse

/** The parser of a type by its oid, as in drizzle-orm/node-postgres; undefined: its values stay text. */
export function parserOf(oid: number): ((text: string) => unknown) | undefined {
  const parser = parserIn(oid)
  return leftAsText.has(oid) || parser === noParser ? undefined : parser
}

/** Parses PostgreSQL's text of any array (chapter 8.15): its elements are text, null or arrays. */
export const parseArray = parserIn(1009) // the parser of text[]

// Part of pg that its types do not declare. test/database/private-surfaces.test.ts holds it.
const { prepareValue } = (pg as unknown as { utils: { prepareValue(value: unknown): string | Buffer | null } }).utils

/**
 * Encodes a parameter as pg does: an array in PostgreSQL's notation, a Date in the local time zone with its offset, another
 * object as JSON. Drizzle's columns have encoded their values before.
 *
 * @throws TypeError for an object that has no JSON: one that contains itself or a bigint
 */
export const toParameter = (value: unknown): string | Buffer | null =>
  typeof value === 'string' ? value : prepareValue(value)
