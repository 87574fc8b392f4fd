import type { TenantIdType } from '../context/index.ts'
import { tenantIdsOf } from '../context/internal.ts'
import { type Connection, query } from '../database/index.ts'
import { MigrationError } from './read-migrations.ts'

/**
 * Refuses another type of tenant ids than that of the database.
 *
 * @param type that of the project. @default 'uuid'
 * @throws MigrationError when the database has another type; TypeError for an unknown type
 */
export async function assertTenantIdType(connection: Connection, type: TenantIdType | undefined): Promise<void> {
  const wanted = tenantIdsOf(type).type
  const [row] = await query(connection, presentType)
  if (row !== undefined && row.type !== wanted)
    throw new MigrationError(
      `The tenant ids of this database are of type ${String(row.type)}, and those of the project of type ${wanted}. Nothing was changed. ` +
        `A database keeps the type that its first migration chose: set tenantId: '${String(row.type)}' in rowhouse.config.ts, or ` +
        'migrate an empty database and copy the rows.',
    )
}

// to_regprocedure() fails for a role without USAGE on the schema.
const presentType = `
select pg_catalog.format_type(p.prorettype, null) as type
from pg_catalog.pg_proc p join pg_catalog.pg_namespace n on n.oid = p.pronamespace
where n.nspname = 'tenancy' and p.proname = 'current_tenant_id' and p.pronargs = 0`
