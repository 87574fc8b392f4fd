import { beforeAll, describe, expect, test } from 'bun:test'
import { join } from 'node:path'
import { closeAfterwards, main } from '../../database.ts'
import { startServer } from '../../runtime/child.ts'
import { newTenant } from '../../tenants.ts'
import { createFolder, runs, typeErrors } from '../kit/project.ts'

// Clients that a front end generates from /openapi.json: each compiles, and runs against the service.

const packages = ['openapi-typescript@7.13.0', 'openapi-fetch@0.17.0', '@hey-api/openapi-ts@0.95.0', 'typescript@5.9.3']

/** What each program does with its client: the same calls, with the types of its generator. */
const calls = `
const user = await createUser({ email: 'ada@example.com', name: 'Ada' })
if (!user.data) throw new Error(user.error.error.code)
const task = await createTask({ title: 'Write it', userId: user.data.data.id })
if (!task.data) throw new Error(task.error.error.code)
const createdAt: string = task.data.data.createdAt
const status: 'todo' | 'in_progress' | 'done' = task.data.data.status
const page = await listTasks({ limit: 1 })
if (!page.data) throw new Error(page.error.error.code)
const total: number = page.data.meta.pagination.total
const missing = await getTask('00000000-0000-4000-8000-000000000000')
const taken = await createUser({ email: 'ada@example.com', name: 'Ada' })
const codes: (string | undefined)[] = [missing.error?.error.code, taken.error?.error.code]
console.log(JSON.stringify({ status, total, dated: createdAt.length > 0, codes }))
`

const generators = [
  {
    name: 'openapi-typescript',
    command: ['openapi-typescript', 'openapi.json', '-o', 'generated.ts'],
    client: `
import createClient from 'openapi-fetch'
import type { components, paths } from './generated.ts'
const [baseUrl = '', tenantId = ''] = process.argv.slice(2)
const client = createClient<paths>({ baseUrl, headers: { 'X-Tenant-Id': tenantId } })
const createUser = (body: components['schemas']['CreateUser']) => client.POST('/users', { body })
const createTask = (body: components['schemas']['CreateTask']) => client.POST('/tasks', { body })
const listTasks = (query: { limit: number }) => client.GET('/tasks', { params: { query } })
const getTask = (id: string) => client.GET('/tasks/{id}', { params: { path: { id } } })
`,
  },
  {
    name: '@hey-api/openapi-ts',
    command: ['openapi-ts', '-i', 'openapi.json', '-o', 'generated'],
    client: `
import { client } from './generated/client.gen'
import * as api from './generated/index'
const [baseUrl = '', tenantId = ''] = process.argv.slice(2)
client.setConfig({ baseUrl, auth: tenantId })
const createUser = (body: api.CreateUser) => api.createUser({ body })
const createTask = (body: api.CreateTask) => api.createTask({ body })
const listTasks = (query: { limit: number }) => api.listTasks({ query })
const getTask = (id: string) => api.getTask({ path: { id } })
`,
  },
]

let folder = ''
let url = ''

beforeAll(async () => {
  folder = await createFolder({ 'package.json': '{ "type": "module", "private": true }' })
  const server = startServer({ DATABASE_URL: main.appUrl })
  closeAfterwards({ close: async () => server[Symbol.asyncDispose]() })
  const installed = runs(['npm', 'install', '--prefer-offline', '--no-audit', '--no-fund', ...packages], folder)
  url = await server.listening()
  await Bun.write(join(folder, 'openapi.json'), await (await fetch(`${url}/openapi.json`)).text())
  await installed
}, 300_000)

for (const {
  name,
  command: [program = '', ...parameters],
  client,
} of generators)
  describe(name, () => {
    const module = `${program}.ts`
    const bundler = [
      '--module',
      'esnext',
      '--moduleResolution',
      'bundler',
      '--lib',
      'es2023,dom,dom.iterable',
      '--noEmit',
    ]

    beforeAll(async () => {
      await runs([join(folder, 'node_modules/.bin', program), ...parameters], folder)
      const globals = 'declare const process: { argv: string[] }\n'
      await Bun.write(join(folder, module), `${client.trimStart()}${globals}${calls}export {}\n`)
    }, 60_000)

    test('generates a client that compiles', async () => {
      expect(await typeErrors(folder, [module], bundler)).toEqual([])
    }, 60_000)

    test('the client creates, reads a page, and gets failures as values', async () => {
      const tenantId = newTenant()
      const output = await runs([process.execPath, module, url, tenantId], folder)
      expect(JSON.parse(output)).toEqual({
        status: 'todo',
        total: 1,
        dated: true,
        codes: ['NOT_FOUND', 'CONFLICT'],
      })
    })
  })
