import { setTimeout as delay } from 'node:timers/promises'
import { type ConnectionSource, query } from '../database/index.ts'
import { inTransaction } from '../database/internal.ts'
import { ApiError, causesOf, findDatabaseError } from '../errors/index.ts'
import type { Logger } from '../text/index.ts'
import { type WorkerTask, workerTasks } from './tasks.ts'

export interface WorkerOptions {
  /**
   * A pool that logs in as `app_worker`, which `rowhouse migrate` creates for DATABASE_WORKER_URL, or as the owner of the database. One
   * connection is enough.
   */
  connections: ConnectionSource
  log: Logger
  /** @default the tasks of Rowhouse */
  tasks?: readonly WorkerTask[]
  /** Ends the worker after the batch that is running. */
  signal?: AbortSignal
}

/**
 * Runs each task once, for cron. Another worker may run at the same time: a task that it is running is left to it.
 *
 * @throws the first failure, when every task was tried
 * @example
 * await runWorkerOnce({ connections: createPool({ url: process.env.DATABASE_WORKER_URL, size: 1 }), log })
 */
export async function runWorkerOnce(options: WorkerOptions): Promise<void> {
  const { log, tasks = workerTasks } = options
  const failures: unknown[] = []
  for (const task of tasks) {
    try {
      const { rows, isOver } = await runTask(task, options)
      if (isOver) log.info({ task: task.name, rows }, 'the task is done')
      else log.info({ task: task.name, rows }, 'another worker runs the task')
    } catch (error) {
      log.error({ task: task.name, reason: reasonOf(error) }, 'the task failed')
      failures.push(error)
    }
  }
  if (failures.length > 0) throw failures[0]
}

/**
 * Runs the tasks again and again, until `signal` ends it. Several workers may run at the same time: each batch of a task is run by one of
 * them. A failure, such as a lost database, is logged once, and the task is tried again until it works: after a second, then after
 * twice as long each time, and at most after a minute or its `everyMs`.
 *
 * @throws when PostgreSQL refuses the login or the first task at the first attempt (28…, 3D…, 42501): waiting would not help
 * @example
 * const stop = new AbortController()
 * process.once('SIGTERM', () => stop.abort())
 * await runWorker({ connections: createPool({ url: process.env.DATABASE_WORKER_URL, size: 1 }), log, signal: stop.signal })
 */
export async function runWorker(options: WorkerOptions): Promise<void> {
  const { tasks = workerTasks, signal } = options
  const states = tasks.map((task) => ({ task, dueAt: 0, failures: 0, hasRun: false }))
  while (!signal?.aborted) {
    for (const state of states) if (state.dueAt <= performance.now() && !signal?.aborted) await attempt(state, options)
    const waitMs = Math.min(...states.map(({ dueAt }) => dueAt)) - performance.now()
    await delay(Math.min(Math.max(waitMs, 0), pauseMsMax), undefined, signal ? { signal } : {}).catch(() => {}) // it ended
  }
}

interface TaskState {
  readonly task: WorkerTask
  dueAt: number
  /** Since it worked last. */
  failures: number
  hasRun: boolean
}

async function attempt(state: TaskState, options: WorkerOptions): Promise<void> {
  const { log } = options
  const { task, failures } = state
  let waitMs = task.everyMs
  try {
    const { rows } = await runTask(task, options)
    if (failures > 0) log.info({ task: task.name }, 'the task works again')
    if (rows > 0) log.info({ task: task.name, rows }, 'the task is done')
    state.failures = 0
    state.hasRun = true
  } catch (error) {
    if (!state.hasRun && isRefusal(error)) throw error
    if (failures === 0) log.warn({ task: task.name, reason: reasonOf(error) }, 'the task failed and is tried again')
    state.failures += 1
    waitMs = Math.min(task.everyMs, retryMsMax, retryMs * 2 ** failures)
  }
  state.dueAt = performance.now() + waitMs
}

const retryMs = 1000
const retryMsMax = 60_000
const pauseMsMax = 60_000

/** Runs batches until one is not full, the worker is ended, or another worker has the task. */
async function runTask(task: WorkerTask, { connections, signal }: WorkerOptions) {
  let rows = 0
  for (;;) {
    const { taken, batch } = await inTransaction(connections, async (connection) => {
      const [row] = await query(connection, 'select tenancy.take_task($1) as taken', [task.name])
      return { taken: row?.taken, batch: row?.taken === true ? await task.run(connection, task.batchSize) : 0 }
    })
    if (taken === null) continue // its row is new
    if (taken !== true) return { rows, isOver: false }
    rows += batch
    if (batch < task.batchSize || signal?.aborted) return { rows, isOver: true }
  }
}

/**
 * Whether PostgreSQL refuses the login or what it may do, which waiting does not change (PostgreSQL, Appendix A).
 *
 * @example
 * isRefusal(error) // true for a wrong password
 */
export const isRefusal = (error: unknown): boolean => /^(28|3D|42501)/.test(findDatabaseError(error)?.sqlstate ?? '')

/** The code of the first cause that has one, never a message: messages can hold values. */
function reasonOf(error: unknown): string {
  let name: string = typeof error
  for (const cause of causesOf(error)) {
    if ('code' in cause && !(cause instanceof ApiError)) return String(cause.code)
    name = cause.name
  }
  return name
}
