import { sql } from 'drizzle-orm'
import { type TenantIdType, withTenant } from '../../context/index.ts'
import { createPool, createTenantDatabase } from '../../database/index.ts'
import type { Finding } from '../../isolation/index.ts'

/** Sets a tenant as the service does, and compares it with the tenant that the database reads. */
export async function probeSetting(url: string, type: TenantIdType, role = 'app_user'): Promise<Finding[]> {
  const db = createTenantDatabase({ connections: createPool({ url, size: 1 }), role, tenantId: type })
  const tenantId = type === 'bigint' ? '4611686018427387904' : crypto.randomUUID() // a uuid is a text, too
  const readTenant = () =>
    db.read((tx) => tx.execute<{ id: unknown }>(sql`select tenancy.current_tenant_id()::text as id`))
  try {
    const [row] = await withTenant(tenantId, readTenant, { tenantId: type })
    if (row?.id === tenantId) return []
    return [
      finding(
        `it returns ${row?.id ?? 'null'} although the tenant is set: it reads another setting than the kit writes`,
      ),
    ]
  } catch (error) {
    return [finding(`it cannot be called: ${error instanceof Error ? error.message : String(error)}`)]
  } finally {
    await db.close()
  }
}

const finding = (problem: string): Finding => ({
  level: 'error',
  check: 'tenant-setting',
  guarantee: 14,
  object: 'tenancy.current_tenant_id()',
  problem,
  remedy: 'Delete sql/20-tenancy.sql, and run "rowhouse init".',
})
