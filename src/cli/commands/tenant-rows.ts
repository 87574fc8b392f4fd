import { type SQL, sql } from 'drizzle-orm'
import { parseTenantId } from '../../context/index.ts'
import type { AdminDatabase, AdminOccasion } from '../../database/index.ts'
import { findDatabaseError, OperatorError } from '../../errors/index.ts'

type Status = 'active' | 'suspended'

/**
 * Makes a tenant.
 *
 * @param tenant `id`: made by the database when left out
 * @returns its id
 * @throws OperatorError when its slug or its id is another's
 */
export async function createTenant(
  admin: AdminDatabase,
  { slug, name, id }: { slug: string; name: string; id: string | undefined },
  actor: string | undefined,
): Promise<string> {
  const value = id === undefined ? sql`default` : sql`${id}`
  const insert = sql`insert into tenancy.tenants (id, slug, name) values (${value}, ${slug}, ${name}) returning id`
  try {
    const [row] = await admin.write({ reason: `create tenant ${slug}`, actor }, (tx) => tx.execute(insert))
    return String(row?.id)
  } catch (error) {
    const constraint = findDatabaseError(error)?.constraint ?? ''
    if (constraint === 'tenants_slug_key')
      throw new OperatorError(`There is a tenant ${slug} already: choose another slug`)
    if (constraint === 'tenants_pkey') throw new OperatorError(`There is a tenant ${id} already`)
    throw readable(error)
  }
}

/** @returns a line a tenant, by slug; or a JSON array */
export async function listTenants(
  admin: AdminDatabase,
  { status, json }: { status: Status | undefined; json: true | undefined },
  actor: string | undefined,
): Promise<string> {
  const query = sql`
    select id, slug, name, status, ${instant(sql`created_at`)} as "createdAt", ${instant(sql`updated_at`)} as "updatedAt"
    from tenancy.tenants where ${status ?? null}::text is null or status = ${status ?? null} order by slug`
  const rows = await admin
    .read({ reason: 'list tenants', actor }, (tx) => tx.execute(query))
    .catch((error) => {
      throw readable(error)
    })
  if (json) return JSON.stringify([...rows], undefined, 2)
  if (rows.length === 0) return 'There is no such tenant.'
  const width = Math.max(...rows.map(({ slug }) => String(slug).length))
  const lines = rows.map((row) =>
    [String(row.slug).padEnd(width), String(row.status).padEnd(9), row.id, row.name].join('  '),
  )
  return lines.join('\n')
}

/**
 * Suspends a tenant, or resumes it.
 *
 * @param change `tenant`: its slug or its id
 * @returns what was done, in a sentence; it may have been so before
 * @throws OperatorError when there is no such tenant
 */
export async function changeStatus(
  admin: AdminDatabase,
  { tenant, status }: { tenant: string; status: Status },
  occasion: AdminOccasion,
): Promise<string> {
  const wanted = parseTenantId(tenant) === undefined ? sql`slug = ${tenant}` : sql`id = ${tenant}`
  const before = await admin
    .write(occasion, async (tx) => {
      const [row] = await tx.execute(sql`select slug, id, status from tenancy.tenants where ${wanted} for update`)
      if (row && row.status !== status)
        await tx.execute(sql`update tenancy.tenants set status = ${status} where id = ${row.id}`)
      return row
    })
    .catch((error) => {
      throw readable(error)
    })
  if (before === undefined) throw new OperatorError(`There is no tenant ${tenant}: "rowhouse tenant list" lists them`)
  const words = before.status === status ? `was ${status} already` : `is ${status}`
  return `Tenant ${before.slug} (${before.id}) ${words}.`
}

/** ISO 8601, in UTC. */
const instant = (column: SQL): SQL => sql`to_char(${column} at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`

const noList = 'There is no list of tenants: prepare the database first, with "rowhouse migrate"'
/** By SQLSTATE (PostgreSQL, appendix A): the remedies of a start would be those of the service. */
const remedies: Record<string, string> = {
  '3F000': noList,
  '42P01': noList,
  '42501':
    'This login may not: log in as the owner, or as app_admin, which "rowhouse migrate" makes when it is given DATABASE_ADMIN_URL',
}

function readable(error: unknown): unknown {
  const remedy = remedies[findDatabaseError(error)?.sqlstate ?? '']
  return remedy === undefined ? error : new OperatorError(remedy, { cause: error })
}
