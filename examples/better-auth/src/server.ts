import { serve } from '@hono/node-server'
import { Pool } from 'pg'
import {
  assertRowSecurity,
  createIsolationCheck,
  createPool,
  createTenantDatabase,
  createTenantDirectory,
} from 'rowhouse'
import { createDirectoryEditor } from 'rowhouse/directory'
import { createApp } from './app.ts'
import { createAuth, type Invitation } from './auth.ts'
import { unreachable } from './auth-schema.ts'
import { setting } from './settings.ts'

const url = setting('DATABASE_URL')
const port = Number(process.env.PORT ?? 3000)
const baseUrl = process.env.BASE_URL ?? `http://localhost:${port}`

// Refuses to serve a database whose protection has a gap, and a login that reaches the tables of better-auth.
const check = createIsolationCheck({ url, unreachable })
assertRowSecurity(await check.inspect())
await check.close()

// Three logins: the rows of one tenant, the tenant directory, and the tables of better-auth.
const db = createTenantDatabase({ connections: createPool({ url, size: 10 }) })
const directoryPool = createPool({ url: setting('DATABASE_DIRECTORY_URL'), size: 1 })
const tenants = createDirectoryEditor({ connections: directoryPool })
const pool = new Pool({ connectionString: setting('DATABASE_AUTH_URL') })
pool.on('error', (error) => console.error(error.message)) // a connection that was idle; without this the process ends

// Send a mail here.
const sendInvitation = async ({ id, email, organization }: Invitation) =>
  console.info(`${email} is invited to ${organization}: ${id}`)

const auth = createAuth({ pool, tenants, baseUrl, secret: setting('AUTH_SECRET'), sendInvitation })
const directoryConnections = createPool({ url, size: 1 })
const directory = createTenantDirectory({ connections: directoryConnections })
const app = createApp({ db, directory, auth })
const server = serve({ fetch: app.fetch, port }, () => console.info(baseUrl))

process.once('SIGTERM', () => {
  server.close(() => void Promise.all([db.close(), tenants.close(), directoryConnections.close(), pool.end()]))
  // A request of a client that hangs has no end of its own.
  setTimeout(() => process.exit(0), 5000).unref()
})
