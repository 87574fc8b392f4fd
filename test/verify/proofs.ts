import { type Guarantee, guarantees, type Proof } from '../docs/guarantees.ts'
import type { Outcome } from './junit.ts'

/** A guarantee whose proof did not pass in a run, and why. */
export interface Unproved {
  guarantee: number
  proof: Proof
  reason: 'did not run' | 'was skipped' | 'failed'
}

/** Whether a proof's test belongs to the deep suite. */
const isDeep = ({ file }: Proof): boolean => file.startsWith('test/deep/')

/**
 * The guarantees that a run has not proved: each test that test/docs/guarantees.ts names must have run and passed.
 *
 * @param outcomes what the run reported
 * @param suite which suite ran: the proofs of the other one are not looked for
 */
export function unprovedBy(
  outcomes: readonly Outcome[],
  suite: 'fast' | 'deep',
  all: readonly Guarantee[] = guarantees,
): Unproved[] {
  return all.flatMap(({ number, tests }) =>
    tests
      .filter((proof) => isDeep(proof) === (suite === 'deep'))
      .flatMap((proof) => {
        const reason = reasonOf(outcomesOf(proof, outcomes))
        return reason === undefined ? [] : [{ guarantee: number, proof, reason }]
      }),
  )
}

function outcomesOf({ file, title }: Proof, outcomes: readonly Outcome[]): Outcome[] {
  // A title of test.each holds %s, %p or $name where the report has a value.
  const pattern = new RegExp(
    title
      .split(/%[a-z]|\$\w+/)
      .map((part) => RegExp.escape(part))
      .join('.*'),
  )
  return outcomes.filter((outcome) => outcome.file === file && pattern.test(outcome.title))
}

function reasonOf(outcomes: Outcome[]): Unproved['reason'] | undefined {
  if (outcomes.length === 0) return 'did not run'
  if (outcomes.some(({ result }) => result === 'failed')) return 'failed'
  return outcomes.every(({ result }) => result === 'skipped') ? 'was skipped' : undefined
}
