import fc from 'fast-check'
import { type ConnectionFault, connectionFaultNames, connectionFaults } from './faults.ts'
import type { Moment, Plan } from './proxy.ts'
import type { Phase } from './wire.ts'

/** The steps of a transaction. */
export const steps = ['read', 'write', 'several at once', 'nested read', 'nested write', 'long query', 'pause'] as const
export type Step = (typeof steps)[number]

/** Faults of the transaction's own work. */
export const transactionFaults = [
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
export type TransactionFault = (typeof transactionFaults)[number]

export type FaultKind = TransactionFault | ConnectionFault
export const faultKinds: readonly FaultKind[] = [...transactionFaults, ...connectionFaultNames]

/** One transaction of a fault run. */
export interface Scenario {
  /** The index of its tenant. */
  tenant: number
  mode: 'read' | 'write'
  steps: Step[]
  fault: TransactionFault | undefined
  /** The index of the step that the fault precedes; after the last step when there are fewer. */
  at: number
  /** Whether the work catches the fault's error and continues. */
  isCaught: boolean
  /** Whether the work returns its queries without awaiting them. Only without a fault of its own. */
  returns: boolean
}

const phases: Phase[] = ['connect', 'begin', 'confirm', 'first query', 'query', 'long query', 'commit', 'rollback']
const moments: Moment[] = ['request', 'response', 'complete']

/** The transactions of a fault run, which the seed determines. */
export function scenariosOf(
  seed: number,
  transactions: number,
  tenants: number,
  kinds: readonly FaultKind[],
): Scenario[] {
  const chosen = transactionFaults.filter((fault) => kinds.includes(fault))
  const none = { arbitrary: fc.constant(undefined), weight: 2 }
  const scenario = fc.record({
    tenant: fc.constantFrom(...Array(tenants).keys()),
    mode: fc.constantFrom('write', 'read', 'write'),
    steps: fc.array(fc.constantFrom(...steps), { minLength: 1, maxLength: 4, size: 'max' }),
    fault: chosen.length === 0 ? none.arbitrary : fc.oneof(none, { arbitrary: fc.constantFrom(...chosen), weight: 1 }),
    at: fc.constantFrom(0, 1, 2, 3, 4),
    isCaught: fc.boolean(),
    returns: fc.boolean(),
  })
  return fc.sample(scenario, { seed, numRuns: transactions })
}

/**
 * Creates a plan with one fault for each four transactions. Each fault waits, from a certain transaction on, for the next one
 * that comes to its phase and moment. The seed determines the faults, in whatever order the transactions run.
 *
 * @param count the number of faults
 * @param report called with each injected fault
 */
export function faultPlan(
  seed: number,
  count: number,
  kinds: readonly FaultKind[],
  report: (fault: ConnectionFault) => void,
): Plan {
  const chosen = connectionFaultNames.filter((name) => kinds.includes(name))
  if (chosen.length === 0) return () => undefined
  const planned = fc.record({
    fault: fc.constantFrom(...chosen),
    phase: fc.constantFrom(...phases),
    moment: fc.constantFrom(...moments),
  })
  let begun = 0
  const waiting = fc.sample(planned, { seed, numRuns: count }).map((each, n) => ({ ...each, due: 4 * n }))
  return (phase, moment) => {
    if (phase === 'confirm' && moment === 'request') begun += 1
    const index = waiting.findIndex((each) => each.due < begun && each.phase === phase && each.moment === moment)
    const [next] = index < 0 ? [] : waiting.splice(index, 1)
    if (next === undefined) return undefined
    report(next.fault)
    return connectionFaults[next.fault]
  }
}
