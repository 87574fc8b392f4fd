import { describe, expect, test } from 'bun:test'
import { createPool, query } from '../../src/database/index.ts'
import { purgeIdempotencyKeys, runWorker, runWorkerOnce, type WorkerTask } from '../../src/worker/index.ts'
import { asOwner, closeAfterwards, createDatabase } from '../database.ts'
import { addKeys, countKeys } from './expired-keys.ts'

/** A database of its own, a pool of one connection to it for each call, and the lines of the log. */
async function open() {
  const database = await createDatabase()
  const owner = asOwner(database)
  const lines: Record<string, unknown>[] = []
  const write = (level: string) => (fields: object, msg: string) => void lines.push({ level, ...fields, msg })
  const log = { info: write('info'), warn: write('warn'), error: write('error') }
  const pool = (url = database.ownerUrl) => {
    const connections = createPool({ url, size: 1 })
    closeAfterwards(connections)
    return connections
  }
  return { database, owner, lines, log, pool, options: { connections: pool(), log } }
}

const purge = (batchSize: number): WorkerTask => ({ ...purgeIdempotencyKeys, everyMs: 1, batchSize })
const task = (run: WorkerTask['run'], more: Partial<WorkerTask> = {}): WorkerTask => ({
  ...{ name: 'task', everyMs: 1, batchSize: 1, run },
  ...more,
})

describe('runWorkerOnce()', () => {
  test('deletes the answers that have expired in batches, and no other', async () => {
    const { owner, lines, options } = await open()
    await addKeys(owner, { expired: 25, fresh: 3 })
    await runWorkerOnce({ ...options, tasks: [purge(10)] })
    expect(await countKeys(owner)).toEqual({ all: 3, expired: 0 })
    expect(lines).toEqual([{ level: 'info', task: 'purge-idempotency-keys', rows: 25, msg: 'the task is done' }])
  })

  test('runs the tasks of Rowhouse by default', async () => {
    const { owner, options } = await open()
    await addKeys(owner, { expired: 2 })
    await runWorkerOnce(options)
    expect(await countKeys(owner)).toEqual({ all: 0, expired: 0 })
  })

  test('repeats a batch while it is full, each in a transaction of its own', async () => {
    const { options } = await open()
    const transactions: unknown[] = []
    const sizes = [2, 2, 0]
    const run: WorkerTask['run'] = async (connection, batchSize) => {
      const [row] = await query(connection, 'select pg_current_xact_id()::text as id')
      transactions.push(row?.id)
      return Math.min(sizes.shift() ?? 0, batchSize)
    }
    await runWorkerOnce({ ...options, tasks: [task(run, { batchSize: 2 })] })
    expect(new Set(transactions).size).toBe(3)
  })

  test('rolls a batch back that fails, and keeps those before it', async () => {
    const { owner, lines, options } = await open()
    await addKeys(owner, { expired: 25 })
    let batches = 0
    const run: WorkerTask['run'] = async (connection, batchSize) => {
      const rows = await purgeIdempotencyKeys.run(connection, batchSize)
      batches += 1
      if (batches === 2) throw new Error('s3cret')
      return rows
    }
    const running = runWorkerOnce({ ...options, tasks: [task(run, { batchSize: 10 })] })
    await expect(running).rejects.toThrow('s3cret')
    expect((await countKeys(owner)).all).toBe(15)
    expect(lines).toEqual([{ level: 'error', task: 'task', reason: 'Error', msg: 'the task failed' }])
  })

  test('tries every task before it fails', async () => {
    const { owner, options } = await open()
    await addKeys(owner, { expired: 2 })
    const failing = task((connection) => query(connection, 'select 1 / 0').then(() => 0))
    await expect(runWorkerOnce({ ...options, tasks: [failing, purge(10)] })).rejects.toThrow('division by zero')
    expect((await countKeys(owner)).all).toBe(0)
  })
})

describe('two workers at once', () => {
  test('do not run one task at the same time', async () => {
    const { lines, log, pool } = await open()
    const { promise: entered, resolve: enter } = Promise.withResolvers<void>()
    const { promise: left, resolve: leave } = Promise.withResolvers<void>()
    const slow = task(async () => {
      enter()
      await left
      return 0
    })
    const first = runWorkerOnce({ connections: pool(), log, tasks: [slow] })
    await entered
    const never = task(() => Promise.reject(new Error('it ran')))
    await runWorkerOnce({ connections: pool(), log, tasks: [never] })
    expect(lines.map(({ msg }) => msg)).toEqual(['another worker runs the task'])
    leave()
    await first
    expect(lines.map(({ msg }) => msg)).toEqual(['another worker runs the task', 'the task is done'])
  })

  test('run different tasks at the same time', async () => {
    const { log, pool } = await open()
    const { promise: both, resolve: meet } = Promise.withResolvers<void>()
    const first = task(() => both.then(() => 0), { name: 'first' })
    const second = task(async () => {
      meet()
      return 0
    })
    const running = runWorkerOnce({ connections: pool(), log, tasks: [first] })
    await runWorkerOnce({ connections: pool(), log, tasks: [second] })
    await running
  })

  test('delete each answer once', async () => {
    const { owner, lines, log, pool } = await open()
    await addKeys(owner, { expired: 200, fresh: 1 })
    const stop = new AbortController()
    const workers = [1, 2].map(() => runWorker({ connections: pool(), log, tasks: [purge(7)], signal: stop.signal }))
    while ((await countKeys(owner)).expired > 0);
    stop.abort()
    await Promise.all(workers)
    expect(lines.reduce((sum, { rows }) => sum + Number(rows), 0)).toBe(200)
    expect(await countKeys(owner)).toEqual({ all: 1, expired: 0 })
  })
})

describe('runWorker()', () => {
  test('runs a task again and again, until its signal ends it', async () => {
    const { options, lines } = await open()
    const stop = new AbortController()
    let runs = 0
    const counting = task(async () => {
      runs += 1
      if (runs === 3) stop.abort()
      return 0
    })
    await runWorker({ ...options, tasks: [counting], signal: stop.signal })
    expect([runs, lines]).toEqual([3, []])
  })

  test('ends after the batch that is running, which commits', async () => {
    const { owner, options } = await open()
    await addKeys(owner, { expired: 30 })
    const stop = new AbortController()
    const run: WorkerTask['run'] = (connection, batchSize) => {
      stop.abort()
      return purgeIdempotencyKeys.run(connection, batchSize)
    }
    await runWorker({ ...options, tasks: [task(run, { batchSize: 10 })], signal: stop.signal })
    expect((await countKeys(owner)).all).toBe(20)
  })

  test('goes on by itself after its connection was killed, keeps no lock, and logs both once', async () => {
    const { owner, lines, options } = await open()
    await addKeys(owner, { expired: 5 })
    const stop = new AbortController()
    let runs = 0
    const run: WorkerTask['run'] = async (connection, batchSize) => {
      runs += 1
      const rows = await purgeIdempotencyKeys.run(connection, batchSize)
      if (runs < 4) await query(connection, 'select pg_terminate_backend(pg_backend_pid())')
      stop.abort()
      return rows
    }
    await runWorker({ ...options, tasks: [task(run, { batchSize: 10 })], signal: stop.signal })
    expect([runs, await countKeys(owner)]).toEqual([4, { all: 0, expired: 0 }])
    expect(lines).toEqual([
      { level: 'warn', task: 'task', reason: '57P01', msg: 'the task failed and is tried again' },
      { level: 'info', task: 'task', msg: 'the task works again' },
      { level: 'info', task: 'task', rows: 5, msg: 'the task is done' },
    ])
  })

  test('ends when PostgreSQL refuses the login at the first attempt, and not later', async () => {
    const { database, options, log, pool, lines } = await open()
    const wrong = Object.assign(new URL(database.ownerUrl), { username: 'nobody', password: 's3cret' }).href
    await expect(runWorker({ connections: pool(wrong), log })).rejects.toThrow(/nobody/)
    const stop = new AbortController()
    let runs = 0
    const revoked = task(async (connection) => {
      runs += 1
      if (runs === 3) stop.abort()
      if (runs === 2) await query(connection, `do $$ begin raise 'no' using errcode = '42501'; end $$`)
      return 0
    })
    await runWorker({ ...options, tasks: [revoked], signal: stop.signal })
    expect([runs, lines.map(({ reason }) => reason)]).toEqual([3, ['42501', undefined]])
  })
})
