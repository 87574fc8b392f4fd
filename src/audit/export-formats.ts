import { csvHeader, csvOf } from './csv.ts'
import { toEntry } from './entries.ts'
import type { LogEntry } from './log-reader.ts'

/** How an export is written. */
export interface ExportFormat {
  contentType: string
  fileName: string
  head: string
  linesOf(entries: readonly LogEntry[]): string
}

const ndjson: ExportFormat = {
  contentType: 'application/x-ndjson',
  fileName: 'audit-log.ndjson',
  head: '',
  linesOf: (entries) => entries.map((entry) => `${JSON.stringify(toLine(entry))}\n`).join(''),
}
const csv: ExportFormat = {
  contentType: 'text/csv; charset=utf-8; header=present',
  fileName: 'audit-log.csv',
  head: csvHeader,
  linesOf: (entries) => csvOf(entries.filter((entry) => 'id' in entry)),
}
export const exportFormats = { 'application/x-ndjson': ndjson, 'text/csv': csv }

const toLine = (entry: LogEntry) => {
  if ('leaf' in entry) return { position: entry.position, leaf: entry.leaf }
  return { ...toEntry(entry), salt: entry.salt, changesHash: entry.changesHash }
}
