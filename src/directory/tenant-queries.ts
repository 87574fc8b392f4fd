import { type SQL, sql } from 'drizzle-orm'
import type { TenantKey } from '../context/index.ts'
import { partsOf, type TenantIds } from '../context/internal.ts'
import type { AdminTx } from '../database/index.ts'
import { parseTenantKey } from '../resolution/index.ts'
import { TenantNotFound } from './errors.ts'

export type TenantStatus = 'active' | 'suspended'

/** A tenant as the directory has it. */
export interface DirectoryTenant {
  readonly id: string
  readonly slug: string
  readonly name: string
  readonly externalId: string | null
  /** In canonical form and in their order. */
  readonly domains: readonly string[]
  readonly status: TenantStatus
  /** ISO 8601 in UTC. */
  readonly createdAt: string
  readonly updatedAt: string
}

/** ISO 8601 in UTC. */
export const instant = (column: SQL): SQL => sql`to_char(${column} at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`

const domains = sql`(
  select coalesce(json_agg(d.domain order by d.domain), '[]') from tenancy.tenant_domains d where d.belongs_to = t.id)`
const columns = sql`
  t.id::text as id, t.slug, t.name, t.external_id as "externalId", ${domains} as domains, t.status,
  ${instant(sql`t.created_at`)} as "createdAt", ${instant(sql`t.updated_at`)} as "updatedAt"`

const conditions: { [kind in ReturnType<typeof partsOf>['kind']]: (value: string) => SQL } = {
  id: (value) => sql`t.id = ${value}`,
  slug: (value) => sql`t.slug = ${value}`,
  externalId: (value) => sql`t.external_id = ${value}`,
  domain: (value) => sql`t.id = (select d.belongs_to from tenancy.tenant_domains d where d.domain = ${value})`,
}

/** @throws TenantNotFound */
export async function getTenant(
  tx: AdminTx,
  key: TenantKey,
  ids: TenantIds,
  { lock = false } = {},
): Promise<DirectoryTenant> {
  const parsed = parseTenantKey(key, ids.parse)
  if (parsed === undefined) throw new TenantNotFound()
  const { kind, value } = partsOf(parsed)
  const locked = lock ? sql`for update` : sql``
  const [row] = await tx.execute(
    sql`select ${columns} from tenancy.tenants t where ${conditions[kind](value)} ${locked}`,
  )
  if (row === undefined) throw new TenantNotFound()
  return row as unknown as DirectoryTenant // the query's own columns
}

/** @param after the slug that the page begins after */
export async function listTenants(
  tx: AdminTx,
  { after, status, limit }: { after: string | undefined; status: TenantStatus | undefined; limit: number },
): Promise<DirectoryTenant[]> {
  const rows = await tx.execute(sql`
    select ${columns} from tenancy.tenants t
    where t.slug > ${after ?? ''} and (${status ?? null}::text is null or t.status = ${status ?? null})
    order by t.slug limit ${limit}`)
  return [...rows] as unknown as DirectoryTenant[] // the query's own columns
}

/** @returns the id */
export async function insertTenant(tx: AdminTx, { id, slug, name, externalId = null }: TenantRow): Promise<string> {
  for (;;) {
    // The next number of the sequence may be one that a tenant was given: then the one after it is tried.
    const [row] = await tx.execute(sql`
      insert into tenancy.tenants (id, slug, name, external_id)
      values (${id ?? sql`default`}, ${slug}, ${name}, ${externalId})
      ${id === undefined ? sql`on conflict (id) do nothing` : sql``} returning id::text as id`)
    if (row) return String(row.id)
  }
}

interface TenantRow {
  id: string | undefined
  slug: string
  name: string
  externalId?: string | null | undefined
}

export async function renameTenant(
  tx: AdminTx,
  id: string,
  {
    name = null,
    slug = null,
    externalId = null,
  }: { [field in 'name' | 'slug' | 'externalId']?: string | undefined | null },
): Promise<void> {
  await tx.execute(sql`
    update tenancy.tenants set name = coalesce(${name}, name), slug = coalesce(${slug}, slug),
      external_id = coalesce(${externalId}, external_id)
    where id = ${id} and num_nulls(${name}::text, ${slug}::text, ${externalId}::text) < 3`)
}

/** @param releaseDomains whether other tenants may get those that are removed */
export async function replaceDomains(
  tx: AdminTx,
  id: string,
  wanted: readonly string[],
  { releaseDomains = false }: { releaseDomains?: boolean | undefined } = {},
): Promise<void> {
  const list = JSON.stringify(wanted)
  if (releaseDomains) await tx.execute(sql`set local app.release_domains = 'true'`)
  await tx.execute(sql`
    delete from tenancy.tenant_domains d
    where d.belongs_to = ${id} and d.domain not in (select json_array_elements_text(${list}::json))`)
  // Sorted, so that two transactions that want the same new domains wait for each other. A swap can deadlock, and runs again.
  await tx.execute(sql`
    insert into tenancy.tenant_domains (domain, belongs_to)
    select wanted.domain, t.id from tenancy.tenants t, json_array_elements_text(${list}::json) as wanted (domain)
    where t.id = ${id} and not exists (
      select from tenancy.tenant_domains d where d.domain = wanted.domain and d.belongs_to = t.id)
    order by wanted.domain collate "C"`)
}
