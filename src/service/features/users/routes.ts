import { z } from '@hono/zod-openapi'
import { demo } from '../../../../db/schema/demo.ts'
import type { UserRow } from '../../../../db/schema/users.ts'
import type { Change } from '../../../audit/index.ts'
import { etagHeaders, notModified, rowOf, type WrittenRow } from '../../../conditions/index.ts'
import { authorize, type TenantEnv } from '../../../context/index.ts'
import type { TenantDatabase } from '../../../database/index.ts'
import { changesOf, followedListOf, ok, successOf } from '../../../envelope/index.ts'
import { ApiError, type Constraints } from '../../../errors/index.ts'
import { once } from '../../../idempotency/index.ts'
import { created, createRouter, id, json, jsonBody, tenantRoute } from '../../../openapi/index.ts'
import { deletionOf, permanentQuery } from '../../../trash/index.ts'
import { userChanges, userPages } from './pages.ts'
import {
  deleteUser,
  deleteUserForGood,
  findUser,
  insertUser,
  restoreUser,
  updateUser,
  userVersion,
} from './repository.ts'
import { CreateUser, ListedUser, UpdateUser, User, UserChange } from './schemas.ts'

export const userConstraints: Constraints = {
  users_tenant_id_email_key: { path: 'email', message: 'A user with this email exists already' },
}

/** The most bytes of a body: an e-mail and a name in their longest JSON form, with every character escaped. */
export const userBodyBytes = 8192

const tags = ['users']
const params = z.object({ id: id().openapi({ example: demo.acme.userId }) })

const toUser = (row: UserRow): z.input<typeof User> => ({
  id: row.id,
  email: row.email,
  name: row.name,
  createdAt: row.createdAt.toISOString(),
  updatedAt: row.updatedAt.toISOString(),
})

/** The user and its version. */
const shown = (row: UserRow) => ({ data: toUser(row), headers: etagHeaders(userVersion.etag(row.updatedAt)) })

const missing = () => new ApiError('NOT_FOUND', 'User not found')

/** The REST routes of a tenant's users. */
export const userRoutes = ({ db }: { db: TenantDatabase }) =>
  createRouter<TenantEnv>()
    .openapi(
      tenantRoute({
        method: 'get',
        path: '/',
        operationId: 'listUsers',
        permission: 'users:read',
        summary: 'List users, by default the newest first',
        tags,
        request: { query: userPages.query },
        responses: { 200: json(followedListOf(ListedUser), 'A page of users') },
      }),
      async (c) => {
        const query = c.req.valid('query')
        const { rows, meta } = await db.read((tx) => userPages.page(c, tx, query))
        return ok(
          c,
          rows.map((row) => ({ ...toUser(row), ...deletionOf(row) })),
          { meta },
        )
      },
    )
    .openapi(
      tenantRoute(
        {
          method: 'get',
          path: '/changes',
          operationId: 'listUserChanges',
          permission: 'users:read',
          summary: 'List what changed in users, the oldest change first',
          tags,
          request: { query: userChanges.query },
          responses: { 200: json(changesOf(UserChange), 'A page of changes') },
        },
        ['GONE'],
      ),
      async (c) => {
        const { changes, meta } = await userChanges.page(c, db, c.req.valid('query'))
        const toChange = ({ row, ...change }: Change<UserRow>) => ({ ...change, user: row && toUser(row) })
        return ok(c, changes.map(toChange), { meta })
      },
    )
    .openapi(
      tenantRoute(
        {
          method: 'post',
          path: '/',
          operationId: 'createUser',
          permission: 'users:write',
          idempotent: true,
          conditional: true,
          summary: 'Create a user',
          tags,
          request: { body: jsonBody(CreateUser, 'The new user') },
          responses: { 201: created(successOf(User, 201), 'The created user') },
        },
        ['CONFLICT'],
      ),
      (c) =>
        once(c, db, {
          work: (tx) => insertUser(tx, c.req.valid('json')),
          answer(row) {
            const { data, headers } = shown(row)
            return { status: 201, data, headers: { ...headers, Location: `/users/${row.id}` } }
          },
        }),
    )
    .openapi(
      tenantRoute(
        {
          method: 'get',
          path: '/{id}',
          operationId: 'getUser',
          permission: 'users:read',
          conditional: true,
          summary: 'Get a user',
          tags,
          request: { params },
          responses: { 200: json(successOf(User), 'The user') },
        },
        ['NOT_FOUND'],
      ),
      async (c) => {
        const { id } = c.req.valid('param')
        const row = await db.read((tx) => findUser(tx, id))
        if (!row) throw missing()
        return notModified(c, userVersion.etag(row.updatedAt)) ?? ok(c, toUser(row))
      },
    )
    .openapi(
      tenantRoute(
        {
          method: 'patch',
          path: '/{id}',
          operationId: 'updateUser',
          permission: 'users:write',
          idempotent: true,
          conditional: true,
          summary: 'Update a user',
          tags,
          request: { params, body: jsonBody(UpdateUser, 'What to change') },
          responses: { 200: json(successOf(User), 'The updated user') },
        },
        ['NOT_FOUND', 'CONFLICT'],
      ),
      (c) =>
        once(c, db, {
          work: (tx) => updateUser(tx, c.req.valid('param').id, c.req.valid('json'), userVersion.expected(c)),
          answer: (written) => shown(rowOf(written, missing)),
        }),
    )
    .openapi(
      tenantRoute(
        {
          method: 'delete',
          path: '/{id}',
          operationId: 'deleteUser',
          permission: 'users:delete',
          idempotent: true,
          conditional: true,
          summary: 'Delete a user who has no tasks',
          tags,
          request: { params, query: permanentQuery('users:purge') },
          responses: { 204: { description: 'The user is deleted' } },
        },
        ['NOT_FOUND', 'CONFLICT'],
      ),
      async (c) => {
        const { permanent = false } = c.req.valid('query')
        if (permanent) await authorize(c, 'users:purge')
        const remove = permanent ? deleteUserForGood : deleteUser
        return await once(c, db, {
          work: (tx) => remove(tx, c.req.valid('param').id, userVersion.expected(c)),
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
          operationId: 'restoreUser',
          permission: 'users:restore',
          idempotent: true,
          conditional: true,
          summary: 'Restore a deleted user',
          tags,
          request: { params },
          responses: { 200: json(successOf(User), 'The restored user') },
        },
        ['NOT_FOUND', 'CONFLICT'],
      ),
      (c) =>
        once(c, db, {
          work: (tx) => restoreUser(tx, c.req.valid('param').id),
          answer(row) {
            if (!row) throw new ApiError('NOT_FOUND', 'The trash has no such user')
            return shown(row)
          },
        }),
    )
