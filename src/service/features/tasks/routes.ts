import { z } from '@hono/zod-openapi'
import { demo } from '../../../../db/schema/demo.ts'
import type { TaskRow } from '../../../../db/schema/tasks.ts'
import type { Change } from '../../../audit/index.ts'
import { etagHeaders, notModified, rowOf, type WrittenRow } from '../../../conditions/index.ts'
import { authorize, type TenantEnv } from '../../../context/index.ts'
import type { TenantDatabase } from '../../../database/index.ts'
import { changesOf, followedListOf, ok, successOf } from '../../../envelope/index.ts'
import { ApiError, type Constraints } from '../../../errors/index.ts'
import { once } from '../../../idempotency/index.ts'
import { created, createRouter, id, json, jsonBody, tenantRoute } from '../../../openapi/index.ts'
import { deletionOf, permanentQuery } from '../../../trash/index.ts'
import { taskChanges, taskPages } from './pages.ts'
import {
  deleteTask,
  deleteTaskForGood,
  findTask,
  insertTask,
  restoreTask,
  taskVersion,
  updateTask,
} from './repository.ts'
import { CreateTask, ListedTask, Task, TaskChange, UpdateTask } from './schemas.ts'

export const taskConstraints: Constraints = {
  tasks_tenant_id_user_id_fkey: { path: 'userId', message: 'No user has this id' },
}

const tags = ['tasks']
const params = z.object({ id: id().openapi({ example: demo.acme.taskId }) })

const toTask = (row: TaskRow): z.input<typeof Task> => ({
  id: row.id,
  title: row.title,
  description: row.description,
  status: row.status,
  userId: row.userId,
  createdAt: row.createdAt.toISOString(),
  updatedAt: row.updatedAt.toISOString(),
})

/** The task and its version. */
const shown = (row: TaskRow) => ({ data: toTask(row), headers: etagHeaders(taskVersion.etag(row.updatedAt)) })

const missing = () => new ApiError('NOT_FOUND', 'Task not found')

/** The REST routes of a tenant's tasks. */
export const taskRoutes = ({ db }: { db: TenantDatabase }) =>
  createRouter<TenantEnv>()
    .openapi(
      tenantRoute({
        method: 'get',
        path: '/',
        operationId: 'listTasks',
        permission: 'tasks:read',
        summary: 'List tasks, by default the newest first',
        tags,
        request: { query: taskPages.query },
        responses: { 200: json(followedListOf(ListedTask), 'A page of tasks') },
      }),
      async (c) => {
        const query = c.req.valid('query')
        const { rows, meta } = await db.read((tx) => taskPages.page(c, tx, query))
        return ok(
          c,
          rows.map((row) => ({ ...toTask(row), ...deletionOf(row) })),
          { meta },
        )
      },
    )
    .openapi(
      tenantRoute(
        {
          method: 'get',
          path: '/changes',
          operationId: 'listTaskChanges',
          permission: 'tasks:read',
          summary: 'List what changed in tasks, the oldest change first',
          tags,
          request: { query: taskChanges.query },
          responses: { 200: json(changesOf(TaskChange), 'A page of changes') },
        },
        ['GONE'],
      ),
      async (c) => {
        const { changes, meta } = await taskChanges.page(c, db, c.req.valid('query'))
        const toChange = ({ row, ...change }: Change<TaskRow>) => ({ ...change, task: row && toTask(row) })
        return ok(c, changes.map(toChange), { meta })
      },
    )
    .openapi(
      tenantRoute(
        {
          method: 'post',
          path: '/',
          operationId: 'createTask',
          permission: 'tasks:write',
          idempotent: true,
          conditional: true,
          summary: 'Create a task',
          tags,
          request: { body: jsonBody(CreateTask, 'The new task') },
          responses: { 201: created(successOf(Task, 201), 'The created task') },
        },
        ['INVALID_REFERENCE', 'CONFLICT'],
      ),
      (c) =>
        once(c, db, {
          work: (tx) => insertTask(tx, c.req.valid('json')),
          answer(row) {
            const { data, headers } = shown(row)
            return { status: 201, data, headers: { ...headers, Location: `/tasks/${row.id}` } }
          },
        }),
    )
    .openapi(
      tenantRoute(
        {
          method: 'get',
          path: '/{id}',
          operationId: 'getTask',
          permission: 'tasks:read',
          conditional: true,
          summary: 'Get a task',
          tags,
          request: { params },
          responses: { 200: json(successOf(Task), 'The task') },
        },
        ['NOT_FOUND'],
      ),
      async (c) => {
        const { id } = c.req.valid('param')
        const row = await db.read((tx) => findTask(tx, id))
        if (!row) throw missing()
        return notModified(c, taskVersion.etag(row.updatedAt)) ?? ok(c, toTask(row))
      },
    )
    .openapi(
      tenantRoute(
        {
          method: 'patch',
          path: '/{id}',
          operationId: 'updateTask',
          permission: 'tasks:write',
          idempotent: true,
          conditional: true,
          summary: 'Update a task',
          tags,
          request: { params, body: jsonBody(UpdateTask, 'What to change') },
          responses: { 200: json(successOf(Task), 'The updated task') },
        },
        ['NOT_FOUND', 'CONFLICT'],
      ),
      (c) =>
        once(c, db, {
          work: (tx) => updateTask(tx, c.req.valid('param').id, c.req.valid('json'), taskVersion.expected(c)),
          answer: (written) => shown(rowOf(written, missing)),
        }),
    )
    .openapi(
      tenantRoute(
        {
          method: 'delete',
          path: '/{id}',
          operationId: 'deleteTask',
          permission: 'tasks:delete',
          idempotent: true,
          conditional: true,
          summary: 'Delete a task',
          tags,
          request: { params, query: permanentQuery('tasks:purge') },
          responses: { 204: { description: 'The task is deleted' } },
        },
        ['NOT_FOUND', 'CONFLICT'],
      ),
      async (c) => {
        const { permanent = false } = c.req.valid('query')
        if (permanent) await authorize(c, 'tasks:purge')
        const remove = permanent ? deleteTaskForGood : deleteTask
        return await once(c, db, {
          work: (tx) => remove(tx, c.req.valid('param').id, taskVersion.expected(c)),
          answer(written: WrittenRow<{ id?: string }>) {
            rowOf(written, missing)
            return { status: 204 }
          },
        })
      },
    )
    .openapi(
      tenantRoute(
        {
          method: 'post',
          path: '/{id}/restore',
          operationId: 'restoreTask',
          permission: 'tasks:restore',
          idempotent: true,
          conditional: true,
          summary: 'Restore a deleted task',
          tags,
          request: { params },
          responses: { 200: json(successOf(Task), 'The restored task') },
        },
        ['NOT_FOUND', 'CONFLICT'],
      ),
      (c) =>
        once(c, db, {
          work: (tx) => restoreTask(tx, c.req.valid('param').id),
          answer(row) {
            if (!row) throw new ApiError('NOT_FOUND', 'The trash has no such task')
            return shown(row)
          },
        }),
    )
