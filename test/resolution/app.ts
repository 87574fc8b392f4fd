import { Hono } from 'hono'
import { type TenantEnv, tenantContext, unverified } from '../../src/context/index.ts'
import { partsOf } from '../../src/context/internal.ts'
import { createErrorHandler } from '../../src/errors/index.ts'
import { type DirectoryEntry, type TenantDirectory, type TenantOptions, tenant } from '../../src/resolution/index.ts'
import { contextOf, newTenant, tenantIds } from '../tenants.ts'

/** An app that answers every route with the tenant context. Its callers are unverified, unless `auth` verifies them. */
export function newApp(options: Omit<TenantOptions, 'auth'> & Partial<TenantOptions>, at = '*') {
  const app = new Hono<TenantEnv>()
  app.onError(createErrorHandler())
  app.use(at, async (c, next) => {
    c.set('requestId', 'r-1')
    await next()
  })
  app.use(at, tenant({ auth: unverified(), ...tenantIds, ...options }))
  app.get(at, (c) => c.json(tenantContext()))
  return app
}

/** A tenant directory with these entries. */
export const directoryOf = (...tenants: DirectoryEntry[]): TenantDirectory => ({
  find: (wanted) => {
    const { kind, value } = partsOf(wanted)
    return tenants.find((entry) => (kind === 'domain' ? entry.domains?.includes(value) : entry[kind] === value))
  },
})

/** An entry for {@link directoryOf}, with a new id. */
export function newEntry(
  slug: string,
  status: DirectoryEntry['status'] = 'active',
  id: string = newTenant(),
): DirectoryEntry {
  return { id: contextOf(id).tenantId, slug, status }
}
