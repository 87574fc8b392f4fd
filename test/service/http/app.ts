import { type AppOptions, createApp } from '../../../src/service/app.ts'
import { type TestClient, testClient } from '../../../src/testing/index.ts'
import { deps } from '../../app.ts'
import { newTenant, tenantIdType } from '../../tenants.ts'

/** The whole app on the shared database, with its test clients and the lines of its log. */
export function build(options: Partial<AppOptions> = {}) {
  const lines: Record<string, unknown>[] = []
  const write = (level: string) => (fields: object, message: string) => void lines.push({ level, message, ...fields })
  const log = { info: write('info'), warn: write('warn'), error: write('error') }
  const all = { ...deps, log, ...options }
  const app = createApp(all)
  return { app, lines, ...testClient(app, { tenantHeader: all.tenantHeader }) }
}

export const { app, lines, as, anonymous } = build()

/** The app on a database whose every call throws this. */
export const failing = (thrown?: unknown, options: Partial<AppOptions> = {}) => {
  const fail = () => Promise.reject(thrown)
  return build({ db: { read: fail, write: fail, close: async () => {}, tenantId: tenantIdType }, ...options })
}

/** The log line of a request. */
export const lineOf = (requestId: string | null, among = lines) => among.find((line) => line.requestId === requestId)

export interface User {
  id: string
  email: string
  name: string
  createdAt: string
  updatedAt: string
}

export interface Task {
  id: string
  title: string
  description: string | null
  status: 'todo' | 'in_progress' | 'done'
  userId: string
  createdAt: string
  updatedAt: string
}

export const newEmail = (): string => `${crypto.randomUUID()}@acme.example`

export async function createUser(client: TestClient, email = newEmail()): Promise<User> {
  return (await client.post<User>('/users', { email, name: 'Ada' })).data
}

export async function createTask(client: TestClient, title = 'Write the report'): Promise<Task> {
  const { id: userId } = await createUser(client)
  return (await client.post<Task>('/tasks', { title, userId })).data
}

/** The client of a new tenant with one user and one task. */
export async function newAcme() {
  const tenant = newTenant()
  const client = as(tenant)
  const task = await createTask(client)
  return { tenant, client, task, userId: task.userId }
}
