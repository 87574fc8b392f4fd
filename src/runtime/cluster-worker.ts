import cluster from 'node:cluster'
import { once } from 'node:events'
import { describeStartProblem } from '../service/start-problem.ts'

/** A worker's message to the primary process: where it listens, or why it could not start. */
type Report = { url: string } | { problem: string }

/** How a worker ended. */
export interface WorkerEnd {
  code: number | null
  signal: string | null
  /** Why it could not start; undefined after a start. */
  problem: string | undefined
  /** Whether no request was cut off. */
  inOrder: boolean
}

/** A worker as the primary process sees it. */
export interface Worker {
  id: number
  /** Resolves with its URL once it listens; rejects with its problem. */
  listening: Promise<string>
  ended: Promise<WorkerEnd>
  kill(signal: 'SIGTERM' | 'SIGKILL'): void
}

/** The variable that tells a worker how many there are. */
export const workerCount = 'ROWHOUSE_WORKER_COUNT'

/** Starts this program again as a worker, with its own settings. */
export function startWorker(
  settings: { PORT: number; DATABASE_POOL_SIZE: number; BOOKMARK_SECRET?: string },
  count: number,
): Worker {
  const worker = cluster.fork({ ...settings, WORKERS: 1, [workerCount]: count })
  let report: Report | undefined

  async function end(): Promise<WorkerEnd> {
    // The last message has been read only when the channel is closed too.
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
    const problemOf = ({ code, signal, problem }: WorkerEnd) =>
      problem ?? `Worker ${worker.id} ended before it listened: ${signal ?? `exit code ${code}`}`
    void ended.then((end) => reject(new Error(problemOf(end))))
  })
  listening.catch(() => {}) // the start of a replacement is not awaited
  return { id: worker.id, listening, ended, kill: (signal) => void worker.process.kill(signal) }
}

/**
 * Runs in the worker: reports the start to the primary process, which prints a problem once for all workers.
 *
 * @param start starts to listen
 */
export async function reportStart(start: () => Promise<string>): Promise<void> {
  const send = (report: Report) => new Promise((sent) => process.send?.(report, sent))
  try {
    await send({ url: await start() })
  } catch (error) {
    await send({ problem: describeStartProblem(error) })
    process.exit(1)
  }
}
