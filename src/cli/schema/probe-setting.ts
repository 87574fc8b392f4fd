import { sql } from 'drizzle-orm'
import { withTenant } from '../../context/index.ts'
import { createPool, createTenantDatabase } from '../../database/index.ts'
import type { Finding } from '../../isolation/index.ts'

/** Sets a tenant as the service does, and asks the database for it. */
export async function probeSetting(url: string): Promise<Finding[]> {
  const db = createTenantDatabase({ connections: createPool({ url, size: 1 }), role: 'app_user' })
  const tenantId = crypto.randomUUID()
  const ask = () => db.read((tx) => tx.execute<{ id: unknown }>(sql`select tenancy.current_tenant_id() as id`))
  try {
    const [row] = await withTenant(tenantId, ask)
    if (row?.id === tenantId) return []
    return [
      setting(`it gives ${row?.id ?? 'null'} where the tenant was set: it reads another setting than the kit writes`),
    ]
  } catch (error) {
    return [setting(`it cannot be asked: ${error instanceof Error ? error.message : String(error)}`)]
  } finally {
    await db.close()
  }
}

const setting = (problem: string): Finding => ({
  level: 'error',
  check: 'tenant-setting',
  guarantee: 14,
  object: 'tenancy.current_tenant_id()',
  problem,
  remedy: 'Delete sql/20-tenancy.sql, and run "rowhouse init".',
})
