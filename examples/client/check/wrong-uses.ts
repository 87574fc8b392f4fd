import type { Client } from '../src/client.ts'
import { ServiceError } from '../src/service-error.ts'
import { createTask, type Task } from '../src/tasks.ts'

// Each @ts-expect-error fails the compiler when the line below it compiles.

export const isMissing = async (client: Client, id: string) => {
  const response = await client.tasks[':id'].$get({ param: { id } })
  const body = await response.json()
  // @ts-expect-error the code is misspelt
  return !body.success && body.error.code === 'NOT_FOUNT'
}

export const leavesOutACode = async (client: Client, id: string) => {
  const response = await client.tasks[':id'].$get({ param: { id } })
  const body = await response.json()
  // @ts-expect-error NOT_FOUND has neither a case nor a sentence
  if (!body.success) throw new ServiceError(body.error)
}

export const leavesOutAField = (client: Client) =>
  // @ts-expect-error userId is missing
  createTask(client, { title: 'Order the bricks' })

export const setsAnUnknownStatus = (client: Client, id: string) =>
  // @ts-expect-error tasks have no such status
  client.tasks[':id'].$patch({ param: { id }, json: { status: 'finished' } })

// @ts-expect-error a date is a string in JSON
export const yearOf = ({ createdAt }: Task) => createdAt.getFullYear()

// @ts-expect-error the service has no such route
export const invoices = (client: Client) => client.invoices.$get()
