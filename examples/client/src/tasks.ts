import type { InferRequestType, InferResponseType } from 'hono/client'
import type { Client } from './client.ts'
import { ServiceError } from './service-error.ts'

type Calls = Client['tasks']

/** A task as it is in JSON: its dates are strings. */
export type Task = InferResponseType<Calls[':id']['$get'], 200>['data']
/** What {@link createTask} takes. */
export type NewTask = InferRequestType<Calls['$post']>['json']

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
 * Creates a task.
 *
 * @returns the task, or what a form shows at its fields
 * @throws ServiceError
 */
export async function createTask(client: Client, task: NewTask) {
  const response = await client.tasks.$post({ json: task })
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
 * Deletes a task.
 *
 * @returns whether the tenant had it
 * @throws ServiceError
 */
export async function deleteTask(client: Client, id: string): Promise<boolean> {
  const response = await client.tasks[':id'].$delete({ param: { id } })
  if (response.status === 204) return true
  const { error } = await response.json()
  switch (error.code) {
    case 'NOT_FOUND':
      return false
    default:
      throw new ServiceError(error)
  }
}
