import { readFile } from 'node:fs/promises'
import postgres from 'postgres'
import type { Amount } from '../databases.ts'
import { randomTask } from '../random-task.ts'

/** What is sent between BEGIN and COMMIT, for a task and its tenant. */
export type Work = (
  sql: postgres.ReservedSql,
  chosen: { tenantId: string; taskId: string },
) => Array<PromiseLike<unknown>>

/** One connection, and the process of PostgreSQL that serves it. */
export interface Backend extends AsyncDisposable {
  /** Does transactions one after another. @returns the backend's CPU time of one, in microseconds */
  run(work: Work, seconds: number): Promise<number>
}

export async function openBackend(url: string, amount: Amount): Promise<Backend> {
  const client = postgres(url, { max: 1 })
  const sql = await client.reserve()
  const [{ pid }] = await sql<[{ pid: number }]>`select pg_backend_pid() as pid`
  const transact = (work: Work) =>
    Promise.all([sql`begin isolation level repeatable read read only`, ...work(sql, randomTask(amount)), sql`commit`])
  return {
    async run(work, seconds) {
      const before = await cpuMicrosOf(pid)
      const end = performance.now() + 1000 * seconds
      let transactions = 0
      for (; performance.now() < end; transactions += 1) await transact(work)
      return ((await cpuMicrosOf(pid)) - before) / transactions
    },
    async [Symbol.asyncDispose]() {
      sql.release()
      await client.end()
    },
  }
}

/** Of a process with one thread; finer than the ticks of /proc/<pid>/stat. */
async function cpuMicrosOf(pid: number): Promise<number> {
  const schedule = await readFile(`/proc/${pid}/schedstat`, 'utf8')
  return Number(schedule.split(' ')[0]) / 1000
}
