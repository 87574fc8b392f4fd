import { Hono } from 'hono'
import { type Authentication, type Identity, type TenantEnv, tenantContext } from '../../src/context/index.ts'
import { createErrorHandler } from '../../src/errors/index.ts'
import { header, type TenantExtractor, tenant } from '../../src/resolution/index.ts'

/** What the request says, else what the token says. */
const chosenOrOnly: TenantExtractor = {
  ...header('X-Tenant-Id'),
  extract: (c, identity) => c.req.header('X-Tenant-Id') ?? (identity?.tenants?.length === 1 ? identity.tenants[0] : ''),
}

export interface Seen {
  tenantId: string
  identity: Identity
  actor: string | null
}

/** A service with one route behind a trust, and what its listeners heard of refusals. */
export function createTrustedApp(auth: Authentication) {
  const refusals: string[] = []
  const app = new Hono<TenantEnv>()
  app.onError(createErrorHandler())
  app.use(tenant({ from: chosenOrOnly, auth, onAuthenticationFailed: ({ reason }) => refusals.push(reason) }))
  app.get('/tasks', (c) =>
    c.json({ tenantId: c.var.tenantId, identity: c.var.identity, actor: tenantContext()?.actor ?? null }),
  )
  const get = (headers: HeadersInit) => app.request('/tasks', { headers })
  return {
    app,
    refusals,
    get,
    withToken: (token: string, tenantId?: string) =>
      get({ Authorization: `Bearer ${token}`, ...(tenantId === undefined ? {} : { 'X-Tenant-Id': tenantId }) }),
  }
}

/** Looks again and again, while other work goes on, until it is so; the test's own timeout ends it. */
export async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await isSo())) await new Promise(setImmediate)
}

export const statusOf = async (response: Response | Promise<Response>): Promise<number> => (await response).status
