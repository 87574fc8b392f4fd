import { describe, expect, setDefaultTimeout, test } from 'bun:test'
import { depth } from '../properties/settings.ts'
import { noDamage } from './ledger.ts'
import { type FaultKind, faultKinds } from './scenario.ts'
import { runWithFaults } from './under-load.ts'

setDefaultTimeout(60_000 * depth)

// The message of a failure contains the seed.
const seed = Number(process.env.FAULT_SEED ?? 7)

async function expectNoDamage(kinds: readonly FaultKind[], transactions: number): Promise<void> {
  const result = await runWithFaults({ seed, transactions, kinds })
  expect(result).toEqual({ ...result, damage: noDamage() })
  // Faults were injected: a seed may leave out a few kinds.
  expect(Object.keys(result.faults).length).toBeGreaterThan(kinds.length / 2)
  expect(result.committed).toBeGreaterThan(transactions / 10)
}

describe('thirty tenants on four connections keep apart, lose nothing and leave nothing', () => {
  // Each kind alone takes its time, so it runs with DEEP=1.
  if (process.env.DEEP) test.each([...faultKinds])('with %s', (kind) => expectNoDamage([kind], 40 * depth))

  test('with all kinds of faults', () => expectNoDamage(faultKinds, 120 * depth))
})
