import cluster from 'node:cluster'
import { once } from 'node:events'
import { describeStartProblem } from '../service/start-problem.ts'

/** What a worker tells the process that looks after it: where it listens, or why it cannot. */
type Report = { url: string } | { problem: string }

/** How a worker ended. */
export interface WorkerEnd {
  code: number | null
  signal: string | null
  /** Why it could not start. */
  problem: string | undefined
  /** Nothing that it had begun was cut off. */
  inOrder: boolean
}

/** A process that serves, as the one that looks after it sees it. */
export interface Worker {
  id: number
  /** Its URL, once it listens; rejected with its problem. */
  listening: Promise<string>
  ended: Promise<WorkerEnd>
  kill(signal: 'SIGTERM' | 'SIGKILL'): void
}

/** Starts a worker: this program again, with settings of its own. */
export function startWorker(settings: { PORT: number; DATABASE_POOL_SIZE: number; BOOKMARK_SECRET: string }): Worker {
  const worker = cluster.fork({ ...settings, WORKERS: 1 })
  let report: Report | undefined

  async function end(): Promise<WorkerEnd> {
    // What it said last has been read only once the channel is closed as well.
    const [[code, signal]] = await Promise.all([once(worker, 'exit'), once(worker, 'disconnect')])
    const problem = report && 'problem' in report ? report.problem : undefined
    return { code, signal, problem, inOrder: code === 0 || (signal === 'SIGTERM' && report === undefined) }
  }

  const ended = end()
  const listening = new Promise<string>((resolve, reject) => {
    worker.on('message', (message: Report) => {
      report = message
      if ('url' in message) resolve(message.url)
    })
    const whyNot = ({ code, signal, problem }: WorkerEnd) =>
      problem ?? `Worker ${worker.id} ended before it listened: ${signal ?? `exit code ${code}`}`
    void ended.then((end) => reject(new Error(whyNot(end))))
  })
  listening.catch(() => {}) // nobody waits for one that takes another's place
  return { id: worker.id, listening, ended, kill: (signal) => void worker.process.kill(signal) }
}

/**
 * Runs in the worker: tells how the start went.
 *
 * @param start starts to listen; what it throws is not said here, since every worker may have the same problem
 */
export async function reportStart(start: () => Promise<string>): Promise<void> {
  const tell = (report: Report) => new Promise((told) => process.send?.(report, told))
  try {
    await tell({ url: await start() })
  } catch (error) {
    await tell({ problem: describeStartProblem(error) })
    process.exit(1)
  }
}
