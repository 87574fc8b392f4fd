import { type SQL, sql } from 'drizzle-orm'
import type { AdminDatabase, AdminOccasion } from '../../database/index.ts'
import { findDatabaseError, OperatorError } from '../../errors/index.ts'
import { escaped, escapedJson } from '../../text/index.ts'

type Status = 'active' | 'suspended'

/**
 * Inserts a tenant.
 *
 * @param tenant without an `id` the database generates one
 * @returns the id
 * @throws OperatorError when another tenant has the slug or the id
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
      throw new OperatorError(`The slug ${slug} belongs to another tenant: choose another slug`)
    if (constraint === 'tenants_pkey')
      throw new OperatorError(`The id ${id} belongs to another tenant: choose another id`)
    if (['22P02', '23514'].includes(findDatabaseError(error)?.sqlstate ?? ''))
      throw new OperatorError(
        `The id ${id} is not of the type that this database has: see tenantId in rowhouse.config.ts`,
      )
    throw toOperatorError(error)
  }
}

/** @returns one line per tenant in the order of the slugs, or a JSON array */
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
      throw toOperatorError(error)
    })
  if (json) return escapedJson(JSON.stringify([...rows], undefined, 2))
  if (rows.length === 0) return 'No tenant found.'
  const width = Math.max(...rows.map(({ slug }) => String(slug).length))
  const lines = rows.map((row) =>
    [String(row.slug).padEnd(width), String(row.status).padEnd(9), row.id, escaped(String(row.name))].join('  '),
  )
  return lines.join('\n')
}

/**
 * Suspends or resumes a tenant.
 *
 * @param change `tenant` is a slug or an id
 * @returns a sentence for the operator
 * @throws OperatorError when the tenant does not exist
 */
export async function setTenantStatus(
  admin: AdminDatabase,
  { tenant, status }: { tenant: string; status: Status },
  occasion: AdminOccasion,
): Promise<string> {
  // A text id of one tenant can be the slug of another.
  const condition = sql`slug = ${tenant} or id::text = ${tenant}`
  const before = await admin
    .write(occasion, async (tx) => {
      const [row, other] = await tx.execute(
        sql`select slug, id, status from tenancy.tenants where ${condition} for update`,
      )
      if (other)
        throw new OperatorError(`${tenant} is the slug of one tenant and the id of another: nothing was changed`)
      if (row && row.status !== status)
        await tx.execute(sql`update tenancy.tenants set status = ${status} where id = ${row.id}`)
      return row
    })
    .catch((error) => {
      throw toOperatorError(error)
    })
  if (before === undefined)
    throw new OperatorError(`Tenant ${tenant} does not exist: "rowhouse tenant list" shows all tenants`)
  const change = before.status === status ? `was already ${status}` : `is now ${status}`
  return `Tenant ${before.slug} (${before.id}) ${change}.`
}

/** ISO 8601 in UTC. */
const instant = (column: SQL): SQL => sql`to_char(${column} at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`

const notMigrated = 'The table tenancy.tenants does not exist: run "rowhouse migrate" first'
/** By SQLSTATE (PostgreSQL, appendix A). `describeStartProblem` would name the remedies of the service. */
const messages: Record<string, string> = {
  '3F000': notMigrated,
  '42P01': notMigrated,
  '42501':
    'This login may not manage tenants: log in as the owner, or as app_admin, which "rowhouse migrate" creates when DATABASE_ADMIN_URL is set',
}

function toOperatorError(error: unknown): unknown {
  const message = messages[findDatabaseError(error)?.sqlstate ?? '']
  return message === undefined ? error : new OperatorError(message, { cause: error })
}
