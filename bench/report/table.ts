import type { Result, Verdict } from '../scenario.ts'
import { median } from '../statistics.ts'

/** A value with about three digits: 7,120, 12.3, 0.84. */
export function short(value: number): string {
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2
  return value.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits })
}

/** The median, with the range of several rounds: `7,120 (6,900..7,300)`. */
export function spread(rounds: number[]): string {
  if (rounds.length === 0) return '–'
  const middle = short(median(rounds))
  return rounds.length > 1 ? `${middle} (${short(Math.min(...rounds))}..${short(Math.max(...rounds))})` : middle
}

export function isMet({ bound, target, rounds }: Verdict): boolean {
  const measured = median(rounds)
  return bound === 'at least' ? measured >= target : measured <= target
}

/** A row of figures for each subject. */
export function figuresTable({ lines }: Pick<Result, 'lines'>): string[][] {
  const names = [...new Set(lines.flatMap(({ figures }) => Object.keys(figures)))]
  const rows = lines.map(({ subject, figures }) => [subject, ...names.map((name) => spread(figures[name] ?? []))])
  return [['', ...names], ...rows]
}

/** A row for each target, with its result. */
export function verdictsTable(verdicts: Verdict[]): string[][] {
  const rows = verdicts.map((verdict) => {
    const { claim, bound, target, unit, rounds } = verdict
    return [claim, `${bound} ${target} ${unit}`, `${spread(rounds)} ${unit}`, isMet(verdict) ? 'met' : 'NOT MET']
  })
  return [['', 'target', 'measured', ''], ...rows]
}

/** Columns aligned for a terminal. */
export function asText(rows: string[][]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  const line = (row: string[]) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ')
  return rows.map((row) => line(row).trimEnd()).join('\n')
}

/** A Markdown table. */
export function asMarkdown([head = [], ...rows]: string[][]): string {
  const line = (cells: string[]) => `| ${cells.join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')
}
