import type { AccessState, TableAccess } from '../../isolation/index.ts'
import { escaped } from '../../text/index.ts'

const worstFirst: AccessState[] = ['leaks', 'not proved', 'protected', 'tried']

/** What a write does on each table, as lines of a table; nothing where no table has an audit trail or a trash. */
export function writesPart(tables: TableAccess[]): string[] {
  const rows = tables.flatMap((table) => (table.recording ? [rowOf(table, table.recording)] : []))
  if (!tables.some(({ recording }) => recording?.audit || recording?.trash)) return []
  const head = ['A write to', 'protection', 'audit trail', 'trash']
  const lines = [head, ...rows]
  const widths = head.map((_, column) => Math.max(...lines.map((cells) => cells[column]?.length ?? 0)))
  return lines.map((cells) =>
    cells
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  )
}

function rowOf(
  { table, insert, update, delete: deleted }: TableAccess,
  { audit, trash }: NonNullable<TableAccess['recording']>,
): string[] {
  const states = [insert, update, deleted].map(({ state }) => state)
  const protection = worstFirst.find((state) => states.includes(state)) ?? 'not proved'
  const redacted = audit && audit.redact.length > 0 ? `yes, without ${audit.redact.map(escaped).join(', ')}` : 'yes'
  return [escaped(table), protection, audit ? redacted : 'no', trash ? 'yes' : 'no']
}
