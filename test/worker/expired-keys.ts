import type postgres from 'postgres'
import { newTenant, tenantColumnType } from '../tenants.ts'

/** Creates what the first task calls, in a database whose SQL does not have it. */
export async function createPurge(owner: postgres.Sql): Promise<void> {
  const [row] = await owner`select to_regprocedure('tenancy.purge_idempotency_keys(integer)') is not null as exists`
  if (row?.exists === true) return
  await owner.unsafe(`
    create table tenancy.idempotency_keys (
      tenant_id ${tenantColumnType} not null, id bytea not null, fingerprint bytea not null, answer text not null, expires_at timestamptz(3) not null);
    alter table tenancy.idempotency_keys enable row level security;
    alter table tenancy.idempotency_keys force row level security;
    create policy tenant_isolation on tenancy.idempotency_keys
      using (tenant_id = (select tenancy.current_tenant_id())) with check (tenant_id = (select tenancy.current_tenant_id()));
    create policy tenant_restrictive on tenancy.idempotency_keys as restrictive
      using (tenant_id = (select tenancy.current_tenant_id())) with check (tenant_id = (select tenancy.current_tenant_id()));
    create function tenancy.purge_idempotency_keys(most integer) returns integer
      language plpgsql volatile security definer set search_path = pg_catalog
    as $$
    declare
      purged integer;
    begin
      delete from tenancy.idempotency_keys k using (
        select tenant_id, id from tenancy.idempotency_keys
        where expires_at <= clock_timestamp() order by expires_at limit most for update skip locked) as expired
      where k.tenant_id = expired.tenant_id and k.id = expired.id;
      get diagnostics purged = row_count;
      return purged;
    end $$;
    revoke execute on function tenancy.purge_idempotency_keys(integer) from public;
    grant execute on function tenancy.purge_idempotency_keys(integer) to pg_database_owner`)
  const [{ worker } = {}] =
    await owner`select rolname as worker from tenancy.roles join pg_roles on rolname = name where purpose = 'worker'`
  if (worker !== undefined)
    await owner`grant execute on function tenancy.purge_idempotency_keys(integer) to ${owner(String(worker))}`
}

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
