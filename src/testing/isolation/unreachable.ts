import { sql } from 'drizzle-orm'
import { withTenant } from '../../context/index.ts'
import type { TenantDatabase } from '../../database/index.ts'
import { quotedName, quotedNameOf } from '../../text/index.ts'
import type { IsolationRow } from './matrix.ts'
import type { Label } from './read-catalogue.ts'

/**
 * Asks PostgreSQL whether the serving role has a privilege on relations that it must not reach.
 *
 * @throws TypeError for a name that no relation has
 */
export async function probeUnreachable(db: TenantDatabase, labels: Label[]): Promise<IsolationRow[]> {
  if (labels.length === 0) return []
  const found = await withTenant(crypto.randomUUID(), () =>
    db.read((tx) => tx.execute<{ label: string; exists: boolean; reachable: boolean }>(privileges(labels))),
  )
  const missing = found.filter(({ exists }) => !exists).map(({ label }) => label)
  if (missing.length > 0) throw new TypeError(`No relation is named ${missing.join(', ')}. Write names as schema.name`)
  return found.map(({ label: relation, reachable }) => {
    const foreign = { result: reachable ? 'granted' : 'denied', isViolation: reachable }
    return { relation, operation: 'any privilege', foreign }
  })
}

const privileges = (labels: Label[]) => sql`
select value ->> 'label' as label, c.oid is not null as exists, coalesce(
  has_table_privilege(c.oid, 'SELECT, INSERT, UPDATE, DELETE, TRUNCATE') or has_any_column_privilege(c.oid, 'SELECT, INSERT, UPDATE'),
  false) as reachable
from jsonb_array_elements(${JSON.stringify(labels.map((label) => ({ label, quoted: quotedName(label) })))}::text::jsonb) with ordinality as given (value, place)
left join (pg_class c join pg_namespace n on n.oid = c.relnamespace) on ${sql.raw(quotedNameOf('n.nspname', 'c.relname'))} = value ->> 'quoted'
order by given.place`
