import type { OpenAPIHono } from '@hono/zod-openapi'
import type { TenantEnv } from '../../src/context/index.ts'
import { unverified } from '../../src/context/index.ts'
import { requestId } from '../../src/envelope/index.ts'
import { createErrorHandler } from '../../src/errors/index.ts'
import { createRouter } from '../../src/openapi/index.ts'
import { header, tenant } from '../../src/resolution/index.ts'
import { testClient } from '../../src/testing/index.ts'
import { tenantIds } from '../tenants.ts'

/** An app of the kit with routes of its own. */
export function appOf(routes: OpenAPIHono<TenantEnv>) {
  const app = createRouter<TenantEnv>()
  app.use(requestId())
  app.onError(createErrorHandler({ onError: () => {} }))
  app.use(tenant({ from: header('X-Tenant-Id'), auth: unverified(), ...tenantIds }))
  app.route('/', routes)
  return { router: app, client: testClient(app) }
}
