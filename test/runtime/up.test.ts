import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { join } from 'node:path'
import { demo } from '../../src/service/features/demo.ts'
import { testClient } from '../../src/testing/index.ts'
import { fixtures } from '../app.ts'
import { createDatabase } from '../database.ts'
import { type Child, root, start, temporaryFolder, until } from './child.ts'

setDefaultTimeout(60_000)

/** `bun run up` in a folder, where it keeps its database. */
const up = (folder: string, environment: Record<string, string> = {}): Child =>
  start([process.execPath, join(root, 'src/runtime/up.ts')], environment, folder)

const titles = async (url: string, tenant: string) =>
  (await testClient(url).as(tenant).get<{ title: string }[]>('/tasks')).data.map(({ title }) => title)

const addTask = (url: string, title: string) =>
  testClient(url).as(demo.acme.tenantId).post('/tasks', { title, userId: demo.acme.userId })

/** One folder and what runs on it, for the tests of a block. */
function session() {
  const folder = temporaryFolder()
  const it = {
    folder: folder.path,
    running: undefined as unknown as Child, // beforeAll starts it
    url: '',
    /** Ends what runs, and starts again on the same folder. */
    async again() {
      await it.running?.[Symbol.asyncDispose]()
      it.running = up(folder.path)
      it.url = await it.running.listening()
    },
  }
  beforeAll(() => it.again())
  afterAll(async () => {
    await it.running[Symbol.asyncDispose]()
    folder[Symbol.dispose]()
  })
  return it
}

describe('bun run up, for the first time', () => {
  const first = session()

  test('from nothing, serves two demo tenants that do not see each other', async () => {
    const [acme, globex] = [await titles(first.url, demo.acme.tenantId), await titles(first.url, demo.globex.tenantId)]
    expect(acme).toEqual(expect.arrayContaining(['Draw the first plans', 'Order the bricks']))
    expect(globex).toEqual(expect.arrayContaining(['Buy a hammock', 'Call the board']))
    expect(acme.filter((title) => globex.includes(title))).toEqual([])
    expect(await titles(first.url, crypto.randomUUID())).toEqual([])
  })

  test('prints commands that work as they stand', async () => {
    const commands = await until(() => first.running.stdout.match(/curl .*/g) ?? undefined)
    expect(commands).toHaveLength(2)
    for (const command of commands) {
      const { stdout } = Bun.spawnSync(['sh', '-c', command])
      const { success, data } = JSON.parse(stdout.toString())
      expect([success, data.length > 1]).toEqual([true, true])
    }
  })

  test('prints where the documentation is', async () => {
    const [, page = ''] = await until(() => first.running.stdout.match(/Docs +(\S+)/) ?? undefined)
    expect((await fetch(page)).status).toBe(200)
  })

  test('keeps tenants apart as the role app_user, though its login is a superuser', async () => {
    const { anonymous } = testClient(first.url)
    expect((await anonymous.get('/ready')).status).toBe(200)
  })

  test('a second one on the same folder says that one is running, and ends with 1', async () => {
    await using second = up(first.folder)
    expect(await second.exited).toBe(1)
    expect(second.stderr).toMatch(/^Rowhouse is already running with this folder .*\n$/)
    expect(second.stdout).toBe('')
    expect((await fetch(`${first.url}/health`)).status).toBe(200)
  })
})

describe('bun run up, again', () => {
  const it = session()

  test('a task that was confirmed is there after kill -9', async () => {
    expect((await addTask(it.url, 'Survive')).status).toBe(201)
    it.running.signal('SIGKILL')
    await it.running.exited
    await it.again()
    expect(await titles(it.url, demo.acme.tenantId)).toContain('Survive')
  })

  test('kill -9 in the midst of writes loses none that was confirmed', async () => {
    const confirmed: string[] = []
    const write = async (writer: number) => {
      for (let n = 0; ; n += 1) {
        const title = `Writer ${writer}, task ${n}`
        if ((await addTask(it.url, title)).status === 201) confirmed.push(title)
      }
    }
    const writers = Promise.allSettled([1, 2, 3].map(write)) // each ends with its connection
    await until(() => confirmed.length >= 20)
    it.running.signal('SIGKILL')
    await writers
    await it.again()
    const client = testClient(it.url).as(demo.acme.tenantId)
    const { data } = await client.get<{ title: string }[]>('/tasks?limit=100')
    expect(data.map(({ title }) => title)).toEqual(expect.arrayContaining(confirmed.slice(-50)))
  })

  test('Ctrl-C ends it with 0, and what was written is there the next time', async () => {
    expect((await addTask(it.url, 'Stay')).status).toBe(201)
    it.running.signal('SIGINT')
    expect(await it.running.exited).toBe(0)
    expect([it.running.stderr, it.running.log().at(-1)?.msg]).toEqual(['', 'stopped'])
    await it.again()
    expect(await titles(it.url, demo.acme.tenantId)).toContain('Stay')
  })

  test('seeds once: what was deleted stays deleted', async () => {
    const client = testClient(it.url).as(demo.globex.tenantId)
    expect((await client.delete(`/tasks/${demo.globex.taskId}`)).status).toBe(204)
    it.running.signal('SIGTERM')
    await it.running.exited
    await it.again()
    expect(await titles(it.url, demo.globex.tenantId)).toHaveLength(1)
  })
})

test('bun run up on a port in use says so, and can be started again', async () => {
  using folder = temporaryFolder()
  using occupant = Bun.serve({ port: 0, hostname: '127.0.0.1', fetch: () => new Response() })
  await using refused = up(folder.path, { PORT: String(occupant.port) })
  expect(await refused.exited).toBe(1)
  expect(refused.stderr).toContain(`Cannot listen on http://127.0.0.1:${occupant.port}`)
  await using second = up(folder.path)
  expect(await second.listening()).toStartWith('http://127.0.0.1:')
})

test('bun run up with a wrong setting says so, in one message', async () => {
  using folder = temporaryFolder()
  await using refused = up(folder.path, { PORT: 'many', LOG_LEVEL: 'loud' })
  expect(await refused.exited).toBe(1)
  expect(refused.stderr).toStartWith('The configuration is not right:\n')
  expect(refused.stderr.match(/^ {2}- /gm)).toHaveLength(2)
})

test('bun run up with DATABASE_URL makes no database of its own and seeds nothing', async () => {
  using folder = temporaryFolder()
  const database = await createDatabase()
  await using service = up(folder.path, { DATABASE_URL: database.appUrl })
  const url = await service.listening()
  expect(await titles(url, demo.acme.tenantId)).toEqual([])
  expect(await Array.fromAsync(new Bun.Glob('**').scan({ cwd: folder.path, dot: true }))).toEqual([])
  expect(await fixtures.userId(testClient(url).as(crypto.randomUUID()))).toBeString()
})
