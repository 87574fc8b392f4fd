import type { Outcome } from './attempt.ts'
import type { IsolationCell } from './matrix.ts'

/**
 * The expected result of an attempt on another tenant's rows:
 * - `unreached`: no row, and no error that only an existing row causes, such as a refusal by row-level security
 * - `refused`: row-level security refuses it. An error of a constraint or of the recorder means that a policy let the row through
 * - `nowhere`: no row. A constraint, such as NOT NULL of the tenant column, may refuse it
 * - `dangling`: the foreign key finds no row
 * - `unnoticed`: no unique key reports that another tenant has the same values
 * - `forbidden`: the role lacks the privilege
 */
export type Expectation = 'unreached' | 'refused' | 'nowhere' | 'dangling' | 'unnoticed' | 'forbidden'

type Refusal = Exclude<Outcome, { reached: number }>

const isConstraint = (sqlstate: string) => sqlstate.startsWith('23')

/** Whether a constraint or a trigger of the recorder refused a row, which policies had let through. */
const isAfterPolicies = ({ sqlstate, isFromRecorder }: Refusal) => isConstraint(sqlstate) || isFromRecorder

const holds: Record<Expectation, (outcome: Outcome, refusalReveals: boolean) => boolean> = {
  unreached: (outcome, refusalReveals) =>
    'reached' in outcome ? outcome.reached === 0 : !isAfterPolicies(outcome) && !(refusalReveals && isRefusal(outcome)),
  refused: (outcome) => 'sqlstate' in outcome && !isAfterPolicies(outcome),
  nowhere: (outcome) => ('sqlstate' in outcome ? !outcome.isFromRecorder : outcome.reached === 0),
  dangling: (outcome) => 'sqlstate' in outcome,
  unnoticed: (outcome) => 'reached' in outcome || !['23505', '23P01'].includes(outcome.sqlstate),
  forbidden: (outcome) => isRefusal(outcome),
}

/** Refused by privileges or by row-level security: PostgreSQL has one code for both. */
export const isRefusal = (outcome: Outcome): boolean => 'sqlstate' in outcome && outcome.sqlstate === '42501'

/** Whether a constraint gives the expected result; for a reference, only its foreign key does. */
const isExpected = (sqlstate: string, expected: Expectation) =>
  expected === 'dangling' ? sqlstate === '23503' : isConstraint(sqlstate)

// The statement does not apply to this kind of relation, such as a view that is not updatable.
const notApplicable = ['0A000', '55000', '42809', '42P10']

/**
 * Judges an attempt on the tenant's own row: it works, or the role lacks the privilege. A constraint violation there is not a
 * fault of isolation.
 *
 * @param may whether the role has the privileges
 * @param least the number of rows that it must reach
 */
export function judgeOwn(outcome: Outcome, may: boolean, least: number): IsolationCell {
  if ('reached' in outcome) return { result: String(outcome.reached), isViolation: outcome.reached < least }
  if (isRefusal(outcome)) return { result: may ? 'refused' : 'denied', isViolation: may && least > 0 }
  return { result: notApplicable.includes(outcome.sqlstate) ? 'n/a' : outcome.sqlstate, isViolation: false }
}

/**
 * Judges an attempt on another tenant's rows, or without a tenant.
 *
 * @param refusalReveals whether the same statement works on the own row, so that a refusal reveals that the other row exists
 */
export function judgeForeign(
  outcome: Outcome,
  expected: Expectation,
  may: boolean,
  refusalReveals: boolean,
): IsolationCell {
  if (!holds[expected](outcome, refusalReveals)) {
    if ('reached' in outcome)
      return { result: expected === 'forbidden' ? 'allowed' : String(outcome.reached), isViolation: true }
    return { result: isRefusal(outcome) ? 'refused' : outcome.sqlstate, isViolation: true }
  }
  if ('reached' in outcome || isExpected(outcome.sqlstate, expected)) return { result: '0', isViolation: false }
  if (isRefusal(outcome)) return { result: may ? '0' : 'denied', isViolation: false }
  return { result: notApplicable.includes(outcome.sqlstate) ? 'n/a' : outcome.sqlstate, isViolation: false }
}
