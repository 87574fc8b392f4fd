import { sql } from 'drizzle-orm'
import type { TenantIdType } from '../context/index.ts'
import { type TenantIds, tenantIdsOf } from '../context/internal.ts'
import type { AdminTx } from '../database/index.ts'
import { ApiError } from '../errors/index.ts'

/** Returns what the ids of the database are. */
export type ReadTenantIds = (tx: AdminTx) => Promise<TenantIds>

/** Creates the function that reads the type of the tenant ids from the database, once. */
export function createTenantIdsReader(): ReadTenantIds {
  let known: TenantIds | undefined
  return async (tx) => (known ??= tenantIdsOf(await readType(tx)))
}

async function readType(tx: AdminTx): Promise<TenantIdType> {
  const [row] = await tx.execute(sql`
    select format_type(atttypid, null) as type from pg_attribute
    where attrelid = 'tenancy.tenants'::regclass and attname = 'id'`)
  return row?.type as TenantIdType // sql/35-tenant-directory.sql; tenantIdsOf() refuses another one
}

/** @throws ApiError VALIDATION_FAILED for text that is no id of the database */
export function parseNewId(text: string, ids: TenantIds): string {
  const id = ids.parse(text)
  if (id !== undefined) return id
  const problem = { path: 'id', code: 'invalid', message: `Must be ${ids.must}` }
  throw new ApiError('VALIDATION_FAILED', undefined, { details: [problem] })
}
