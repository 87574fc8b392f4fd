import { expect, setDefaultTimeout, test } from 'bun:test'
import { kinds } from '../../database/side-by-side-calls.ts'
import { most, noDamage, runSideBySide } from '../../database/side-by-side-run.ts'
import { closeAfterwards } from '../../database.ts'
import { pgbouncer, startPooler } from '../../pooler.ts'

setDefaultTimeout(3_600_000)

// The message of a failure contains the seed.
const seed = Number(process.env.FAULT_SEED ?? 7)
const calls = Number(process.env.SIDE_BY_SIDE_CALLS ?? 100_000)

test('100,000 calls side by side, with errors and terminated backends, lose, double and mix up nothing', async () => {
  const { damage, ...seen } = await runSideBySide({ seed, calls, killEvery: 1000 })
  expect({ ...seen, damage }).toEqual({ ...seen, damage: noDamage })
  expect(seen.unavailable).toBeLessThanOrEqual(most * seen.killed)
  expect(seen.killed).toBe(Math.floor(calls / 1000))
  for (const kind of Object.keys(kinds)) expect(Object.keys(seen.outcomes).join()).toContain(kind)
})

// Without named statements (PgBouncer before 1.21), every transaction has a write of its own.
test.skipIf(!pgbouncer)('calls through a transaction pooler lose, double and mix up nothing', async () => {
  const through = async (url: string) => {
    const pooler = await startPooler(url)
    closeAfterwards({ close: pooler.stop })
    return pooler.through(url)
  }
  const { damage, ...seen } = await runSideBySide({ seed, calls: calls / 10, killEvery: 2000, through })
  expect({ ...seen, damage }).toEqual({ ...seen, damage: noDamage })
})
