import { randomBytes } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import type { Logger } from '../context/index.ts'
import type { Config } from '../service/config/config.ts'
import { startWorker, type Worker, type WorkerEnd } from './cluster-worker.ts'
import { assertFree } from './listening.ts'

/** How workers share a port: each opens the port (Bun on Linux), or all receive one socket from the cluster (Node). */
export type Sharing = 'port' | 'socket'

export interface ClusterOptions {
  config: Config
  /** The number of workers; they divide `DATABASE_POOL_SIZE`. */
  count: number
  sharing: Sharing
  log: Logger
}

/** A worker that ends earlier is likely to end early again: each restart waits longer. */
const settledMs = 60_000
const backoffMs = (failures: number) => Math.min(100 * 2 ** failures, 30_000)
/** How long a worker may live past its own deadline. */
const graceMs = 2000

/**
 * Runs workers that serve on one port: replaces a worker that ends, and stops all of them on a signal. The first worker starts
 * alone, so that a problem of the start is printed once. A worker exits when this process is gone.
 *
 * @throws Error with the problem of a worker that could not start, after every worker has ended
 */
export async function runCluster({ config, count, sharing, log }: ClusterOptions): Promise<void> {
  const workers = new Set<Worker>()
  const { replicaUrl, bookmarkSecret = randomBytes(32).toString('hex') } = config.database
  const shared = replicaUrl === undefined ? {} : { BOOKMARK_SECRET: bookmarkSecret } // each worker reads every bookmark
  let stopping = false

  function start(port: number, poolSize: number): Worker {
    const worker = startWorker({ PORT: port, DATABASE_POOL_SIZE: poolSize, ...shared }, count)
    workers.add(worker)
    void worker.ended.then(() => workers.delete(worker))
    return worker
  }

  async function endAll(): Promise<WorkerEnd[]> {
    stopping = true
    const last = [...workers]
    for (const worker of last) worker.kill('SIGTERM')
    const late = () => last.filter((worker) => workers.has(worker)).forEach((worker) => void worker.kill('SIGKILL'))
    const deadline = setTimeout(late, config.server.shutdownTimeoutMs + graceMs)
    const ends = await Promise.all(last.map(({ ended }) => ended))
    clearTimeout(deadline)
    return ends
  }

  async function stop(signal: string): Promise<void> {
    if (stopping) return
    log.info({ signal }, 'stopping workers')
    const ends = await endAll()
    log.info({ workers: ends.length }, 'workers stopped')
    process.exit(ends.every(({ inOrder }) => inOrder) ? 0 : 1)
  }

  async function keep(worker: Worker, port: number, poolSize: number): Promise<void> {
    for (let current = worker, failures = 0; ; current = start(port, poolSize)) {
      const startedAt = Date.now()
      const { code, signal, problem } = await current.ended
      if (stopping) return
      if (Date.now() - startedAt > settledMs) failures = 0
      const inMs = backoffMs(failures)
      failures += 1
      log.error({ worker: current.id, code, signal, problem, inMs }, 'a worker ended, another one will start')
      await delay(inMs)
      if (stopping) return
    }
  }

  // With a shared port a second service could listen on it unnoticed, and each would get half of the requests.
  await assertFree(config)
  process.on('SIGTERM', stop)
  process.on('SIGINT', stop)
  try {
    const [size = 1, ...sizes] = divide(config.database.poolSize, count)
    const first = start(config.server.port, size)
    const url = await first.listening
    // With PORT=0 Node identifies the shared socket by the requested port, 0.
    const port = sharing === 'socket' ? config.server.port : Number(new URL(url).port || 80)
    const others = sizes.map((size) => ({ worker: start(port, size), size }))
    await Promise.all(others.map(({ worker }) => worker.listening))
    log.info({ url, workers: count }, 'all workers listen')
    for (const { worker, size: poolSize } of [{ worker: first, size }, ...others]) void keep(worker, port, poolSize)
  } catch (error) {
    if (stopping) return // a signal ended the workers
    await endAll()
    throw error
  }
}

/** Divides a total into whole numbers that differ by at most 1. */
const divide = (total: number, count: number): number[] =>
  Array.from({ length: count }, (_, index) => Math.floor((total + index) / count))
