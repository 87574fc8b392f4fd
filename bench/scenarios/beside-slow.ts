import { sql } from 'drizzle-orm'
import { tenantIdOf } from '../../db/seed-many.ts'
import { withTenant } from '../../src/context/index.ts'
import { createPool, createTenantDatabase, prepared, type TenantDatabase } from '../../src/database/index.ts'
import { findTask } from '../../src/service/features/tasks/repository.ts'
import { compare, type Subject } from '../compare.ts'
import { randomTask } from '../random-task.ts'
import type { Scenario, Verdict } from '../scenario.ts'
import { ratios } from '../statistics.ts'
import { poolSize } from '../ways/way.ts'

const amount = { tenants: 100, tasks: 1000 }
const [getters, sleepers] = [62, 2]
const [rate, p99, longest] = ['gets/s', 'p99.9 ms', 'longest ms']

const sleep = prepared([], (tx) => tx.select({ one: sql`1` }).from(sql`pg_sleep(0.05)`))

/** Gets tasks while others sleep, and measures the gets. */
async function getBesideSleep(db: TenantDatabase, seconds: number): Promise<Record<string, number>> {
  const end = performance.now() + 1000 * seconds
  const durations: number[] = []
  const get = async () => {
    for (let start = performance.now(); start < end; start = performance.now()) {
      const { tenantId, taskId } = randomTask(amount)
      await withTenant(tenantId, () => db.read((tx) => findTask(tx, taskId)))
      durations.push(performance.now() - start)
    }
  }
  const beSlow = async () => {
    while (performance.now() < end) await withTenant(tenantIdOf(1), () => db.read((tx) => sleep(tx, {})))
  }
  await Promise.all([...Array.from({ length: getters }, get), ...Array.from({ length: sleepers }, beSlow)])
  durations.sort((a, b) => a - b)
  const quantile = (share: number) => durations[Math.ceil(share * durations.length) - 1] ?? Number.NaN
  return { [rate]: durations.length / seconds, [p99]: quantile(0.999), [longest]: quantile(1) }
}

export const besideSlow: Scenario = {
  name: 'beside-slow',
  title: `db.read of a task by ${getters} callers beside ${sleepers} that wait 50 ms in PostgreSQL, on ${poolSize} connections`,
  async run(stand) {
    const { url } = await stand.databases.rowhouse(amount)
    await using closing = new AsyncDisposableStack()
    const subject = (name: string, sideBySide: number): Subject => {
      const db = createTenantDatabase({ connections: createPool({ url, size: poolSize, sideBySide }) })
      closing.defer(() => db.close())
      return { name, measure: (seconds) => getBesideSleep(db, seconds) }
    }
    const { lines, of } = await compare(stand, [subject('each alone', 1), subject('side by side', 8)])
    const against = (claim: string, figure: string): Verdict => ({
      claim,
      bound: 'at most',
      target: 1.5,
      unit: '×',
      rounds: ratios(of('side by side', figure), of('each alone', figure)),
    })
    return {
      lines,
      verdicts: [
        against('the longest get side by side, against each alone', longest),
        against('p99.9 of a get side by side, against each alone', p99),
      ],
      notes: ['A slow statement is sent alone once it was slow: nothing waits behind it in the same write.'],
    }
  },
}
