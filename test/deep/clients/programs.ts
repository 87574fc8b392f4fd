// The programs of generators.test.ts: what a front end writes around a generated client.

export const packages = [
  ...['openapi-typescript@7.13.0', 'openapi-fetch@0.17.0', '@hey-api/openapi-ts@0.95.0', 'orval@7.13.2'],
  'typescript@5.9.3',
]

export const globals = 'declare const process: { argv: string[] }\n'

/** What each program does with its client: the same calls, with the types of its generator. */
export const calls = `
const user = await createUser({ email: 'ada@example.com', name: 'Ada' })
if (!user.data) throw new Error(user.error.error.code)
const body = { title: 'Write it', userId: user.data.data.id }
const task = await createTask(body, 'one')
if (!task.data) throw new Error(task.error.error.code)
const again = await createTask(body, 'one')
const isReplayed = again.response?.headers.get('Idempotency-Replayed') === 'true'
await createTask({ ...body, title: 'Read it' }, 'two')
const createdAt: string = task.data.data.createdAt
const status: 'todo' | 'in_progress' | 'done' = task.data.data.status
const page = await listTasks({ limit: 1 })
if (!page.data) throw new Error(page.error.error.code)
const { pagination } = page.data.meta
if (pagination.type !== 'offset') throw new Error(pagination.type)
const total: number = pagination.total
const walked: string[] = []
let counted: number | undefined
for (let cursor: string | null = ''; cursor !== null; ) {
  const part = await listTasks({ cursor, limit: 1, sort: '-title', status: 'todo,done', count: true })
  if (!part.data) throw new Error(part.error.error.code)
  walked.push(...part.data.data.map(({ title }) => title))
  const { pagination: by } = part.data.meta
  if (by.type !== 'cursor') throw new Error(by.type)
  counted = by.total
  cursor = by.nextCursor
}
const missing = await getTask('00000000-0000-4000-8000-000000000000')
const taken = await createUser({ email: 'ada@example.com', name: 'Ada' })
const version = task.response?.headers.get('ETag') ?? ''
const changed = await updateTask(task.data.data.id, { status: 'done' }, version)
const late = await updateTask(task.data.data.id, { status: 'todo' }, version)
const codes: (string | undefined)[] = [missing, taken, late].map(({ error }) => error?.error.code)
const now = changed.data?.data.status
console.log(JSON.stringify({ status, total, counted, walked, dated: createdAt.length > 0, isReplayed, now, codes }))
`

/** Files of the generators themselves. */
export const configuration = {
  'orval.config.cjs': `module.exports = { api: { input: './openapi.json', output: { target: './orval.gen.ts', client: 'fetch',
    override: { mutator: { path: './send.ts', name: 'send' } } } } }\n`,
  'send.ts': `let baseUrl = ''
let credentials: Record<string, string> = {}
export const configure = (url: string, headers: Record<string, string>) => void ([baseUrl, credentials] = [url, headers])
export async function send<Answer>(path: string, init: RequestInit): Promise<Answer> {
  const response = await fetch(new URL(path, baseUrl), { ...init, headers: { ...init.headers, ...credentials } })
  return { status: response.status, data: await response.json(), headers: response.headers } as Answer
}\n`,
}

const parameters = `const [baseUrl = '', header = '', credential = ''] = process.argv.slice(2)\n`

export const generators = [
  {
    program: 'openapi-typescript',
    parameters: ['openapi.json', '-o', 'schema.ts'],
    client: `
import createClient from 'openapi-fetch'
import type { components, paths } from './schema.ts'
${parameters}
const client = createClient<paths>({ baseUrl, headers: { [header]: credential } })
const createUser = (body: components['schemas']['CreateUser']) => client.POST('/users', { body })
const createTask = (body: components['schemas']['CreateTask'], key: string) =>
  client.POST('/tasks', { body, params: { header: { 'Idempotency-Key': key } } })
const updateTask = (id: string, body: components['schemas']['UpdateTask'], version: string) =>
  client.PATCH('/tasks/{id}', { body, params: { path: { id }, header: { 'If-Match': version } } })
const listTasks = (query: { limit: number; cursor?: string; sort?: string; status?: string; count?: boolean }) => client.GET('/tasks', { params: { query } })
const getTask = (id: string) => client.GET('/tasks/{id}', { params: { path: { id } } })
`,
  },
  {
    program: 'openapi-ts',
    parameters: ['-i', 'openapi.json', '-o', 'hey-api'],
    // The credential goes to the scheme that the document names for it.
    client: `
import { client } from './hey-api/client.gen'
import * as api from './hey-api/index'
${parameters}
const isToken = header === 'Authorization'
client.setConfig({ baseUrl, auth: ({ type }) => (type === 'http') === isToken ? credential.replace('Bearer ', '') : undefined })
const createUser = (body: api.CreateUser) => api.createUser({ body })
const createTask = (body: api.CreateTask, key: string) => api.createTask({ body, headers: { 'Idempotency-Key': key } })
const updateTask = (id: string, body: api.UpdateTask, version: string) =>
  api.updateTask({ path: { id }, body, headers: { 'If-Match': version } })
const listTasks = (query: { limit: number; cursor?: string; sort?: string; status?: string; count?: boolean }) => api.listTasks({ query })
const getTask = (id: string) => api.getTask({ path: { id } })
`,
  },
  {
    program: 'orval',
    parameters: ['--config', './orval.config.cjs'],
    client: `
import * as api from './orval.gen'
import { configure } from './send'
${parameters}
configure(baseUrl, { [header]: credential })
async function createUser(body: api.CreateUser) {
  const answer = await api.createUser(body)
  return answer.status === 201 ? { data: answer.data } : { error: answer.data }
}
async function updateTask(id: string, body: api.UpdateTask, version: string) {
  const answer = await api.updateTask(id, body, { headers: { 'If-Match': version } })
  return answer.status === 200 ? { data: answer.data, response: answer } : { error: answer.data, response: answer }
}
async function createTask(body: api.CreateTask, key: string) {
  const answer = await api.createTask(body, { headers: { 'Idempotency-Key': key } })
  return answer.status === 201 ? { data: answer.data, response: answer } : { error: answer.data, response: answer }
}
async function listTasks(query: { limit: number; cursor?: string; sort?: string; status?: string; count?: boolean }) {
  const answer = await api.listTasks(query)
  return answer.status === 200 ? { data: answer.data } : { error: answer.data }
}
async function getTask(id: string) {
  const answer = await api.getTask(id)
  return answer.status === 200 ? { data: answer.data } : { error: answer.data }
}
`,
  },
]
