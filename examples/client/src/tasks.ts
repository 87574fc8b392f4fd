import type { InferRequestType, InferResponseType } from 'hono/client'
import type { Client } from './client.ts'
import { ServiceError } from './service-error.ts'

type Calls = Client['tasks']

/** A task as it is in JSON: its dates are strings. */
export type Task = InferResponseType<Calls[':id']['$get'], 200>['data']
/** What {@link createTask} takes. */
export type NewTask = InferRequestType<Calls['$post']>['json']
/** What {@link changeTask} takes. */
export type TaskChange = InferRequestType<Calls[':id']['$patch']>['json']
type ListQuery = InferRequestType<Calls['$get']>['query']

/**
 * Lists tasks, newest first.
 *
 * @param query the page, counted from 1, and its size
 * @throws ServiceError
 */
export async function listTasks(client: Client, { page = 1, limit = 20 } = {}) {
  const response = await client.tasks.$get({ query: { page: String(page), limit: String(limit) } })
  const body = await response.json()
  if (!body.success) throw new ServiceError(body.error)
  return { tasks: body.data, pagination: body.meta.pagination }
}

/**
 * All tasks, page after page. What others create, change or delete meanwhile moves no page.
 *
 * @param query the order and the filters
 * @throws ServiceError
 * @example
 * for await (const task of allTasks(client, { sort: 'title', status: 'todo,in_progress' })) show(task)
 */
export async function* allTasks(client: Client, query: Pick<ListQuery, 'sort' | 'status'> = {}) {
  for (let cursor: string | null = ''; cursor !== null; ) {
    const response = await client.tasks.$get({ query: { ...query, cursor, limit: '100' } })
    const body = await response.json()
    if (!body.success) throw new ServiceError(body.error)
    yield* body.data
    const { pagination } = body.meta
    cursor = pagination.type === 'cursor' ? pagination.nextCursor : null
  }
}

/**
 * Creates a task. When the connection is lost, it sends the request again: under the same key nothing is created twice.
 *
 * @param key one for each task that the user creates
 * @returns the task, or what a form shows at its fields
 * @throws ServiceError
 */
export async function createTask(client: Client, task: NewTask, key: string = crypto.randomUUID()) {
  const send = () => client.tasks.$post({ json: task }, { headers: { 'Idempotency-Key': key } })
  const response = await send().catch(send)
  const body = await response.json()
  if (body.success) return { task: body.data }
  const { error } = body
  switch (error.code) {
    case 'VALIDATION_FAILED':
    case 'INVALID_REFERENCE':
      return { problems: error.details ?? [] }
    default:
      throw new ServiceError(error)
  }
}

/**
 * Sets the status of a task to `done`.
 *
 * @returns undefined when the tenant has no such task
 * @throws ServiceError
 */
export async function completeTask(client: Client, id: string): Promise<Task | undefined> {
  const response = await client.tasks[':id'].$patch({ param: { id }, json: { status: 'done' } })
  const body = await response.json()
  if (body.success) return body.data
  const { error } = body
  switch (error.code) {
    case 'NOT_FOUND':
      return undefined
    default:
      throw new ServiceError(error)
  }
}

/**
 * Reads a task and its version.
 *
 * @returns undefined when the tenant has no such task
 * @throws ServiceError
 */
export async function readTask(client: Client, id: string): Promise<{ task: Task; version: string } | undefined> {
  const response = await client.tasks[':id'].$get({ param: { id } })
  const body = await response.json()
  if (body.success) return { task: body.data, version: response.headers.get('ETag') ?? '' }
  const { error } = body
  switch (error.code) {
    case 'NOT_FOUND':
      return undefined
    default:
      throw new ServiceError(error)
  }
}

/**
 * Changes the version of a task that the user has seen.
 *
 * @returns the task, `changed` when somebody else was faster, or undefined when the tenant has no such task
 * @throws ServiceError
 */
export async function changeTask(client: Client, id: string, change: TaskChange, version: string) {
  const response = await client.tasks[':id'].$patch(
    { param: { id }, json: change },
    { headers: { 'If-Match': version } },
  )
  const body = await response.json()
  if (body.success) return body.data
  const { error } = body
  switch (error.code) {
    case 'NOT_FOUND':
      return undefined
    case 'PRECONDITION_FAILED':
      return 'changed'
    default:
      throw new ServiceError(error)
  }
}

/**
 * Deletes a task.
 *
 * @returns whether the tenant had it
 * @throws ServiceError
 */
export async function deleteTask(client: Client, id: string): Promise<boolean> {
  const response = await client.tasks[':id'].$delete({ param: { id }, query: {} })
  if (response.status === 204) return true
  const { error } = await response.json()
  switch (error.code) {
    case 'NOT_FOUND':
      return false
    default:
      throw new ServiceError(error)
  }
}
