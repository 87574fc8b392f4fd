import { randomBytes } from 'node:crypto'
import { createServer } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import type { Logger } from 'pino'
import type { Config } from '../service/config/config.ts'
import { startWorker, type Worker, type WorkerEnd } from './cluster-worker.ts'
import { ListenError } from './listening.ts'

/** How workers listen on one port: each opens it (Bun on Linux), or all get one socket from the cluster (Node). */
export type Sharing = 'port' | 'socket'

export interface ClusterOptions {
  config: Config
  /** How many workers; they divide `DATABASE_POOL_SIZE`. */
  count: number
  sharing: Sharing
  log: Logger
}

/** A worker that lived for less is likely to end soon again, and is waited for longer each time. */
const settledMs = 60_000
const backoffMs = (failures: number) => Math.min(100 * 2 ** failures, 30_000)
/** How much longer than its own deadline a worker has to end. */
const graceMs = 2000

/**
 * Looks after workers that serve on one port: starts another when one ends, and ends them all on a signal. The first
 * starts alone, so that what is wrong at start is said once. A worker whose cluster is gone ends by itself.
 *
 * @throws Error with the problem of a worker that could not start; none is left then
 */
export async function runCluster({ config, count, sharing, log }: ClusterOptions): Promise<void> {
  const workers = new Set<Worker>()
  const secret = config.BOOKMARK_SECRET ?? randomBytes(32).toString('hex') // one worker reads another's bookmarks
  let stopping = false

  function start(port: number, poolSize: number): Worker {
    const worker = startWorker({ PORT: port, DATABASE_POOL_SIZE: poolSize, BOOKMARK_SECRET: secret })
    workers.add(worker)
    void worker.ended.then(() => workers.delete(worker))
    return worker
  }

  async function endAll(): Promise<WorkerEnd[]> {
    stopping = true
    const last = [...workers]
    for (const worker of last) worker.kill('SIGTERM')
    const late = () => last.filter((worker) => workers.has(worker)).forEach((worker) => void worker.kill('SIGKILL'))
    const deadline = setTimeout(late, config.SHUTDOWN_TIMEOUT_MS + graceMs)
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
      log.error({ worker: current.id, code, signal, problem, inMs }, 'a worker ended, another will start')
      await delay(inMs)
      if (stopping) return
    }
  }

  await assertFree(config)
  process.on('SIGTERM', stop)
  process.on('SIGINT', stop)
  try {
    const [size = 1, ...sizes] = divide(config.DATABASE_POOL_SIZE, count)
    const first = start(config.PORT, size)
    const url = await first.listening
    // With PORT=0: Node knows a socket by the port that was asked for.
    const port = sharing === 'socket' ? config.PORT : Number(new URL(url).port || 80)
    const others = sizes.map((size) => ({ worker: start(port, size), size }))
    await Promise.all(others.map(({ worker }) => worker.listening))
    log.info({ url, workers: count }, 'all workers listen')
    for (const { worker, size: poolSize } of [{ worker: first, size }, ...others]) void keep(worker, port, poolSize)
  } catch (error) {
    if (stopping) return // what ends on a signal has no problem
    await endAll()
    throw error
  }
}

/** Parts as equal as whole numbers can be. */
const divide = (total: number, count: number): number[] =>
  Array.from({ length: count }, (_, index) => Math.floor((total + index) / count))

/** Where ports are shared, two services of one user could share one unawares: each would get half of the requests. */
async function assertFree(config: Config): Promise<void> {
  const { HOST: host, PORT: port } = config
  await new Promise<void>((resolve, reject) => {
    const server = createServer()
    server.once('error', (cause) => reject(new ListenError(config, cause)))
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve()))
  })
}
