import { Hono } from 'hono'
import { type Authentication, type TenantEnv, tenantContext } from '../../src/context/index.ts'
import { createErrorHandler } from '../../src/errors/index.ts'
import { claim, firstOf, header, tenant } from '../../src/resolution/index.ts'
import { tenantIds } from '../tenants.ts'

/** An app with one route behind an authentication, and the reasons of its `authentication-failed` events. */
export function createProtectedApp(auth: Authentication) {
  const failures: string[] = []
  const app = new Hono<TenantEnv>()
  app.onError(createErrorHandler())
  app.use(
    tenant({
      from: firstOf(header('X-Tenant-Id'), claim()),
      auth,
      ...tenantIds,
      onAuthenticationFailed: ({ reason }) => failures.push(reason),
    }),
  )
  app.get('/tasks', (c) =>
    c.json({ tenantId: c.var.tenantId, identity: c.var.identity, actor: tenantContext()?.actor ?? null }),
  )
  const get = (headers: HeadersInit) => app.request('/tasks', { headers })
  return {
    app,
    failures,
    get,
    withToken: (token: string, tenantId?: string) =>
      get({ Authorization: `Bearer ${token}`, ...(tenantId === undefined ? {} : { 'X-Tenant-Id': tenantId }) }),
  }
}

/** Repeats a check, while other work goes on, until it returns true or the test times out. */
export async function until(check: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await check())) await new Promise(setImmediate)
}

export const statusOf = async (response: Response | Promise<Response>): Promise<number> => (await response).status
