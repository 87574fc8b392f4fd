import { type Guarantee, guarantees, type Proof } from '../docs/guarantees.ts'
import type { Outcome } from './junit.ts'

/** A guarantee that a run did not prove, the test that is missing, and the reason. */
export interface Unproved {
  guarantee: number
  proof: Proof
  reason: 'did not run' | 'was skipped' | 'failed'
}

/** Proofs in test/deep run only with `bun run verify:deep`. */
const isDeep = ({ file }: Proof): boolean => file.startsWith('test/deep/')

/**
 * Returns the guarantees that a run has not proved: each test in test/docs/guarantees.ts must have run and passed.
 *
 * @param outcomes the results of all tests of the run
 * @param suite the suite that ran; the proofs of the other suite are ignored
 */
export function unprovedBy(
  outcomes: readonly Outcome[],
  suite: 'fast' | 'deep',
  all: readonly (Pick<Guarantee, 'number'> & { tests: readonly Proof[] })[] = guarantees,
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
  // A title of test.each has %s, %p or $name where the report has a value.
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
