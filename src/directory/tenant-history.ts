import { sql } from 'drizzle-orm'
import type { AdminTx } from '../database/index.ts'
import { instant } from './tenant-queries.ts'

/** A change of the tenant directory, as the database recorded it. */
export interface TenantChange {
  readonly id: string
  /** ISO 8601 in UTC. */
  readonly at: string
  readonly action:
    | 'create'
    | 'rename'
    | 'suspend'
    | 'resume'
    | 'delete'
    | 'add domain'
    | 'remove domain'
    | 'release domain'
    | 'move domain'
  /** Null for a change by SQL that does not set `app.actor`. */
  readonly actor: string | null
  /** The login of the database, which cannot be made up. */
  readonly login: string
  readonly reason: string | null
  /** The row before and after; null where there is none. */
  readonly before: Readonly<Record<string, unknown>> | null
  readonly after: Readonly<Record<string, unknown>> | null
}

export async function readHistory(
  tx: AdminTx,
  tenant: string,
  { before, limit }: { before: string | undefined; limit: number },
): Promise<TenantChange[]> {
  const rows = await tx.execute(sql`
    select id::text, ${instant(sql`at`)} as at, action, actor, login, reason, before, after
    from tenancy.read_tenant_history(${tenant}, ${before ?? null}, ${limit})`)
  return [...rows] as unknown as TenantChange[] // the query's own columns
}
