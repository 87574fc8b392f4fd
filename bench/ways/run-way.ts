import type { Amount } from '../amount.ts'
import { randomTask } from '../random-task.ts'
import type { Way } from './way.ts'

/** The result of a run. */
export interface Run {
  transactions: number
  seconds: number
  /** User and system time of this process, in microseconds. */
  cpuMicros: number
}

/** Runs transactions on random tasks with this number of concurrent callers, on connections of its own. */
export async function runWay(
  way: Way,
  database: Amount & { url: string },
  callers: number,
  seconds: number,
): Promise<Run> {
  const { transact, close } = way.open(database.url)
  let transactions = 0
  async function call(until: number): Promise<void> {
    for (; performance.now() < until; transactions += 1) {
      const { tenantId, taskId } = randomTask(database)
      await transact(tenantId, taskId)
    }
  }
  const callFor = async (ms: number) => {
    const until = performance.now() + ms
    await Promise.all(Array.from({ length: callers }, () => call(until)))
  }

  await callFor(250 * seconds) // warm-up: opens connections, prepares statements, compiles code
  transactions = 0
  const cpu = process.cpuUsage()
  const start = performance.now()
  await callFor(1000 * seconds)
  const took = (performance.now() - start) / 1000
  const { user, system } = process.cpuUsage(cpu)
  await close()
  return { transactions, seconds: took, cpuMicros: user + system }
}
