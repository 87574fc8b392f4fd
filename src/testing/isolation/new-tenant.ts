import { withTenant } from '../../context/index.ts'
import { tenantIdsOf } from '../../context/internal.ts'
import type { TenantDatabase } from '../../database/index.ts'

/** The id of a tenant that has no rows, of the type that the database has. */
export const newTenantOf = ({ tenantId }: TenantDatabase): string => tenantIdsOf(tenantId).random()

/** Runs work as a tenant that has no rows. */
export const asNewTenant = <T>(db: TenantDatabase, work: () => T): T =>
  withTenant(newTenantOf(db), work, { tenantId: db.tenantId })
