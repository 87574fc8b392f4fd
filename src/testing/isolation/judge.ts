import type { Outcome } from './attempt.ts'
import type { IsolationCell } from './matrix.ts'

/**
 * What an attempt on another tenant's rows must come to:
 * - `unreached`: no row, and no error that only a row could have caused, a refusal by row security included
 * - `refused`: row security refuses it, also where no row would come of it; what gets as far as a constraint is past the expected
 * - `nowhere`: no row comes of it; a constraint may refuse it, the tenant column's NOT NULL for one
 * - `dangling`: there is nothing to refer to, says the foreign key
 * - `unnoticed`: no key notices that another tenant holds the same values
 * - `forbidden`: the role has no privilege
 */
export type Expectation = 'unreached' | 'refused' | 'nowhere' | 'dangling' | 'unnoticed' | 'forbidden'

const isConstraint = (sqlstate: string) => sqlstate.startsWith('23')

const holds: Record<Expectation, (outcome: Outcome, refusalTells: boolean) => boolean> = {
  unreached: (outcome, refusalTells) =>
    'reached' in outcome
      ? outcome.reached === 0
      : !isConstraint(outcome.sqlstate) && !(refusalTells && isRefusal(outcome)),
  refused: (outcome) => 'sqlstate' in outcome && !isConstraint(outcome.sqlstate),
  nowhere: (outcome) => 'sqlstate' in outcome || outcome.reached === 0,
  dangling: (outcome) => 'sqlstate' in outcome,
  unnoticed: (outcome) => 'reached' in outcome || !['23505', '23P01'].includes(outcome.sqlstate),
  forbidden: (outcome) => isRefusal(outcome),
}

/** Refused by privileges, or by row security: PostgreSQL has one code for both. */
export const isRefusal = (outcome: Outcome): boolean => 'sqlstate' in outcome && outcome.sqlstate === '42501'

/** Of a reference, what another constraint says is no answer: it is shown. */
const isAnswer = (sqlstate: string, expected: Expectation) =>
  expected === 'dangling' ? sqlstate === '23503' : isConstraint(sqlstate)

// The statement is not one for this kind of relation: a view that cannot be written, for example.
const notApplicable = ['0A000', '55000', '42809', '42P10']

/**
 * The cell of an attempt on the tenant's own row: it works, or the role has no privilege for it. What a constraint says of the
 * own row says nothing.
 *
 * @param may whether the catalogue shows the privileges for it
 * @param least how many rows must be reached
 */
export function judgeOwn(outcome: Outcome, may: boolean, least: number): IsolationCell {
  if ('reached' in outcome) return { result: String(outcome.reached), isBroken: outcome.reached < least }
  if (isRefusal(outcome)) return { result: may ? 'refused' : 'denied', isBroken: may && least > 0 }
  return { result: notApplicable.includes(outcome.sqlstate) ? 'n/a' : outcome.sqlstate, isBroken: false }
}

/**
 * The cell of an attempt on another tenant's rows, or without a tenant.
 *
 * @param refusalTells the same statement on the own row is not refused: a refusal has seen the row that it must not see
 */
export function judgeForeign(
  outcome: Outcome,
  expected: Expectation,
  may: boolean,
  refusalTells: boolean,
): IsolationCell {
  if (!holds[expected](outcome, refusalTells)) {
    if ('reached' in outcome)
      return { result: expected === 'forbidden' ? 'allowed' : String(outcome.reached), isBroken: true }
    return { result: isRefusal(outcome) ? 'refused' : outcome.sqlstate, isBroken: true }
  }
  if ('reached' in outcome || isAnswer(outcome.sqlstate, expected)) return { result: '0', isBroken: false }
  if (isRefusal(outcome)) return { result: may ? '0' : 'denied', isBroken: false }
  return { result: notApplicable.includes(outcome.sqlstate) ? 'n/a' : outcome.sqlstate, isBroken: false }
}
