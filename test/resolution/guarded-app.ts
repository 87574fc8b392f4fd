import { Hono } from 'hono'
import { parseTenantId, type TenantEnv, tenantContext } from '../../src/context/index.ts'
import { createErrorHandler } from '../../src/errors/index.ts'
import { type DirectoryEntry, type TenantDirectory, type TenantOptions, tenant } from '../../src/resolution/index.ts'
import { newTenant } from '../database.ts'

/** An app whose every route answers with its tenant's context. */
export function guarded(options: TenantOptions, at = '*') {
  const app = new Hono<TenantEnv>()
  app.onError(createErrorHandler())
  app.use(at, async (c, next) => {
    c.set('requestId', 'r-1')
    await next()
  })
  app.use(at, tenant(options))
  app.get(at, (c) => c.json(tenantContext()))
  return app
}

/** A registry of tenants that a test made up. */
export const registryOf = (...tenants: DirectoryEntry[]): TenantDirectory => ({
  find: (wanted) => tenants.find(({ id, slug }) => ('id' in wanted ? id === wanted.id : slug === wanted.name)),
})

/** A tenant that is registered, in {@link registryOf}. */
export function registered(slug: string, status: DirectoryEntry['status'] = 'active'): DirectoryEntry {
  const id = parseTenantId(newTenant())
  if (id === undefined) throw new Error('newTenant() gave no tenant id')
  return { id, slug, status }
}
