import { readFile } from 'node:fs/promises'
import { openConnection, query, type Statement } from '../../src/database/index.ts'
import type { Amount } from '../databases.ts'
import { randomTask } from '../random-task.ts'

/** What is sent between BEGIN and COMMIT, for a task and its tenant. */
export type Work = (chosen: { tenantId: string; taskId: string }) => Statement[]

/** One connection, and the process of PostgreSQL that serves it. */
export interface Backend extends AsyncDisposable {
  /** Does transactions one after another. @returns the backend's CPU time of one, in microseconds */
  run(work: Work, seconds: number): Promise<number>
}

const begin: Statement = { text: 'begin isolation level repeatable read read only', parameters: [] }
const commit: Statement = { text: 'commit', parameters: [] }

/** Transactions of one message. A backend that sleeps after each costs more to wake than what it does. */
const together = 20

export async function openBackend(url: string, amount: Amount): Promise<Backend> {
  const connection = openConnection({ url })
  const [row] = await query(connection, 'select pg_backend_pid() as pid')
  const pid = Number(row?.pid)
  return {
    async run(work, seconds) {
      const transaction = () => [begin, ...work(randomTask(amount)), commit]
      const before = await cpuMicrosOf(pid)
      const end = performance.now() + 1000 * seconds
      let transactions = 0
      for (; performance.now() < end; transactions += together)
        await connection.send(Array.from({ length: together }, transaction).flat())
      return ((await cpuMicrosOf(pid)) - before) / transactions
    },
    [Symbol.asyncDispose]: () => connection.close(),
  }
}

/** Of a process with one thread; finer than the ticks of /proc/<pid>/stat. */
async function cpuMicrosOf(pid: number): Promise<number> {
  const schedule = await readFile(`/proc/${pid}/schedstat`, 'utf8')
  return Number(schedule.split(' ')[0]) / 1000
}
