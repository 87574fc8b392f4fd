import { afterEach, expect, setSystemTime, test } from 'bun:test'
import { createIsolationCheck, type Finding, type IsolationCheck } from '../../src/isolation/index.ts'
import { loadConfig } from '../../src/service/config/config.ts'
import { createReadiness } from '../../src/service/readiness.ts'
import { createService } from '../../src/service/service.ts'
import { deps } from '../app.ts'
import { asOwner, createDatabase, main } from '../database.ts'
import { startPostgres } from '../postgres.ts'

afterEach(() => {
  setSystemTime()
})
const later = (ms: number) => setSystemTime(Date.now() + ms)

/** The readiness of a service that counts its looks at the catalogue, and the lines of its log. */
function createReady(url = main.appUrl, behind = true) {
  const isolation = createIsolationCheck({ url })
  const looks: Promise<Finding[]>[] = []
  const counting: IsolationCheck = {
    ...isolation,
    inspect() {
      const look = isolation.inspect()
      looks.push(look)
      return look
    },
  }
  const lines: unknown[] = []
  const write = (fields: object, message: string) => void lines.push({ ...fields, message })
  const readiness = createReadiness({ isolation: counting, log: { info: write, warn: write, error: write }, behind })
  return {
    ...readiness,
    errors: async () => (await readiness.inspect()).filter(({ level }) => level === 'error').map(({ check }) => check),
    looks,
    lines,
    [Symbol.asyncDispose]: () => isolation.close(),
  }
}

test('a service that is asked ten times looks at the catalogue once', async () => {
  await using ready = createReady()
  for (let n = 0; n < 10; n += 1) await ready.inspect()
  expect(ready.looks).toHaveLength(1)
})

test('the first requests share one look', async () => {
  await using ready = createReady()
  await Promise.all(Array.from({ length: 10 }, () => ready.inspect()))
  expect(ready.looks).toHaveLength(1)
})

test('the findings of the start are used', async () => {
  await using ready = createReady()
  ready.remember([])
  expect([await ready.inspect(), ready.looks]).toEqual([[], []])
})

test('findings of some seconds are used, and one look behind the answers renews them', async () => {
  const database = await createDatabase()
  await using ready = createReady(database.appUrl)
  expect(await ready.errors()).toEqual([])
  await asOwner(database)`alter table tasks disable row level security`
  later(5000)
  expect(await Promise.all([ready.errors(), ready.errors()])).toEqual([[], []])
  await Promise.all(ready.looks)
  expect([await ready.errors(), ready.looks.length]).toEqual([['row-security-enabled'], 2])
})

test('old findings are not used', async () => {
  const database = await createDatabase()
  await using ready = createReady(database.appUrl)
  await ready.inspect()
  await asOwner(database)`alter table tasks disable row level security`
  later(30_000)
  expect(await ready.errors()).toEqual(['row-security-enabled'])
})

test('errors are remembered for one second', async () => {
  const database = await createDatabase()
  const owner = asOwner(database)
  await owner`alter table tasks disable row level security`
  await using ready = createReady(database.appUrl)
  await ready.inspect()
  expect([await ready.errors(), ready.looks.length]).toEqual([['row-security-enabled'], 1])
  await owner`alter table tasks enable row level security`
  later(1000)
  expect([await ready.errors(), ready.looks.length]).toEqual([[], 2])
})

test('the log names check and object once when an error appears, and once when none is left', async () => {
  const database = await createDatabase()
  const owner = asOwner(database)
  await using ready = createReady(database.appUrl)
  const ask = async () => {
    later(30_000)
    for (let n = 0; n < 3; n += 1) await ready.inspect()
    later(30_000)
    await ready.inspect()
  }
  await ask()
  expect(ready.lines).toEqual([])
  await owner`alter table tasks disable row level security`
  await ask()
  const fault = { check: 'row-security-enabled', guarantee: 12, object: 'public.tasks' }
  expect(ready.lines).toEqual([{ ...fault, message: 'not ready: the isolation check found an error' }])
  await owner`alter table tasks enable row level security`
  await ask()
  expect(ready.lines.slice(1)).toEqual([{ message: 'ready again: the isolation check finds no error' }])
})

test('a Worker looks before it answers, because nothing runs behind an answer', async () => {
  await using ready = createReady(main.appUrl, false)
  await ready.inspect()
  await ready.inspect()
  later(5000)
  await ready.inspect()
  expect(ready.looks).toHaveLength(2)
})

test('a lost database is an error at once, and fresh findings follow when it returns', async () => {
  const server = await startPostgres()
  await using ready = createReady(server.ownerUrl)
  await ready.inspect()
  await server.crash()
  await expect(ready.inspect()).rejects.toMatchObject({ code: 'SERVICE_UNAVAILABLE' })
  await server.restart()
  await ready.inspect()
  expect(ready.looks).toHaveLength(2)
  await server.stop()
})

test('/ready of a service uses the findings of its start', async () => {
  const isolation = createIsolationCheck({ url: main.appUrl })
  let looks = 0
  const inspect = () => {
    looks += 1
    return isolation.inspect()
  }
  const config = loadConfig({ DATABASE_URL: main.appUrl })
  const { log, loadDocsAsset } = deps
  const service = await createService({ config, log, loadDocsAsset, isolation: () => ({ ...isolation, inspect }) })
  await service.assertIsolation()
  expect([(await service.app.request('/ready')).status, looks]).toEqual([200, 1])
  await service.close()
})

test('/ready is 503 while the tenant directory is missing, where the service needs it', async () => {
  const database = await createDatabase()
  const status = async (TENANT_DIRECTORY: string) => {
    const config = loadConfig({ DATABASE_URL: database.appUrl, TENANT_DIRECTORY })
    const service = await createService({ config, log: deps.log, loadDocsAsset: deps.loadDocsAsset })
    const response = await service.app.request('/ready')
    await service.close()
    return response.status
  }
  expect(await status('required')).toBe(200)
  await asOwner(database)`revoke execute on function tenancy.find_tenant(text, text) from app_user`
  expect(await status('required')).toBe(503)
  await asOwner(database)`drop function tenancy.find_tenant(text, text)`
  expect(await status('required')).toBe(503)
  expect(await status('off')).toBe(200)
})
