import fc from 'fast-check'
import { type FaultName, faultNames, faults } from './faults.ts'
import type { Moment, Plan } from './proxy.ts'
import type { Phase } from './wire.ts'

/** What a transaction does, step by step. */
export const steps = ['read', 'write', 'several at once', 'nested read', 'nested write', 'long query', 'pause'] as const
export type Step = (typeof steps)[number]

/** What goes wrong in a transaction by itself. */
export const troubles = [
  'thrown error',
  'SQL error',
  'constraint violation',
  'statement timeout',
  'cancelled query',
  'aborted request',
  'transient failure',
  'forgotten await',
  'escaped handle',
] as const
export type Trouble = (typeof troubles)[number]

/** Everything that can go wrong, by itself or by a fault of the connection. */
export type Kind = Trouble | FaultName
export const kinds: readonly Kind[] = [...troubles, ...faultNames]

/** One transaction of the storm. */
export interface Scenario {
  /** Which of the tenants it is of. */
  tenant: number
  mode: 'read' | 'write'
  steps: Step[]
  trouble: Trouble | undefined
  /** Before which step the trouble comes; behind the last where there are fewer. */
  at: number
  /** Whether the work goes on as if the trouble had not been. */
  isSwallowed: boolean
}

const phases: Phase[] = ['connect', 'begin', 'confirm', 'first query', 'query', 'long query', 'commit', 'rollback']
const moments: Moment[] = ['asked', 'answered', 'done']

/** The transactions of a storm: with the same seed the same ones. */
export function scenariosOf(seed: number, transactions: number, tenants: number, kinds: readonly Kind[]): Scenario[] {
  const chosen = troubles.filter((trouble) => kinds.includes(trouble))
  const none = { arbitrary: fc.constant(undefined), weight: 2 }
  const scenario = fc.record({
    tenant: fc.constantFrom(...Array(tenants).keys()),
    mode: fc.constantFrom('write', 'read', 'write'),
    steps: fc.array(fc.constantFrom(...steps), { minLength: 1, maxLength: 4, size: 'max' }),
    trouble:
      chosen.length === 0 ? none.arbitrary : fc.oneof(none, { arbitrary: fc.constantFrom(...chosen), weight: 1 }),
    at: fc.constantFrom(0, 1, 2, 3, 4),
    isSwallowed: fc.boolean(),
  })
  return fc.sample(scenario, { seed, numRuns: transactions })
}

/**
 * A plan of ambushes: each waits, from a certain transaction on, for the next one to come to its place. The same seed lays
 * the same ambushes, whatever the order in which the transactions come.
 *
 * @param count how many, one for each four transactions
 * @param report is told of each fault that was done
 */
export function ambushPlan(
  seed: number,
  count: number,
  kinds: readonly Kind[],
  report: (fault: FaultName) => void,
): Plan {
  const chosen = faultNames.filter((name) => kinds.includes(name))
  if (chosen.length === 0) return () => undefined
  const ambush = fc.record({
    fault: fc.constantFrom(...chosen),
    phase: fc.constantFrom(...phases),
    moment: fc.constantFrom(...moments),
  })
  let begun = 0
  const ambushes = fc.sample(ambush, { seed, numRuns: count }).map((each, n) => ({ ...each, due: 4 * n }))
  return (phase, moment) => {
    if (phase === 'begin' && moment === 'asked') begun += 1
    const hit = ambushes.findIndex((each) => each.due < begun && each.phase === phase && each.moment === moment)
    const [sprung] = hit < 0 ? [] : ambushes.splice(hit, 1)
    if (sprung === undefined) return undefined
    report(sprung.fault)
    return faults[sprung.fault]
  }
}
