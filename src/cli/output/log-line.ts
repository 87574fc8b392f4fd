import type { LogReport } from '../../audit/index.ts'
import { escaped } from '../../text/index.ts'

/** A line for people: what was verified of a log, or what is wrong with it. */
export function logLine({ tenantId, size, erased, pruned, uncovered, problem }: LogReport): string {
  const tenant = tenantId === '' ? '' : `  ${escaped(tenantId)}`
  if (problem) return `tampered${tenant}  ${escaped(problem.message)}`
  const counts = [
    `${size} ${size === 1 ? 'entry is' : 'entries are'} as signed`,
    ...(uncovered > 0 ? [`${uncovered} not signed yet`] : []),
    ...(erased > 0 ? [`${erased} erased`] : []),
    ...(pruned > 0 ? [`${pruned} pruned`] : []),
  ]
  return `ok      ${tenant}  ${counts.join(', ')}`
}
