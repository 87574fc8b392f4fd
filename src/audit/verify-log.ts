import { type ExportedEntry, hasItsChanges, isErased, isPruned, leafOfEntry, type PrunedEntry } from './entry.ts'
import { append, emptyTree, rootOf, sameHash } from './tree.ts'

/** The first thing that is wrong with a log. */
export interface LogProblem {
  /**
   * - `missing`: entries are not there
   * - `duplicate`: a position is there twice, or later than a greater one
   * - `unreadable`: a line is no entry
   * - `changes`: the changes of an entry are not those that its hash was made of
   * - `root`: at least one entry between these positions was changed, added or removed
   * - `checkpoint`: a checkpoint is not valid, so that nothing is known, or it contradicts another one
   */
  code: 'missing' | 'duplicate' | 'unreadable' | 'changes' | 'root' | 'checkpoint'
  /** The first position that it concerns. */
  from?: number
  /** The last position that it concerns. */
  to?: number
  /** One sentence. */
  message: string
}

/** What was verified of the log of a tenant. */
export interface LogReport {
  /** Empty where no valid checkpoint names one. */
  tenantId: string
  /** How many entries the largest checkpoint that matches covers. They are as they were when it was signed. */
  size: number
  /** The root of these entries, in hex. */
  root: string
  /** How many entries were read whose changes are erased. */
  erased: number
  /** How many entries were read of which the hash alone is left. */
  pruned: number
  /** How many entries were read behind those of the largest checkpoint: nothing proves them yet. */
  uncovered: number
  /** Undefined when nothing is wrong. */
  problem: LogProblem | undefined
}

/** A tree that a log must have had at a size. */
export interface Expected {
  size: number
  root: Uint8Array
  /** Whether it is a checkpoint, signed by a key that is not in the database. */
  isSigned: boolean
}

/** A log to verify. */
export interface LogToVerify {
  tenantId: string
  /** By position. Undefined for one that is no entry. */
  entries: AsyncIterable<ExportedEntry | PrunedEntry | undefined> | Iterable<ExportedEntry | PrunedEntry | undefined>
  expected: readonly Expected[]
}

/** Reads a log once, with a few hashes in memory, and ends at the first problem. */
export async function verifyLog({ tenantId, entries, expected }: LogToVerify): Promise<LogReport> {
  const report: LogReport = { tenantId, ...nothingVerified() }
  const due = expected.toSorted((one, other) => one.size - other.size)
  let tree = emptyTree
  let matched = 0
  const compare = (): LogProblem | undefined => {
    for (let next = due[0]; next?.size === tree.size; next = due[0]) {
      const root = rootOf(tree)
      if (!sameHash(root, next.root)) return otherRoot(matched, next)
      matched = tree.size
      if (next.isSigned) Object.assign(report, { size: tree.size, root: Buffer.from(root).toString('hex') })
      due.shift()
    }
    return undefined
  }

  report.problem = compare()
  if (report.problem) return report
  for await (const entry of entries) {
    const position = tree.size + 1
    report.problem = problemOf(entry, position)
    if (!entry || report.problem) return report
    tree = append(tree, leafOfEntry(tenantId, entry))
    if (isPruned(entry)) report.pruned += 1
    else if (isErased(entry)) report.erased += 1
    report.problem = compare()
    if (report.problem) return report
  }
  report.uncovered = tree.size - report.size
  const last = due.at(-1)
  if (last) report.problem = missing(tree.size + 1, last.size)
  return report
}

/** The numbers of a log before its first entry. */
export const nothingVerified = (): Omit<LogReport, 'tenantId'> => ({
  ...{ size: 0, root: '', erased: 0, pruned: 0, uncovered: 0, problem: undefined },
})

function problemOf(entry: ExportedEntry | PrunedEntry | undefined, position: number): LogProblem | undefined {
  const at = { from: position, to: position }
  if (!entry) return { code: 'unreadable', ...at, message: `What should be entry ${position} is no entry` }
  if (entry.position > position) return missing(position, entry.position - 1)
  if (entry.position < position) {
    const found = entry.position
    return { code: 'duplicate', from: found, to: found, message: `Entry ${found} is there twice, or not in its place` }
  }
  if (isPruned(entry) || hasItsChanges(entry)) return undefined
  return { code: 'changes', ...at, message: `The changes of entry ${position} are not those that were recorded` }
}

const missing = (from: number, to: number): LogProblem => ({
  ...{ code: 'missing', from, to },
  message: from === to ? `Entry ${from} is missing` : `Entries ${from} to ${to} are missing`,
})

/** @param matched the size of the last tree that matches */
function otherRoot(matched: number, { size, isSigned }: Expected): LogProblem {
  const range = { from: matched + 1, to: size }
  if (matched === size)
    return isSigned
      ? { code: 'checkpoint', message: `Two checkpoints of ${size} contradict each other: two histories were signed` }
      : {
          code: 'root',
          from: 1,
          to: size,
          message: 'The tree in tenancy.audit_logs is not that of the entries, which are as signed',
        }
  const proof = isSigned ? `the checkpoint of ${size}` : 'the root in tenancy.audit_logs'
  const entries = range.from === size ? `Entry ${size} is` : `At least one of the entries ${range.from} to ${size} is`
  return { code: 'root', ...range, message: `${entries} not as it was for ${proof}` }
}
