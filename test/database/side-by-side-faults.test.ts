import { expect, setDefaultTimeout, test } from 'bun:test'
import { most, noDamage, runSideBySide } from './side-by-side-run.ts'

setDefaultTimeout(60_000)

// The message of a failure contains the seed.
const seed = Number(process.env.FAULT_SEED ?? 7)

test('5,000 calls side by side, with errors and terminated backends, lose, double and mix up nothing', async () => {
  const { damage, ...seen } = await runSideBySide({ seed, calls: 5000, killEvery: 500 })
  expect({ ...seen, damage }).toEqual({ ...seen, damage: noDamage })
  expect(seen.unavailable).toBeLessThanOrEqual(most * seen.killed)
})
