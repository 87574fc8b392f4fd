import type { Authentication, Identity } from '../../src/context/index.ts'
import type { TenantDatabase } from '../../src/database/index.ts'
import { header } from '../../src/resolution/index.ts'
import { createApp } from '../../src/service/app.ts'
import { testClient } from '../../src/testing/index.ts'
import { deps } from '../app.ts'
import { owner } from '../database/shared-database.ts'
import { db, main, open } from '../database.ts'
import { newTenant, tenantIds } from '../tenants.ts'

/** The caller is what the header X-Actor says, with the roles of X-Roles. */
const named: Authentication = {
  vary: ['X-Actor', 'X-Roles'],
  verify: (c): Identity => ({
    tenants: 'any',
    roles: (c.req.header('X-Roles') ?? 'owner').split(','),
    actor: c.req.header('X-Actor') ?? 'ada',
  }),
}

/** The service with callers of a name. */
export const serviceOn = (database: TenantDatabase) =>
  testClient(createApp({ ...deps, db: database, tenant: { from: header('X-Tenant-Id'), auth: named, ...tenantIds } }))
const service = serviceOn(db)

/** A pool of five for many requests at once. */
export const serviceOnFive = () => serviceOn(open(main, 5))

/** Sends requests of one tenant with a key. */
export function callerOf(tenant = newTenant(), on = service) {
  const client = on.as(tenant)
  return {
    tenant,
    client,
    send<Data = { id: string }>(
      method: string,
      path: string,
      { key, body, headers = {} }: { key?: string; body?: unknown; headers?: Record<string, string> } = {},
    ) {
      const isText = typeof body === 'string'
      return client.send<Data>(method, path, {
        ...(body === undefined ? {} : { body: isText ? body : JSON.stringify(body) }),
        headers: {
          ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
          ...(key === undefined ? {} : { 'Idempotency-Key': key }),
          ...headers,
        },
      })
    },
    /** The number of the tenant's users, as the owner counts them. */
    async users(): Promise<number> {
      const [row] = await owner`select count(*)::int as count from users where tenant_id = ${tenant}`
      return row?.count
    },
  }
}

export const newKey = () => crypto.randomUUID()
export const newUser = () => ({ email: `${crypto.randomUUID()}@rowhouse.example`, name: 'Ada' })
