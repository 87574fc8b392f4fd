import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { statSync } from 'node:fs'
import { join } from 'node:path'
import postgres from 'postgres'
import { openEmbedded } from '../../db/embedded.ts'
import { demo } from '../../db/schema/demo.ts'
import { testClient } from '../../src/testing/index.ts'
import { parseDatabaseUrl } from '../../src/text/index.ts'
import { fixtures } from '../app.ts'
import { createDatabase } from '../database.ts'
import { addKeys } from '../worker/expired-keys.ts'
import { type Child, root, start, temporaryFolder, until } from './child.ts'

setDefaultTimeout(60_000)

/** `bun run up` in a folder, where its database stays. */
const up = (folder: string, environment: Record<string, string> = {}): Child =>
  start([process.execPath, join(root, 'src/runtime/up.ts')], environment, folder)

const titles = async (url: string, tenant: string) =>
  (await testClient(url).as(tenant).get<{ title: string }[]>('/tasks')).data.map(({ title }) => title)

const addTask = (url: string, title: string) =>
  testClient(url).as(demo.acme.tenantId).post('/tasks', { title, userId: demo.acme.userId })

/** Opens the database of a folder while the service does not run. */
async function asOwnerOf(folder: string, work: (owner: postgres.Sql) => Promise<unknown>): Promise<void> {
  const embedded = await openEmbedded(join(folder, '.rowhouse'))
  const { host, port } = parseDatabaseUrl(embedded.url)
  const owner = postgres(embedded.url, { host, port, max: 1, onnotice: () => {} })
  await work(owner)
  await owner.end()
  await embedded.close()
}

/** Has the database of a folder write the roles of a transaction into the description of each new task. */
const revealRoles = (folder: string) =>
  asOwnerOf(folder, (owner) =>
    owner.unsafe(`
    create function reveal_roles() returns trigger language plpgsql as $$
    begin
      new.description := format('role %s, login %s, superuser %s', current_user, session_user,
        (select rolsuper from pg_roles where rolname = session_user)::text);
      return new;
    end $$;
    create trigger reveal_roles before insert on tasks for each row execute function reveal_roles()`),
  )

/** A folder and the service that runs in it, for the tests of a block. */
function session() {
  const folder = temporaryFolder()
  const it = {
    folder: folder.path,
    running: undefined as unknown as Child, // beforeAll starts it
    url: '',
    /** Stops the service and starts it again in the same folder. */
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

describe('the first bun run up', () => {
  const first = session()

  test('serves two demo tenants that do not see each other', async () => {
    const [acme, globex] = [await titles(first.url, demo.acme.tenantId), await titles(first.url, demo.globex.tenantId)]
    expect(acme).toEqual(expect.arrayContaining(['Draw the first plans', 'Order the bricks']))
    expect(globex).toEqual(expect.arrayContaining(['Buy a hammock', 'Call the board']))
    expect(acme.filter((title) => globex.includes(title))).toEqual([])
    expect(await titles(first.url, crypto.randomUUID())).toEqual([])
  })

  test('prints commands that work unchanged', async () => {
    const commands = await until(() => first.running.stdout.match(/curl .*/g) ?? undefined)
    expect(commands).toHaveLength(2)
    for (const command of commands) {
      const { stdout } = Bun.spawnSync(['sh', '-c', command])
      const { success, data } = JSON.parse(stdout.toString())
      expect([success, data.length > 1]).toEqual([true, true])
    }
  })

  test('prints the URL of the documentation', async () => {
    const [, page = ''] = await until(() => first.running.stdout.match(/Docs +(\S+)/) ?? undefined)
    expect((await fetch(page)).status).toBe(200)
  })

  test('keeps its files where no other user of the machine can enter', () => {
    const modes = ['', '/postgres', '/postgres/base'].map((path) => statSync(`${first.folder}/.rowhouse${path}`).mode)
    expect(modes.map((mode) => mode & 0o777)).toEqual([0o700, 0o700, 0o700])
  })

  test('refuses a request under the name of another site', async () => {
    const headers = { Host: 'evil.example', 'X-Tenant-Id': demo.acme.tenantId }
    expect((await fetch(new URL('/tasks', first.url), { headers })).status).toBe(403)
  })

  test('a second start in the same folder reports the running one, and exits with 1', async () => {
    await using second = up(first.folder)
    expect(await second.exited).toBe(1)
    expect(second.stderr).toMatch(/^Rowhouse is already running with this folder .*\n$/)
    expect(second.stdout).toBe('')
    expect((await fetch(`${first.url}/health`)).status).toBe(200)
  })
})

// Each of these tests starts the service again: they take their time, so they run with DEEP=1 only.
const later = () => {
  const it = session()

  test('keeps tenants apart as the role app_user, though its login is a superuser', async () => {
    it.running.signal('SIGTERM')
    await it.running.exited
    await revealRoles(it.folder)
    await it.again()
    const { as } = testClient(it.url)
    const [acme, globex] = [as(demo.acme.tenantId), as(demo.globex.tenantId)]
    const task = { title: 'Of Acme', userId: demo.acme.userId }
    const { data } = await acme.post<{ id: string; description: string }>('/tasks', task)
    expect(data.description).toBe('role app_user, login postgres, superuser true')

    const found = async () => (await globex.get<{ id: string }[]>('/tasks')).data.map(({ id }) => id)
    expect(await found()).not.toContain(data.id)
    expect((await globex.get(`/tasks/${data.id}`)).status).toBe(404)
    expect((await globex.patch(`/tasks/${data.id}`, { title: 'Of Globex' })).status).toBe(404)
    expect((await globex.delete(`/tasks/${data.id}`)).status).toBe(404)
    expect((await globex.post('/tasks', task)).error?.code).toBe('INVALID_REFERENCE')
    expect((await acme.get<{ title: string }>(`/tasks/${data.id}`)).data.title).toBe('Of Acme')
    expect((await as(crypto.randomUUID()).get('/tasks')).data).toEqual([])
  })

  test('runs the worker on the embedded database', async () => {
    it.running.signal('SIGTERM')
    await it.running.exited
    await asOwnerOf(it.folder, (owner) => addKeys(owner, { expired: 2 }))
    await it.again()
    const done = await until(() => it.running.log().find(({ task }) => task === 'purge-idempotency-keys'))
    expect(done).toMatchObject({ level: 'info', rows: 2 })
  })

  test('a confirmed task survives kill -9', async () => {
    expect((await addTask(it.url, 'Survive')).status).toBe(201)
    it.running.signal('SIGKILL')
    await it.running.exited
    await it.again()
    expect(await titles(it.url, demo.acme.tenantId)).toContain('Survive')
  })

  test('kill -9 during writes loses no confirmed task', async () => {
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

  test('Ctrl-C exits with 0, and the next start has every task', async () => {
    expect((await addTask(it.url, 'Stay')).status).toBe(201)
    it.running.signal('SIGINT')
    expect(await it.running.exited).toBe(0)
    expect([it.running.stderr, it.running.log().at(-1)?.msg]).toEqual(['', 'stopped'])
    await it.again()
    expect(await titles(it.url, demo.acme.tenantId)).toContain('Stay')
  })

  test('on a used port reports it before it opens the database', async () => {
    using occupant = Bun.serve({ port: 0, hostname: '127.0.0.1', fetch: () => new Response() })
    await using refused = up(it.folder, { PORT: String(occupant.port) })
    expect(await refused.exited).toBe(1)
    // The database is open in the process that runs: this one has not come so far.
    expect(refused.stderr).toStartWith(`Cannot listen on http://127.0.0.1:${occupant.port}: `)
    expect(refused.stderr).toEndWith('\nChange HOST or PORT, or stop the process that listens there.\n')
  })

  test('seeds only once: a deleted task stays deleted', async () => {
    const client = testClient(it.url).as(demo.globex.tenantId)
    expect((await client.delete(`/tasks/${demo.globex.taskId}`)).status).toBe(204)
    it.running.signal('SIGTERM')
    await it.running.exited
    await it.again()
    expect(await titles(it.url, demo.globex.tenantId)).toHaveLength(1)
  })
}
if (process.env.DEEP) describe('a later bun run up', later)

test('bun run up reports a folder that it cannot write, in one message', async () => {
  using folder = temporaryFolder()
  await Bun.write(join(folder.path, '.rowhouse'), '')
  await using refused = up(folder.path)
  expect(await refused.exited).toBe(1)
  expect(refused.stderr).toBe(
    `Cannot open the database in ${join(folder.path, '.rowhouse')}: a file has its name. Delete or rename the file.\n`,
  )
})

test('bun run up listens on 127.0.0.1 unless HOST is set', async () => {
  using folder = temporaryFolder()
  const { appUrl } = await createDatabase()
  await using local = up(folder.path, { DATABASE_URL: appUrl, HOST: '' })
  await using open = up(folder.path, { DATABASE_URL: appUrl, HOST: '0.0.0.0' })
  expect(await local.listening()).toStartWith('http://127.0.0.1:')
  expect(await open.listening()).toStartWith('http://localhost:')
})

test('bun run up reports wrong settings in one message', async () => {
  using folder = temporaryFolder()
  await using refused = up(folder.path, { PORT: 'many', LOG_LEVEL: 'loud' })
  expect(await refused.exited).toBe(1)
  expect(refused.stderr).toStartWith('Invalid configuration:\n')
  expect(refused.stderr.match(/^ {2}- /gm)).toHaveLength(2)
})

test('bun run up with DATABASE_URL in a file starts no database of its own and seeds nothing', async () => {
  using folder = temporaryFolder()
  const database = await createDatabase()
  using secrets = temporaryFolder()
  const file = join(secrets.path, 'database_url')
  await Bun.write(file, database.appUrl)
  await using service = up(folder.path, { DATABASE_URL_FILE: file })
  const url = await service.listening()
  expect(await titles(url, demo.acme.tenantId)).toEqual([])
  const { hostname, port, pathname } = new URL(database.appUrl)
  const line = `Database: ${hostname}:${port}${pathname} (from DATABASE_URL; not migrated, not seeded)\n`
  await until(() => service.stdout.includes(line))
  expect(await Array.fromAsync(new Bun.Glob('**').scan({ cwd: folder.path, dot: true }))).toEqual([])
  expect(await fixtures.userId(testClient(url).as(crypto.randomUUID()))).toBeString()
})

test('bun run up reads each secret once, so that it can come from a pipe', async () => {
  using folder = temporaryFolder()
  const { appUrl } = await createDatabase()
  const command = `exec ${process.execPath} ${join(root, 'src/runtime/up.ts')} 9< <(printf %s ${'x'.repeat(32)})`
  const settings = {
    AUTH: 'jwt',
    JWT_ISSUER: 'https://issuer.example',
    JWT_AUDIENCE: 'api',
    JWT_SECRET_FILE: '/dev/fd/9',
  }
  await using service = start(['bash', '-c', command], { DATABASE_URL: appUrl, ...settings }, folder.path)
  expect((await fetch(new URL('/health', await service.listening()))).status).toBe(200)
})
