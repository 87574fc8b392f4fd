import { z } from '@hono/zod-openapi'
import type { TenantEnv } from '../context/index.ts'
import type { TenantDatabase } from '../database/index.ts'
import { successOf } from '../envelope/index.ts'
import { ApiError } from '../errors/index.ts'
import { once } from '../idempotency/index.ts'
import { createRouter, json, tenantRoute } from '../openapi/index.ts'
import { isRequestId } from '../text/index.ts'
import { undoRequest } from './undo.ts'

const UndoneChange = z
  .object({
    resource: z.string().openapi({ description: 'The table', example: 'tasks' }),
    id: z.string().openapi({ description: 'The primary key without the tenant; of several columns, an array in JSON' }),
    action: z.enum(['deleted', 'updated', 'restored']).openapi({ description: 'What the undo did to the row' }),
  })
  .openapi('UndoneChange')

const UndoneRequest = z.object({ requestId: z.string(), changes: z.array(UndoneChange) }).openapi('UndoneRequest')

const params = z.object({
  requestId: z
    .string()
    .refine(isRequestId, 'Must be the id of a request: 1 to 128 of A-Z, a-z, 0-9, "-", "_", "." and "~"')
    .openapi({
      minLength: 1,
      maxLength: 128,
      description: 'The `requestId` of the response to the request',
      example: '550e8400-e29b-41d4-a716-446655440000',
    }),
})

const query = z.strictObject({
  all: z
    .enum(['true', 'false'], 'Must be true or false')
    .transform((value) => value === 'true')
    .optional()
    .openapi({ type: 'boolean', description: 'Whether all transactions of the id are undone, where it names several' }),
})

/**
 * The route `POST /{requestId}`, which reverses what a request did: {@link undoRequest}. The caller needs `requests:undo`, which only
 * owners have.
 *
 * @example
 * app.route('/undo', undoRoutes({ db }))
 */
export const undoRoutes = ({ db }: { db: TenantDatabase }) =>
  createRouter<TenantEnv>().openapi(
    tenantRoute(
      {
        method: 'post',
        path: '/{requestId}',
        operationId: 'undoRequest',
        permission: 'requests:undo',
        idempotent: true,
        summary: 'Undo what a request of the last 24 hours did',
        tags: ['undo'],
        request: { params, query },
        responses: { 200: json(successOf(UndoneRequest), 'What was undone, the last change of the request first') },
      },
      ['NOT_FOUND', 'CONFLICT'],
    ),
    (c) => {
      const { requestId } = c.req.valid('param')
      return once(c, db, {
        work: (tx) => undoRequest(tx, requestId, c.req.valid('query')),
        answer(changes) {
          if (changes.length === 0) throw new ApiError('NOT_FOUND', 'No request with this id changed anything')
          return { data: { requestId, changes } }
        },
      })
    },
  )
