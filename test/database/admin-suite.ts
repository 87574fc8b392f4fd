import { afterAll } from 'bun:test'
import { users } from '../../db/schema/users.ts'
import { createAdminDatabase, createPool, createTenantDatabase, type TenantTx } from '../../src/database/index.ts'
import { newTenant, tenantIds, withTenant } from '../tenants.ts'
import { startAdminServer } from './admin-server.ts'
import { type Tampering, watchedPool } from './watched-pool.ts'

const addUser = (name: string) => (tx: TenantTx) => tx.insert(users).values({ email: `${name}@x.example`, name })

/** A server with `app_admin`, and the tenant database and admin databases on it. They are closed after the file's tests. */
export async function startAdminSuite() {
  const server = await startAdminServer()
  const service = createTenantDatabase({ connections: createPool({ url: server.appUrl, size: 2 }), ...tenantIds })
  afterAll(() => service.close())

  /** An admin database with its log lines. */
  function openAdmin(url = server.adminUrl, tampering: Tampering = {}) {
    const connections = watchedPool({ url }, tampering)
    const lines: [level: string, fields: object, message: string][] = []
    const log = {
      info: (fields: object, message: string) => void lines.push(['info', fields, message]),
      error: (fields: object, message: string) => void lines.push(['error', fields, message]),
    }
    const admin = createAdminDatabase({ connections, log })
    return { admin, lines, connections, [Symbol.asyncDispose]: () => admin.close() }
  }

  /** Two tenants, each with a user of this name. */
  async function twoTenants(name = crypto.randomUUID()) {
    const tenants = [newTenant(), newTenant()]
    for (const tenant of tenants) await withTenant(tenant, () => service.write(addUser(name)))
    return { name, tenants }
  }

  return { server, service, openAdmin, twoTenants }
}
