import { afterAll, beforeAll, expect, test } from 'bun:test'
import { join } from 'node:path'
import { SignJWT } from 'jose'
import { z } from 'zod'
import { demo } from '../../../db/schema/demo.ts'
import { type Client, createClient } from '../../../examples/client/src/client.ts'
import {
  allTasks,
  changeTask,
  completeTask,
  createTask,
  deleteTask,
  listTasks,
  readTask,
} from '../../../examples/client/src/tasks.ts'
import { createUser } from '../../../examples/client/src/users.ts'
import { run } from '../../cli/run.ts'
import { main } from '../../database.ts'
import { startServer } from '../../runtime/child.ts'
import { newTenant } from '../../tenants.ts'
import { commandsOf, root, runs } from '../kit/project.ts'
import { startService } from '../pages/service.ts'

// The front end of examples/client against the service.

const SourceMap = z.looseObject({ sources: z.array(z.string()) })
const unknownId = '00000000-0000-4000-8000-000000000000'
let service: Awaited<ReturnType<typeof startService>>
let acme: Client

beforeAll(async () => {
  service = await startService()
  acme = createClient({ baseUrl: service.url, tenantId: demo.acme.tenantId })
}, 120_000)
afterAll(() => service[Symbol.asyncDispose]())

test('compiles, and its wrong uses do not', async () => {
  const compile = ['node_modules/.bin/tsc', '-p', 'examples/client', '--pretty', 'false']
  expect(await run(compile, root)).toEqual({ code: 0, stdout: '', stderr: '' })
}, 120_000)

test('prints the tasks of Acme with the command of its README', async () => {
  const command = (await commandsOf('examples/client/README.md')).find((line) => line.includes('main.ts'))
  const printed = await runs(['sh', '-c', `${command} ${service.url}`], root)
  expect(printed).toMatch(/^\d{4}-\d\d-\d\d {2}todo {2}Order the bricks$/m)
  expect(printed).toContain('Draw the first plans')
})

test('has no code of the service in its bundle', async () => {
  const entrypoints = [join(root, 'examples/client/src/main.ts')]
  const { outputs } = await Bun.build({ entrypoints, target: 'browser', sourcemap: 'external' })
  const { sources } = SourceMap.parse(await outputs.find(({ kind }) => kind === 'sourcemap')?.json())
  expect(sources).toContain('examples/client/src/tasks.ts')
  const foreign = sources.filter((path) => !/^(?:examples\/client\/src|node_modules\/hono\/dist)\//.test(path))
  expect(foreign).toEqual([])
})

test('creates, completes, lists and deletes a task', async () => {
  const { task } = await createTask(acme, { title: 'Paint the door', userId: demo.acme.userId })
  const id = task?.id ?? ''
  expect(await completeTask(acme, id)).toMatchObject({ title: 'Paint the door', status: 'done' })
  const [newest] = (await listTasks(acme, { limit: 1 })).tasks
  expect(newest?.id).toBe(id)
  expect([await deleteTask(acme, id), await deleteTask(acme, id)]).toEqual([true, false])
})

test('walks all tasks by cursor, in an order and with a filter', async () => {
  const tenant = createClient({ baseUrl: service.url, tenantId: newTenant() })
  const { user } = await createUser(tenant, { email: 'ada@globex.example', name: 'Ada' })
  const titles = Array.from({ length: 103 }, (_, index) => `Task ${String(index).padStart(3, '0')}`)
  const created = titles.map((title) => createTask(tenant, { title, userId: user?.id ?? '' }))
  const [first] = await Promise.all(created)
  await completeTask(tenant, first?.task?.id ?? '')
  const seen: string[] = []
  for await (const { title } of allTasks(tenant, { sort: 'title', status: 'todo' })) seen.push(title)
  expect(seen).toEqual(titles.slice(1))
})

test('creates a task once, although the first response is lost', async () => {
  const fetched = globalThis.fetch
  let sent = 0
  const lossy = async (...request: Parameters<typeof fetch>) => {
    const response = await fetched(...request)
    sent += 1
    if (sent === 1) throw new TypeError('the connection was lost')
    return response
  }
  const tenant = createClient({ baseUrl: service.url, tenantId: newTenant() })
  const { user } = await createUser(tenant, { email: 'ada@globex.example', name: 'Ada' })
  globalThis.fetch = Object.assign(lossy, fetched)
  try {
    await createTask(tenant, { title: 'Paint the wall', userId: user?.id ?? '' })
  } finally {
    globalThis.fetch = fetched
  }
  expect((await listTasks(tenant)).pagination.total).toBe(1)
})

test('changes only the version that it has read', async () => {
  const { task } = await createTask(acme, { title: 'Paint the roof', userId: demo.acme.userId })
  const id = task?.id ?? ''
  const { version = '' } = (await readTask(acme, id)) ?? {}
  expect(await changeTask(acme, id, { title: 'Paint the roof red' }, version)).toMatchObject({
    title: 'Paint the roof red',
  })
  expect(await changeTask(acme, id, { title: 'Paint the roof blue' }, version)).toBe('changed')
  await deleteTask(acme, id)
  expect(await changeTask(acme, id, { title: 'Paint it' }, version)).toBeUndefined()
})

test('finds no task of another tenant', async () => {
  expect(await completeTask(acme, demo.globex.taskId)).toBeUndefined()
  const response = await acme.tasks[':id'].$get({ param: { id: demo.globex.taskId } })
  if (response.status !== 404) throw new Error(`The status is ${response.status}`)
  const code: 'NOT_FOUND' = (await response.json()).error.code
  expect(code).toBe('NOT_FOUND')
})

test('shows a used email and an unknown user at their fields', async () => {
  const user = { email: 'ada@acme.example', name: 'Ada' }
  expect(await createUser(acme, user)).toMatchObject({ problems: [{ path: 'email' }] })
  expect(await createTask(acme, { title: 'Paint it', userId: unknownId })).toMatchObject({
    problems: [{ path: 'userId' }],
  })
  const response = await acme.users.$post({ json: user })
  if (response.status !== 409) throw new Error(`The status is ${response.status}`)
  const code: 'CONFLICT' = (await response.json()).error.code
  expect(code).toBe('CONFLICT')
})

test('fails with the sentence of a code that no call handles', async () => {
  const withoutTenant = listTasks(createClient({ baseUrl: service.url }))
  await expect(withoutTenant).rejects.toMatchObject({ code: 'FORBIDDEN', message: 'You may not do this' })
})

test('sends the token that it was given', async () => {
  const secret = 'a secret that issuer and service share'
  const claims = { iss: 'issuer', aud: 'api', sub: 'alice', exp: 1e10, tenant_id: newTenant(), role: 'owner' }
  const jwt = new SignJWT(claims).setProtectedHeader({ alg: 'HS256' })
  const settings = { AUTH: 'jwt', JWT_SECRET: secret, JWT_ISSUER: 'issuer', JWT_AUDIENCE: 'api' }
  await using server = startServer({ DATABASE_URL: main.appUrl, ...settings })
  const baseUrl = await server.listening()
  await expect(listTasks(createClient({ baseUrl }))).rejects.toMatchObject({ code: 'UNAUTHORIZED' })
  const token = await jwt.sign(new TextEncoder().encode(secret))
  expect((await listTasks(createClient({ baseUrl, token }))).tasks).toEqual([])
})
