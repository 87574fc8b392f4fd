import { TransactionMisuse } from '../../src/database/index.ts'
import { ApiError, findDatabaseError } from '../../src/errors/index.ts'
import { owner } from '../database/shared-database.ts'
import type { Scenario } from './scenario.ts'

/** What is known of one transaction of the storm. */
export interface Entry {
  scenario: Scenario
  tenant: string
  requestId: string
  /** The names of the rows that its last run wrote; each is unique. */
  marks: string[]
  /** How it ended; undefined while it runs. */
  outcome?: { acknowledged: true } | { acknowledged: false; error: unknown }
}

/** What the work itself throws. */
export class Thrown extends Error {}

/** What must not be, each with the transactions or rows that show it. */
export interface Damage {
  /** Rows and answers of another tenant or another transaction. */
  foreign: string[]
  /** Calls that never settled, sessions left in a transaction, and whatever the pool has not recovered from. */
  stuck: string[]
  /** Acknowledged, and not there. */
  lost: string[]
  /** Written once, and there more than once. */
  doubled: string[]
  /** Under another tenant than the one that wrote it. */
  misplaced: string[]
  /** There, though its transaction failed for certain; or written by nobody. */
  ghosts: string[]
  /** There in part. */
  partial: string[]
  /** A failure that nothing explains, or an unknown outcome that was not said to be unavailable. */
  unexpected: string[]
}

export const noDamage = (): Damage => ({
  foreign: [],
  stuck: [],
  lost: [],
  doubled: [],
  misplaced: [],
  ghosts: [],
  partial: [],
  unexpected: [],
})

/**
 * Compares what was told to the callers with what is in the database, seen from behind the walls.
 *
 * @param damage where what is wrong is added
 * @param commits the request ids whose COMMIT has reached PostgreSQL: a failure of these is an outcome that is not known
 * @returns how many outcomes are not known
 */
export async function audit(damage: Damage, entries: Entry[], commits: ReadonlySet<string>): Promise<number> {
  const found = await rowsOf([...new Set(entries.map(({ tenant }) => tenant))])
  let unknown = 0
  for (const { tenant, requestId, marks, outcome, scenario } of entries) {
    if (outcome === undefined) continue
    const there = marks.filter((mark) => found.has(mark))
    damage.doubled.push(...there.filter((mark) => (found.get(mark)?.length ?? 0) > 1))
    damage.misplaced.push(...there.filter((mark) => found.get(mark)?.some((owner) => owner !== tenant)))
    if (there.length > 0 && there.length < marks.length) damage.partial.push(requestId)
    for (const mark of marks) found.delete(mark)
    if (outcome.acknowledged) {
      damage.lost.push(...marks.filter((mark) => !there.includes(mark)))
      continue
    }
    if (!isExplained(outcome.error, scenario)) damage.unexpected.push(`${requestId}: ${describe(outcome.error)}`)
    const isUnknown = commits.has(requestId) && isUnavailable(outcome.error)
    if (isUnknown) unknown += 1
    else damage.ghosts.push(...there)
  }
  damage.ghosts.push(...found.keys()) // what is left was written by no run that counts
  return unknown
}

/** The tenants under which each name is found. */
async function rowsOf(tenants: string[]): Promise<Map<string, string[]>> {
  const found = new Map<string, string[]>()
  const rows = await owner<{ name: string; tenant_id: string }[]>`
    select name, tenant_id from users where tenant_id = any (${tenants}) or split_part(name, ' ', 1) = any (${tenants})`
  for (const { name, tenant_id } of rows) found.set(name, [...(found.get(name) ?? []), tenant_id])
  return found
}

const isUnavailable = (error: unknown) => error instanceof ApiError && error.code === 'SERVICE_UNAVAILABLE'

/** Whether a failure is one that the faults or the transaction's own trouble bring about. */
function isExplained(error: unknown, { trouble }: Scenario): boolean {
  if (isUnavailable(error)) return true
  const sqlstate = findDatabaseError(error)?.sqlstate
  if (sqlstate === '57014') return true // cancelled, or too slow on a busy machine
  if (trouble === undefined) return false
  return error instanceof Thrown || error instanceof TransactionMisuse || sqlstate !== undefined
}

/** A short name for a failure: SQLSTATE, code or class. */
export const describe = (error: unknown): string =>
  findDatabaseError(error)?.sqlstate ?? (error instanceof ApiError ? error.code : `${error}`)
