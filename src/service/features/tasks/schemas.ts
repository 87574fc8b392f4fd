import { z } from '@hono/zod-openapi'
import { demo } from '../../../../db/schema/demo.ts'
import { taskStatuses } from '../../../../db/schema/tasks.ts'
import { changeFields } from '../../../audit/index.ts'
import { id, text } from '../../../openapi/index.ts'
import { deletionFields } from '../../../trash/index.ts'

const fields = {
  title: text({ min: 1, max: 200, trim: true }).openapi({ example: 'Set up the CI pipeline' }),
  description: text({ max: 10_000 }).nullable().openapi({ example: 'Tests on every push' }),
  status: z.enum(taskStatuses).openapi('TaskStatus', { example: 'todo' }),
  userId: id().openapi({ example: demo.acme.userId }),
}

export const CreateTask = z
  .strictObject({ title: fields.title, description: fields.description.optional(), userId: fields.userId })
  .openapi('CreateTask')
export type CreateTask = z.infer<typeof CreateTask>

export const UpdateTask = z
  .strictObject({ title: fields.title, description: fields.description, status: fields.status })
  .partial()
  .refine((body) => Object.keys(body).length > 0, 'Give at least one of title, description, status')
  .openapi('UpdateTask', { minProperties: 1, example: { status: 'done' } })
export type UpdateTask = z.infer<typeof UpdateTask>

export const Task = z
  .object({ id: id(), ...fields, createdAt: z.iso.datetime(), updatedAt: z.iso.datetime() })
  .openapi('Task')
export type Task = z.infer<typeof Task>

/** A task of a list: a deleted one says when it was deleted, and by whom. */
export const ListedTask = z.object({ ...Task.shape, ...deletionFields }).openapi('ListedTask')

export const TaskChange = z
  .object({
    ...changeFields,
    task: z.union([Task, z.null()]).openapi({ description: 'As it is now; null when it is not there' }),
  })
  .openapi('TaskChange')
