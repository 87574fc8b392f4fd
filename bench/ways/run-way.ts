import type { Amount } from '../databases.ts'
import { randomTask } from '../random-task.ts'
import type { Way } from './way.ts'

/** What a way came to. */
export interface Run {
  transactions: number
  seconds: number
  /** User and system time of this process. */
  cpuMicros: number
}

/** Transactions before the clock starts: connections open, statements are prepared, code is compiled. */
const warmUp = 500

/** Runs transactions on random tasks, so many callers at a time, on connections of its own. */
export async function runWay(
  way: Way,
  database: Amount & { url: string },
  callers: number,
  seconds: number,
): Promise<Run> {
  const { transact, close } = way.open(database.url)
  const next = () => {
    const { tenantId, taskId } = randomTask(database)
    return transact(tenantId, taskId)
  }
  const atATime = (work: () => Promise<void>) => Promise.all(Array.from({ length: callers }, work))

  await atATime(async () => {
    for (let done = 0; done < warmUp / callers; done += 1) await next()
  })
  let transactions = 0
  const cpu = process.cpuUsage()
  const start = performance.now()
  await atATime(async () => {
    for (; performance.now() < start + 1000 * seconds; transactions += 1) await next()
  })
  const took = (performance.now() - start) / 1000
  const { user, system } = process.cpuUsage(cpu)
  await close()
  return { transactions, seconds: took, cpuMicros: user + system }
}
