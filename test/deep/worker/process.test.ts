import { expect, setDefaultTimeout, test } from 'bun:test'
import { join } from 'node:path'
import postgres from 'postgres'
import { migrate } from '../../../src/migrate/index.ts'
import { newFastFolder } from '../../fast-folder.ts'
import { pgbouncer, startPooler } from '../../pooler.ts'
import { startPostgres } from '../../postgres.ts'
import { root, start, temporaryFolder, until } from '../../runtime/child.ts'
import { addKeys, countKeys } from '../../worker/expired-keys.ts'

setDefaultTimeout(60_000)

/** A server of its own, with the role of the worker. */
async function prepare() {
  const server = await startPostgres()
  await migrate({ url: server.ownerUrl, appPassword: 'serves', workerPassword: 'works' })
  const owner = postgres(server.ownerUrl, { max: 2, onnotice: () => {} })
  const as = (username: string, password: string) =>
    Object.assign(new URL(server.ownerUrl), { username, password }).href
  return {
    ...{ server, owner, as, workerUrl: as('app_worker', 'works') },
    async [Symbol.asyncDispose]() {
      await owner.end()
      await server.stop()
    },
  }
}

const startWorker = (environment: Record<string, string>, ...more: string[]) =>
  start([process.execPath, join(root, 'src/cli/rowhouse.ts'), 'worker', ...more], environment)

test('rowhouse worker runs until SIGTERM, which ends it with 0 after the batch that is running', async () => {
  await using it = await prepare()
  await addKeys(it.owner, { expired: 3, fresh: 1 })
  const { promise: released, resolve: release } = Promise.withResolvers<void>()
  const holding = it.owner.begin(async (tx) => {
    await tx`lock table tenancy.idempotency_keys in access exclusive mode`
    await released
  })
  await using worker = startWorker({ DATABASE_WORKER_URL: it.workerUrl })
  const waiting = async () =>
    (await it.owner`select from pg_stat_activity where usename = 'app_worker' and wait_event_type = 'Lock'`).length
  await until(async () => (await waiting()) > 0)
  worker.signal('SIGTERM')
  release()
  await holding
  expect(await worker.exited).toBe(0)
  expect(await countKeys(it.owner)).toEqual({ all: 1, expired: 0 })
  expect(worker.stderr).toBe('')
  expect(worker.log().map(({ msg }) => msg)).toEqual(['the worker runs', 'the task is done', 'the worker ended'])
})

test('rowhouse worker starts without its database, logs that once, and works as soon as the database answers, with the new password of its file', async () => {
  await using it = await prepare()
  await addKeys(it.owner, { expired: 2 })
  const file = join(newFastFolder(), 'worker_url')
  await Bun.write(file, `${it.workerUrl}\n`)
  await it.owner`alter database postgres connection limit 0`
  await using worker = startWorker({ DATABASE_WORKER_URL_FILE: file })
  await until(() => worker.log().some(({ level }) => level === 'warn'))
  await it.owner`alter role app_worker password 'second'`
  await Bun.write(file, `${it.as('app_worker', 'second')}\n`)
  await it.owner`alter database postgres connection limit -1`
  await until(async () => (await countKeys(it.owner)).all === 0)
  worker.signal('SIGINT')
  expect(await worker.exited).toBe(0)
  // Each task logs it once.
  const lines = worker.log().filter(({ task = 'purge-idempotency-keys' }) => task === 'purge-idempotency-keys')
  expect(lines.map(({ msg, reason }) => [msg, reason])).toEqual([
    ['the worker runs', undefined],
    ['the task failed and is tried again', '53300'],
    ['the task works again', undefined],
    ['the task is done', undefined],
    ['the worker ended', undefined],
  ])
})

test.skipIf(!pgbouncer)('rowhouse worker works behind PgBouncer in transaction mode', async () => {
  await using it = await prepare()
  await addKeys(it.owner, { expired: 2500, fresh: 1 })
  const pooler = await startPooler(it.workerUrl)
  const workers = [1, 2].map(() => startWorker({ DATABASE_WORKER_URL: pooler.through(it.workerUrl) }, '--once'))
  expect(await Promise.all(workers.map(({ exited }) => exited))).toEqual([0, 0])
  const rows = workers.flatMap((worker) => worker.log()).reduce((sum, line) => sum + Number(line.rows), 0)
  expect([rows, await countKeys(it.owner)]).toEqual([2500, { all: 1, expired: 0 }])
  await pooler.stop()
})

test('bun run up runs the worker in its process, with the login of DATABASE_WORKER_URL, and ends both', async () => {
  await using it = await prepare()
  await addKeys(it.owner, { expired: 2 })
  using folder = temporaryFolder()
  const settings = { DATABASE_URL: it.as('app_user', 'serves'), DATABASE_WORKER_URL: it.workerUrl }
  await using service = start([process.execPath, join(root, 'src/runtime/up.ts')], settings, folder.path)
  await service.listening()
  const done = await until(() => service.log().find(({ task }) => task === 'purge-idempotency-keys'))
  expect([done.rows, (await countKeys(it.owner)).all]).toEqual([2, 0])
  service.signal('SIGTERM')
  expect(await service.exited).toBe(0)
})

test('bun run up refuses a DATABASE_WORKER_URL that is no URL, and serves on when PostgreSQL refuses its login', async () => {
  await using it = await prepare()
  using folder = temporaryFolder()
  const up = (workerUrl: string) => {
    const settings = { DATABASE_URL: it.as('app_user', 'serves'), DATABASE_WORKER_URL: workerUrl }
    return start([process.execPath, join(root, 'src/runtime/up.ts')], settings, folder.path)
  }
  await using wrong = up('mysql://s3cret')
  expect(await wrong.exited).toBe(1)
  expect(wrong.stderr).toStartWith('Invalid configuration:\n  - DATABASE_WORKER_URL must be a URL')
  await using refused = up(it.as('app_worker', 's3cret'))
  await until(() => refused.log().some(({ msg }) => msg.startsWith('the worker ended: PostgreSQL refuses its login')))
  expect((await fetch(`${await refused.listening()}/ready`)).status).toBe(200)
  expect(`${wrong.stderr}${refused.stdout}${refused.stderr}`).not.toContain('s3cret')
})
