import { TransactionMisuse } from '../../src/database/index.ts'
import { ApiError, findDatabaseError } from '../../src/errors/index.ts'
import { owner } from '../database/shared-database.ts'
import type { Scenario } from './scenario.ts'

/** One transaction of a fault run. */
export interface Entry {
  scenario: Scenario
  tenant: string
  requestId: string
  /** The unique names of the rows that its last run wrote. */
  marks: string[]
  /** Its result; undefined while it runs. */
  outcome?: { acknowledged: true } | { acknowledged: false; error: unknown }
}

/** The error that the work itself throws. */
export class Thrown extends Error {}

/** Violations, each with the transactions or rows that show it. Every list must be empty. */
export interface Damage {
  /** Rows and answers of another tenant or another transaction. */
  foreign: string[]
  /** Calls that never settled, sessions that stayed in a transaction, and a pool that did not recover. */
  stuck: string[]
  /** Rows that were acknowledged and are absent. */
  lost: string[]
  /** Rows that were written once and exist more than once. */
  duplicated: string[]
  /** Rows of another tenant than the one that wrote them. */
  misplaced: string[]
  /** Rows of a transaction that certainly failed, and rows without a transaction. */
  uncommitted: string[]
  /** Transactions of which only some rows exist. */
  partial: string[]
  /** Errors without an injected fault, and unknown outcomes without SERVICE_UNAVAILABLE. */
  unexplained: string[]
}

export const noDamage = (): Damage => ({
  foreign: [],
  stuck: [],
  lost: [],
  duplicated: [],
  misplaced: [],
  uncommitted: [],
  partial: [],
  unexplained: [],
})

/**
 * Compares the results of the callers with the rows in the database, which the owner reads without row-level security.
 *
 * @param damage gets the violations
 * @param commits the request ids whose COMMIT reached PostgreSQL: when these fail, the outcome is unknown
 * @returns the number of unknown outcomes
 */
export async function audit(damage: Damage, entries: Entry[], commits: ReadonlySet<string>): Promise<number> {
  const found = await rowsOf([...new Set(entries.map(({ tenant }) => tenant))])
  let unknown = 0
  for (const { tenant, requestId, marks, outcome, scenario } of entries) {
    if (outcome === undefined) continue
    const present = marks.filter((mark) => found.has(mark))
    damage.duplicated.push(...present.filter((mark) => (found.get(mark)?.length ?? 0) > 1))
    damage.misplaced.push(...present.filter((mark) => found.get(mark)?.some((owner) => owner !== tenant)))
    if (present.length > 0 && present.length < marks.length) damage.partial.push(requestId)
    for (const mark of marks) found.delete(mark)
    if (outcome.acknowledged) {
      damage.lost.push(...marks.filter((mark) => !present.includes(mark)))
      continue
    }
    if (!isExplained(outcome.error, scenario)) damage.unexplained.push(`${requestId}: ${describe(outcome.error)}`)
    const isUnknown = commits.has(requestId) && isUnavailable(outcome.error)
    if (isUnknown) unknown += 1
    else damage.uncommitted.push(...present)
  }
  damage.uncommitted.push(...found.keys()) // the rest belongs to no transaction
  return unknown
}

/** Returns the tenants of the rows with each name. */
async function rowsOf(tenants: string[]): Promise<Map<string, string[]>> {
  const found = new Map<string, string[]>()
  const rows = await owner<{ name: string; tenant_id: string }[]>`
    select name, tenant_id from users where tenant_id = any (${tenants}) or split_part(name, ' ', 1) = any (${tenants})`
  for (const { name, tenant_id } of rows) found.set(name, [...(found.get(name) ?? []), tenant_id])
  return found
}

const isUnavailable = (error: unknown) => error instanceof ApiError && error.code === 'SERVICE_UNAVAILABLE'

/** Whether an error is a consequence of the injected faults. */
function isExplained(error: unknown, { fault }: Scenario): boolean {
  if (isUnavailable(error)) return true
  const sqlstate = findDatabaseError(error)?.sqlstate
  if (sqlstate === '57014') return true // canceled, or a timeout on a busy machine
  if (fault === undefined) return false
  return error instanceof Thrown || error instanceof TransactionMisuse || sqlstate !== undefined
}

/** A short name of an error: its SQLSTATE, code or class. */
export const describe = (error: unknown): string =>
  findDatabaseError(error)?.sqlstate ?? (error instanceof ApiError ? error.code : `${error}`)
