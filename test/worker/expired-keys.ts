import type postgres from 'postgres'
import { newTenant, tenantColumnType } from '../tenants.ts'

/** Adds answers that expired an hour ago, and some that expire in an hour. */
export async function addKeys(owner: postgres.Sql, { expired, fresh = 0 }: { expired: number; fresh?: number }) {
  for (const [count, age] of [
    [expired, '-1 hour'],
    [fresh, '1 hour'],
  ] as const)
    await owner`
      insert into tenancy.idempotency_keys (tenant_id, id, fingerprint, answer, expires_at)
      select tenant_id, sha256(n::text::bytea || ${age}::text::bytea), 'f', '{}', now() + ${age}::interval
      from (select ${newTenant()}::text::${owner.unsafe(tenantColumnType)} as tenant_id) as tenants, generate_series(1, ${count}::int) as n`
}

/** How many answers there are, and how many of them have expired. */
export async function countKeys(owner: postgres.Sql): Promise<{ all: number; expired: number }> {
  const [row] = await owner`
    select count(*)::int as all, (count(*) filter (where expires_at <= now()))::int as expired from tenancy.idempotency_keys`
  return { all: Number(row?.all), expired: Number(row?.expired) }
}
