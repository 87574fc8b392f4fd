import type { AddressInfo } from 'node:net'
import { createAdaptorServer } from '@hono/node-server'
import { Pool } from 'pg'
import { createPool, createTenantDirectory } from 'rowhouse'
import { createDirectoryEditor } from 'rowhouse/directory'
import { createTestDatabase } from 'rowhouse/testing'
import { afterAll, vi } from 'vitest'
import { createApp } from '../src/app.ts'
import { createAuth, type Invitation } from '../src/auth.ts'
import { unreachable } from '../src/auth-schema.ts'

// Each test file that imports this module gets a migrated database of its own, and a server that listens.

vi.setConfig({ testTimeout: 30_000 }) // each sign-up hashes a password, which is slow on purpose

const url = process.env.TEST_DATABASE_URL
if (!url) throw new Error('TEST_DATABASE_URL is not set: the URL of a superuser of a PostgreSQL server for tests')
const { db, appUrl, directoryUrl, ownerUrl } = await createTestDatabase({ url, afterAll, unreachable })

/** As the owner, for what a test prepares or breaks. */
export const owner = new Pool({ connectionString: ownerUrl, max: 1 })
/** As the login of better-auth. A password would be one for the whole server, so the superuser becomes the role. */
export const pool = new Pool({ connectionString: ownerUrl, max: 4, options: '-c role=better_auth' })
const log = { info: () => {}, error: () => {} }
export const tenants = createDirectoryEditor({ connections: createPool({ url: directoryUrl, size: 1 }), log })
const directoryConnections = createPool({ url: appUrl, size: 1 })

const server = createAdaptorServer({ fetch: (request) => app.fetch(request) })
await new Promise<void>((resolve) => server.listen(0, resolve))
const { port } = server.address() as AddressInfo // it listens on a port, not on a pipe
export const baseUrl = `http://localhost:${port}`

/** The mails that were sent. */
export const invitations: Invitation[] = []
export const auth = createAuth({
  pool,
  tenants,
  baseUrl,
  secret: 'the-secret-of-the-tests-0123456789',
  sendInvitation: async (invitation) => void invitations.push(invitation),
})
const directory = createTenantDirectory({ connections: directoryConnections, cacheMs: 0 })
const app = createApp({ db, directory, auth })

export { db }

afterAll(async () => {
  server.close()
  if ('closeAllConnections' in server) server.closeAllConnections() // fetch keeps its connections for the next request
  await Promise.all([owner.end(), pool.end(), tenants.close(), directoryConnections.close()])
})
