import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { join } from 'node:path'
import { demo } from '../../src/features/demo.ts'
import { testClient } from '../../src/testing/index.ts'
import { fixtures } from '../app.ts'
import { createDatabase } from '../database.ts'
import { type Child, root, start, temporaryFolder, until } from './child.ts'

setDefaultTimeout(60_000)

/** `bun run up` in a folder, where it keeps its database. */
const up = (folder: string, environment: Record<string, string> = {}): Child =>
  start([process.execPath, join(root, 'src/cli/up.ts')], environment, folder)

const titles = async (url: string, tenant: string) =>
  (await testClient(url).as(tenant).get<{ title: string }[]>('/tasks')).data.map(({ title }) => title)

const addTask = (url: string, title: string) =>
  testClient(url).as(demo.acme.tenantId).post('/tasks', { title, userId: demo.acme.userId })

describe('bun run up', () => {
  const folder = temporaryFolder()
  let running: Child
  let url = ''
  beforeAll(async () => {
    running = up(folder.path)
    url = await running.listening()
  })
  afterAll(async () => {
    await running[Symbol.asyncDispose]()
    folder[Symbol.dispose]()
  })
  /** Ends what runs, and starts again on the same folder. */
  const again = async () => {
    await running[Symbol.asyncDispose]()
    running = up(folder.path)
    url = await running.listening()
  }

  test('from nothing, serves two demo tenants that do not see each other', async () => {
    expect((await titles(url, demo.acme.tenantId)).toSorted()).toEqual(['Draw the first plans', 'Order the bricks'])
    expect((await titles(url, demo.globex.tenantId)).toSorted()).toEqual(['Buy a hammock', 'Call the board'])
    expect(await titles(url, crypto.randomUUID())).toEqual([])
  })

  test('prints commands that work as they stand', async () => {
    const commands = await until(() => running.stdout.match(/curl .*/g) ?? undefined)
    expect(commands).toHaveLength(2)
    for (const command of commands) {
      const { stdout } = Bun.spawnSync(['sh', '-c', command])
      expect(JSON.parse(stdout.toString())).toMatchObject({ success: true, data: [{}, {}] })
    }
  })

  test('prints where the documentation is', async () => {
    const [, page = ''] = await until(() => running.stdout.match(/Docs +(\S+)/) ?? undefined)
    expect((await fetch(page)).status).toBe(200)
  })

  test('keeps tenants apart as the role app_user, though its login is a superuser', async () => {
    const { anonymous } = testClient(url)
    expect((await anonymous.get('/ready')).status).toBe(200)
  })

  test('a second one on the same folder says that one is running, and ends with 1', async () => {
    await using second = up(folder.path)
    expect(await second.exited).toBe(1)
    expect(second.stderr).toMatch(/^Rowhouse is running already from this folder .*\n$/)
    expect(second.stdout).toBe('')
    expect((await fetch(`${url}/health`)).status).toBe(200)
  })

  test('a task that was confirmed is there after kill -9', async () => {
    expect((await addTask(url, 'Survive')).status).toBe(201)
    running.signal('SIGKILL')
    await running.exited
    await again()
    expect(await titles(url, demo.acme.tenantId)).toContain('Survive')
  })

  test('kill -9 in the midst of writes loses none that was confirmed', async () => {
    const confirmed: string[] = []
    const write = async (writer: number) => {
      for (let n = 0; ; n += 1) {
        const title = `Writer ${writer}, task ${n}`
        if ((await addTask(url, title)).status === 201) confirmed.push(title)
      }
    }
    const writers = Promise.allSettled([1, 2, 3].map(write)) // each ends with its connection
    await until(() => confirmed.length >= 20)
    running.signal('SIGKILL')
    await writers
    await again()
    const client = testClient(url).as(demo.acme.tenantId)
    const { data } = await client.get<{ title: string }[]>('/tasks?limit=100')
    expect(data.map(({ title }) => title)).toEqual(expect.arrayContaining(confirmed.slice(-50)))
  })

  test('Ctrl-C ends it with 0, and what was written is there the next time', async () => {
    expect((await addTask(url, 'Stay')).status).toBe(201)
    running.signal('SIGINT')
    expect(await running.exited).toBe(0)
    expect([running.stderr, running.log().at(-1)?.msg]).toEqual(['', 'stopped'])
    await again()
    expect(await titles(url, demo.acme.tenantId)).toContain('Stay')
  })

  test('seeds once: what was deleted stays deleted', async () => {
    const client = testClient(url).as(demo.globex.tenantId)
    expect((await client.delete(`/tasks/${demo.globex.taskId}`)).status).toBe(204)
    running.signal('SIGTERM')
    await running.exited
    await again()
    expect(await titles(url, demo.globex.tenantId)).toHaveLength(1)
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
