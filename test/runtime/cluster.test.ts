import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { join } from 'node:path'
import { testClient } from '../../src/testing/index.ts'
import { fixtures } from '../app.ts'
import { asOwner, createDatabase, main, newTenant } from '../database.ts'
import { buildForNode, type Child, root, runtimes, start, startServer, until } from './child.ts'

setDefaultTimeout(60_000)
beforeAll(buildForNode)

const twoWorkers = { DATABASE_URL: main.appUrl, WORKERS: '2' }
/** For one tenant that is to take every connection. */
const unbounded = { ...twoWorkers, TENANT_CONCURRENCY: '0' }

describe.each(runtimes)('two workers on $name', ({ start }) => {
  let service: Child
  let url = ''
  beforeAll(async () => {
    service = start(twoWorkers)
    url = await allListening(service)
  })
  afterAll(() => service[Symbol.asyncDispose]())

  test('answer on one port, and the log says which of them did', async () => {
    const answering = () => new Set(linesOf(service, 'request').map(({ worker }) => worker))
    await until(async () => (await getHealth(url)).ok && answering().size === 2)
    expect([...answering()].toSorted()).toEqual([1, 2])
  })

  test('keep tenants apart, whichever of them answers', async () => {
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
  test('finish what runs on SIGTERM, and end with 0', async () => {
    await using service = start(unbounded)
    await using writes = await blockWrites(await allListening(service), 5) // one worker's connections, should all meet it
    await until(async () => (await writes.waiting()) === 5)
    service.signal('SIGTERM')
    await until(() => linesOf(service, 'stopping').length === 2)
    writes.unblock()
    expect(await writes.statuses).toEqual(Array(5).fill(200))
    expect(await service.exited).toBe(0)
    expect(service.log().at(-1)).toMatchObject({ msg: 'workers stopped', workers: 2 })
  })

  test('end when the process that looks after them is killed', async () => {
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

  test('that are killed are replaced, while the others serve', async () => {
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

  test('are refused where Bun cannot share a port, and auto means none there', async () => {
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

  test('can be asked for on the command line', async () => {
    const program = join(root, 'src/runtime/bun.ts')
    await using service = start([process.execPath, program, '--workers', '2'], { DATABASE_URL: main.appUrl })
    await allListening(service)
    expect(linesOf(service, 'listening').map(({ worker }) => worker)).toEqual([1, 2])
  })
})

describe('a start with workers says once what is wrong, and leaves none behind:', () => {
  /** What it said. Its output ends only when every worker has, since they share it. */
  async function failure(service: Child): Promise<string> {
    await using failed = service
    expect(await failed.exited).toBe(1)
    return failed.stderr
  }

  test('the login of a superuser', async () => {
    const said = await failure(startServer({ ...twoWorkers, DATABASE_URL: main.ownerUrl }))
    expect(said.match(/the serving role is a superuser/g)).toHaveLength(1)
  })

  test('a port that other workers listen on', async () => {
    await using other = startServer(twoWorkers)
    const { port } = new URL(await allListening(other))
    expect(await failure(startServer({ ...twoWorkers, PORT: port }))).toMatch(/^Cannot listen on .*\n.*\n$/)
  })

  test('what shows only after the first worker has started', async () => {
    const database = await createDatabase()
    const [{ name } = {}] = await asOwner(database)`select current_database() as name`
    await asOwner(database).unsafe(`alter database ${name} connection limit 1`)
    const said = await failure(startServer({ DATABASE_URL: database.appUrl, WORKERS: '4' }))
    expect(said).toMatch(/^too many connections for database .*\n.*\n$/)
  })

  test('an unknown option', async () => {
    const said = await failure(start([process.execPath, join(root, 'src/runtime/bun.ts'), '--worker=2'], twoWorkers))
    expect(said).toStartWith('Unknown option: the only one is --workers')
  })
})

const linesOf = (service: Child, msg: string) => service.log().filter((line) => line.msg === msg)

/** Each time by a connection of its own: one that is kept alive belongs to one worker. */
const getHealth = (url: string) => fetch(`${url}/health`, { headers: { Connection: 'close' } })

async function allListening(service: Child): Promise<string> {
  const url = await service.listening()
  // Each writes its own lines: the last may come first.
  await until(() => linesOf(service, 'all workers listen').length === 1 && linesOf(service, 'listening').length === 2)
  return url
}

async function childrenOf({ pid }: Child): Promise<number[]> {
  const pids = await new Response(Bun.spawn(['pgrep', '-P', String(pid)], { stdout: 'pipe' }).stdout).text()
  return pids.split('\n').filter(Boolean).map(Number)
}

/** So many PATCHes that wait for a row which somebody else holds. */
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
