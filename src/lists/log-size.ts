import { getTableConfig, type PgTable } from 'drizzle-orm/pg-core'
import { mapped, type Query, type TenantTx } from '../database/index.ts'
import { kitQuery } from '../database/internal.ts'
import { ConfigError } from '../errors/index.ts'
import { resourceOf } from './change-token.ts'

/** The log of a tenant (sql/34-audit.sql). */
export interface Log {
  /** The last position. */
  size: bigint
  /** The last position of which the entry was pruned. */
  pruned: bigint
}

const text = `
  select coalesce((select size from tenancy.audit_logs), 0)::pg_catalog.text as size,
    coalesce((select max(position) from tenancy.audit_pruned), 0)::pg_catalog.text as pruned,
    exists (
      select from pg_catalog.pg_trigger
      where tgrelid = pg_catalog.to_regclass(pg_catalog.format('%I.%I', $1::pg_catalog.text, $2::pg_catalog.text))
        and tgname = 'record_change') as audited`

/**
 * Reads how long the log of the tenant is, which the changes of a table are entries of.
 *
 * @throws ConfigError for a table that is not audited: its changes would never be seen
 */
export function readLog(tx: TenantTx, table: PgTable): Query<Log> {
  const { schema = 'public', name } = getTableConfig(table)
  return mapped(kitQuery(tx, text, [schema, name]), ([log]) => {
    if (log?.audited !== true)
      throw new ConfigError(
        `The changes of ${resourceOf(table)} need its audit trail: audit the table, or leave out "changes"`,
      )
    return { size: BigInt(String(log.size)), pruned: BigInt(String(log.pruned)) }
  })
}
