import { describe, expect, test } from 'bun:test'
import type { Authentication, ClaimedTenant, Identity } from '../../src/context/index.ts'
import { tenantRoute } from '../../src/openapi/index.ts'
import { claim } from '../../src/resolution/index.ts'
import { deps } from '../app.ts'
import { newTenant, tenantIds } from '../tenants.ts'
import { build, failing, app as whole } from './http/app.ts'

// Each operation of the OpenAPI document, as callers with and without its permission. A new route is among them without being listed.

interface Operation {
  path: string
  method: string
  permission: string | undefined
  forbidden: string | undefined
}
const document: {
  paths: Record<
    string,
    Record<string, { 'x-permission'?: string; tags: string[]; responses: Record<string, { description: string }> }>
  >
} = await (await whole.request('/openapi.json')).json()
const operations: Operation[] = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods)
    .filter(([, { tags }]) => !tags.includes('health'))
    .map(([method, { responses, 'x-permission': permission }]) => ({
      ...{ path: path.replace('{id}', crypto.randomUUID()), method: method.toUpperCase() },
      ...{ permission, forbidden: responses[403]?.description },
    })),
)
const rows = operations.map((operation) => [operation.method, operation.path, operation] as const)

const [a, b] = [newTenant(), newTenant()]
const authOf = (identity: Identity): Authentication => ({ vary: [], verify: () => identity })

/** Sends each operation as a caller, to an app whose database throws: a refused caller must not reach it. */
async function send({ method, path }: Operation, tenants: readonly ClaimedTenant[]) {
  const { app } = failing(new Error('The database was asked'), {
    tenant: { from: claim(), auth: authOf({ actor: 'ada', tenants }), ...tenantIds },
  })
  const response = await app.request(path, { method, body: method === 'GET' ? undefined : '{' } as RequestInit)
  return { status: response.status, message: (await response.json()).error?.message }
}

test('every operation of tenants is among them', () => {
  expect(operations.length).toBeGreaterThanOrEqual(10)
})

/** The permissions that do not follow from the path and the method. */
const unusual: Record<string, string> = { 'POST /undo/{requestId}': 'requests:undo' }
/** What only owners may do. */
const ofOwners = ['requests:undo']

describe.each(rows)('%s %s', (_, __, operation) => {
  test('names its permission in the document, and in the response of a caller without it', () => {
    const [, path, , named] = operation.path.split('/')
    const resource = path?.replace('audit-log', 'audit')
    const action = named ?? { GET: 'read', DELETE: 'delete' }[operation.method] ?? 'write'
    expect(operation.permission).toBe(unusual[`${operation.method} ${operation.path}`] ?? `${resource}:${action}`)
    expect(operation.forbidden).toBe(`The request is not allowed. The caller needs ${operation.permission}`)
  })

  test('refuses a caller without a role in this tenant, before it parses the body or asks the database', async () => {
    const refused = { status: 403, message: `You need the permission ${operation.permission}` }
    expect(await send(operation, [{ id: a, roles: ['viewer'] }])).toEqual(refused)
    expect(await send(operation, [{ id: a, roles: [] }])).toEqual(refused)
  })

  const isOfOwners = ofOwners.includes(operation.permission ?? '')
  test(isOfOwners ? 'refuses a member, and no owner' : 'does not refuse a member', async () => {
    const statusFor = async (role: string) => (await send(operation, [{ id: a, roles: [role] }])).status
    expect((await statusFor('member')) === 403).toBe(isOfOwners)
    expect(await statusFor('owner')).not.toBe(403)
  })
})

test('an owner of one tenant who has no role in another one reads nothing there', async () => {
  const auth = authOf({
    actor: 'ada',
    tenants: [
      { id: a, roles: ['owner'] },
      { id: b, roles: [] },
    ],
  })
  const { as } = build({ tenant: { ...deps.tenant, auth } })
  expect([(await as(a).get('/tasks')).status, (await as(b).get('/tasks')).status]).toEqual([200, 403])
})

test('the log says why a caller was refused', async () => {
  const { app, lines } = build({
    tenant: { from: claim(), auth: authOf({ tenants: [{ id: a, roles: [] }] }), ...tenantIds },
  })
  await app.request('/tasks')
  expect(lines).toEqual([expect.objectContaining({ status: 403, refusal: 'missing-permission', tenant: a })])
})

describe('tenantRoute()', () => {
  const declaration = {
    method: 'get' as const,
    path: '/',
    operationId: 'listNotes',
    summary: 'Notes',
    tags: [],
    responses: {},
  }

  test('does not compile without a permission, and throws', () => {
    // @ts-expect-error permission is required
    expect(() => tenantRoute(declaration)).toThrow(TypeError)
  })

  test.each(['notes', 'notes.read', 'Notes:read', ':read', 'notes:', ''])('refuses the permission %p', (permission) => {
    const malformed = permission as `${string}:${string}` // as JavaScript could pass it
    expect(() => tenantRoute({ ...declaration, permission: malformed })).toThrow(
      'A permission must be words with a colon between them, such as tasks:write',
    )
  })
})
