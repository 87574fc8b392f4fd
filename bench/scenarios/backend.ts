import { readFile } from 'node:fs/promises'
import { openConnection, query, type Statement } from '../../src/database/index.ts'
import type { Amount } from '../amount.ts'
import { randomTask } from '../random-task.ts'

/** Returns the statements between BEGIN and COMMIT for a task of a tenant. */
export type Work = (chosen: { tenantId: string; taskId: string }) => Statement[]

/** One connection and its PostgreSQL process. */
export interface Backend extends AsyncDisposable {
  /** Runs transactions one after another; returns the process's CPU time for one, in microseconds. */
  run(work: Work, seconds: number): Promise<number>
}

const begin: Statement = { text: 'begin isolation level repeatable read read only', parameters: [] }
const commit: Statement = { text: 'commit', parameters: [] }

/** Transactions per message. With one, waking the process would take more CPU time than the transaction. */
const transactionsPerMessage = 20

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
      for (; performance.now() < end; transactions += transactionsPerMessage)
        await connection.send(Array.from({ length: transactionsPerMessage }, transaction).flat())
      return ((await cpuMicrosOf(pid)) - before) / transactions
    },
    [Symbol.asyncDispose]: () => connection.close(),
  }
}

/** The CPU time of a process with one thread, with a higher resolution than /proc/<pid>/stat. */
async function cpuMicrosOf(pid: number): Promise<number> {
  const schedule = await readFile(`/proc/${pid}/schedstat`, 'utf8')
  return Number(schedule.split(' ')[0]) / 1000
}
