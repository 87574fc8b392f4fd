import { parseTenantId, type TenantIdType } from '../context/index.ts'
import type { ConnectionSource } from '../database/index.ts'
import { OperatorError } from '../errors/index.ts'
import { createTenantDirectory } from '../resolution/index.ts'

/**
 * The id of a tenant that an operator named by its id or, where it has not the form of one, by its slug. An id that the tenant directory does not have is one of a database that
 * does not use the directory.
 *
 * @throws OperatorError for what is neither
 */
export async function findTenantId(connections: ConnectionSource, tenant: string, type: TenantIdType): Promise<string> {
  const id = parseTenantId(tenant, type)
  if (id !== undefined && type !== 'text') return id
  const directory = createTenantDirectory({ connections })
  if (id !== undefined && (await directory.find({ id }))) return id
  const found = (await directory.find({ slug: tenant }))?.id ?? id
  if (found === undefined)
    throw new OperatorError(`Tenant ${tenant} does not exist: "rowhouse tenant list" shows all tenants`)
  return found
}
