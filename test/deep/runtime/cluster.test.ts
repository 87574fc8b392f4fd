import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { join } from 'node:path'
import { testClient } from '../../../src/testing/index.ts'
import { fixtures } from '../../app.ts'
import { asOwner, createDatabase, main, newTenant } from '../../database.ts'
import { buildForNode, type Child, root, runtimes, start, startServer, until } from '../../runtime/child.ts'

setDefaultTimeout(60_000)
beforeAll(buildForNode)

const twoWorkers = { DATABASE_URL: main.appUrl, WORKERS: '2' }
/** Without the limit of a tenant, so that one tenant can take every connection. */
const unbounded = { ...twoWorkers, TENANT_CONCURRENCY: '0' }

describe.each(runtimes)('two workers on $name', ({ start }) => {
  let service: Child
  let url = ''
  beforeAll(async () => {
    service = start(twoWorkers)
    url = await allListening(service)
  })
  afterAll(() => service[Symbol.asyncDispose]())

  test('answer on one port, and the log names the worker', async () => {
    const answering = () => new Set(linesOf(service, 'request').map(({ worker }) => worker))
    await until(async () => (await getHealth(url)).ok && answering().size === 2)
    expect([...answering()].toSorted()).toEqual([1, 2])
  })

  test('keep tenants apart, whichever worker answers', async () => {
    const { as } = testClient(url)
    const userId = await fixtures.userId(as(newTenant()))
    const stranger = as(newTenant())
    const asked = () => linesOf(service, 'request').filter(({ route }) => route === '/users/:id')
    await until(async () => {
      await stranger.send('GET', `/users/${userId}`, { headers: { Connection: 'close' } })
      return new Set(asked().map(({ worker }) => worker)).size === 2
    })
    expect(new Set(asked().map(({ status }) => status))).toEqual(new Set([404]))
  })
})

describe.each(runtimes)('two workers on $name', ({ start }) => {
  test('finish running requests on SIGTERM, and exit with 0', async () => {
    await using service = start(unbounded)
    await using writes = await blockWrites(await allListening(service), 5) // at most the connections of one worker
    await until(async () => (await writes.waiting()) === 5)
    service.signal('SIGTERM')
    await until(() => linesOf(service, 'stopping').length === 2)
    writes.unblock()
    expect(await writes.statuses).toEqual(Array(5).fill(200))
    expect(await service.exited).toBe(0)
    expect(service.log().at(-1)).toMatchObject({ msg: 'workers stopped', workers: 2 })
  })

  test('exit when the primary process is killed', async () => {
    await using service = start(twoWorkers)
    const url = await allListening(service)
    service.signal('SIGKILL')
    expect(await service.exited).toBeNull()
    await until(() =>
      getHealth(url).then(
        () => false,
        () => true,
      ),
    )
  })
})

describe('workers', () => {
  test('divide DATABASE_POOL_SIZE', async () => {
    await using service = startServer({ ...unbounded, DATABASE_POOL_SIZE: '3' })
    const url = await allListening(service)
    await using writes = await blockWrites(url, 16)
    await until(async () => (await writes.waiting()) >= 3)
    for (let times = 0; times < 20; times += 1) await getHealth(url)
    expect(await writes.waiting()).toBe(3)
  })

  test('are replaced when they are killed, while the others serve', async () => {
    await using service = startServer(twoWorkers)
    const url = await allListening(service)
    const [pid = 0] = await childrenOf(service)
    process.kill(pid, 'SIGKILL')
    const { worker } = await until(() => linesOf(service, 'a worker ended, another one will start')[0])
    expect((await getHealth(url)).status).toBe(200)
    const third = await until(() => linesOf(service, 'listening')[2])
    expect([1, 2]).toContain(Number(worker))
    expect(third.worker).toBe(3)
    expect(await childrenOf(service)).toHaveLength(2)
  })

  test('are rejected where Bun cannot share a port, where auto is one process', async () => {
    const program = `
      import { serve } from '${join(root, 'src/runtime/serve.ts')}'
      import { listen } from '${join(root, 'src/runtime/bun.ts')}'
      import { exitWith } from '${join(root, 'src/runtime/exit-with.ts')}'
      await serve(listen, { environment: process.env, sharing: 'none' }).catch(exitWith)`
    const startThere = (WORKERS: string) =>
      start([process.execPath, '-e', program], { DATABASE_URL: main.appUrl, WORKERS })
    await using refused = startThere('2')
    expect(await refused.exited).toBe(1)
    expect(refused.stderr).toStartWith('WORKERS must be 1 here: Bun shares a port between processes only on Linux')
    await using alone = startThere('auto')
    await alone.listening()
    expect(linesOf(alone, 'listening').map(({ worker }) => worker)).toEqual([undefined])
  })

  test('are set by --workers too', async () => {
    const program = join(root, 'src/runtime/bun.ts')
    await using service = start([process.execPath, program, '--workers', '2'], { DATABASE_URL: main.appUrl })
    await allListening(service)
    expect(linesOf(service, 'listening').map(({ worker }) => worker)).toEqual([1, 2])
  })
})

describe('a failed start with workers prints one message and leaves no process:', () => {
  /** Its stderr, which ends only after the last worker, since all share it. */
  async function failure(service: Child): Promise<string> {
    await using failed = service
    expect(await failed.exited).toBe(1)
    return failed.stderr
  }

  test('the login of a superuser', async () => {
    const output = await failure(startServer({ ...twoWorkers, DATABASE_URL: main.ownerUrl }))
    expect(output.match(/the serving role is a superuser/g)).toHaveLength(1)
  })

  test('a port that other workers listen on', async () => {
    await using other = startServer(twoWorkers)
    const { port } = new URL(await allListening(other))
    expect(await failure(startServer({ ...twoWorkers, PORT: port }))).toMatch(/^Cannot listen on .*\n.*\n$/)
  })

  test('a problem that shows only after the first worker has started', async () => {
    const database = await createDatabase()
    const [{ name } = {}] = await asOwner(database)`select current_database() as name`
    await asOwner(database).unsafe(`alter database ${name} connection limit 1`)
    const output = await failure(startServer({ DATABASE_URL: database.appUrl, WORKERS: '4' }))
    expect(output).toMatch(/^too many connections for database .*\n.*\n$/)
  })

  test('an unknown option', async () => {
    const output = await failure(start([process.execPath, join(root, 'src/runtime/bun.ts'), '--worker=2'], twoWorkers))
    expect(output).toStartWith('Unknown option: the only one is --workers')
  })
})

const linesOf = (service: Child, msg: string) => service.log().filter((line) => line.msg === msg)

/** On a new connection each time: a connection belongs to one worker. */
const getHealth = (url: string) => fetch(`${url}/health`, { headers: { Connection: 'close' } })

async function allListening(service: Child): Promise<string> {
  const url = await service.listening()
  // Workers write their lines in any order.
  await until(() => linesOf(service, 'all workers listen').length === 1 && linesOf(service, 'listening').length === 2)
  return url
}

async function childrenOf({ pid }: Child): Promise<number[]> {
  const pids = await new Response(Bun.spawn(['pgrep', '-P', String(pid)], { stdout: 'pipe' }).stdout).text()
  return pids.split('\n').filter(Boolean).map(Number)
}

/** Sends `count` PATCH requests that wait for a locked row. */
async function blockWrites(url: string, count: number) {
  const client = testClient(url).as(newTenant())
  const id = await fixtures.userId(client)
  const { promise: held, resolve: unblock } = Promise.withResolvers<void>()
  const { promise: locked, resolve: lock } = Promise.withResolvers<void>()
  const owner = asOwner(main)
  const holding = owner.begin(async (tx) => {
    await tx`select from users where id = ${id} for update`
    lock()
    await held
  })
  await locked
  const answers = Array.from({ length: count }, () => client.patch(`/users/${id}`, { name: 'Grace' }))
  const waiting = () => owner`select from pg_stat_activity where wait_event_type = 'Lock' and query like '%"users"%'`
  return {
    unblock,
    statuses: Promise.all(answers).then((all) => all.map(({ status }) => status)),
    waiting: async () => (await waiting()).length,
    async [Symbol.asyncDispose]() {
      unblock()
      await holding
      await Promise.allSettled(answers)
    },
  }
}
