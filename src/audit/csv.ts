import { type Options, stringify } from 'csv-stringify/sync'
import { toEntry } from './entries.ts'
import type { AuditEntryRow } from './tables.ts'

const entryColumns = [
  'id',
  'at',
  'position',
  'action',
  'resource',
  'targetId',
  'actor',
  'requestId',
  'source',
  'reason',
] as const
const columns = [...entryColumns, 'column', 'from', 'to']

/**
 * RFC 4180. A text is in quotes, so that an empty one differs from null. A spreadsheet takes a cell for a formula by its first character:
 * then there is an apostrophe in front of it (OWASP, "CSV Injection").
 */
const options: Options = {
  record_delimiter: '\r\n',
  quoted_string: true,
  escape_formulas: true,
  // The library's list of characters has no line feed.
  cast: { string: (value) => (value.startsWith('\n') ? `'${value}` : value) },
}

export const csvHeader: string = stringify([columns], { record_delimiter: '\r\n' })

/** The lines of entries: one for each column that changed, and one for an entry without changes. */
export const csvOf = (rows: readonly AuditEntryRow[]): string => stringify(rows.flatMap(cellsOf), options)

function cellsOf(row: AuditEntryRow): (string | number | null)[][] {
  const entry = toEntry(row)
  const cells = entryColumns.map((name) => entry[name])
  const changes = Object.entries(entry.changes ?? {})
  if (changes.length === 0) return [[...cells, null, null, null]]
  return changes.map(([column, { from, to }]) => [...cells, column, from, to])
}
