import { bodyLimit } from 'hono/body-limit'
import {
  ByteBudget,
  bodyLimits,
  claim,
  createErrorHandler,
  createRouter,
  notFound,
  requestId,
  type TenantDatabase,
  type TenantDirectory,
  tenant,
} from 'rowhouse'
import type { Auth } from './auth.ts'
import { callers } from './callers.ts'
import { noteRoutes } from './notes.ts'

export interface AppOptions {
  db: TenantDatabase
  directory: TenantDirectory
  auth: Auth
}

const maxBytes = 64 * 1024

/** Builds the app. It opens no connection and reads no environment, so tests build it too. */
export function createApp({ db, directory, auth }: AppOptions) {
  const app = createRouter()
  app.use(requestId())
  app.onError(createErrorHandler())
  app.notFound(notFound)

  app.on(['GET', 'POST'], '/api/auth/*', bodyLimit({ maxSize: maxBytes }), (c) => auth.handler(c.req.raw))

  // The session names the tenant, by the id of the active organization. One that the directory does not have opens nothing.
  const forTenant = tenant({ from: claim(), auth: callers(auth), directory })
  app.use('/notes/*', forTenant, bodyLimits({ maxBytes, budget: new ByteBudget({ totalBytes: 16 * 1024 * 1024 }) }))
  app.route('/notes', noteRoutes({ db }))
  return app
}
