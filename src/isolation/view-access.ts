import { type Connection, query } from '../database/index.ts'
import { type Access, type Seen, type TableAccess, trySelect } from './access.ts'
import { isInvoker, privilegesOn, readsQuery, tablesQuery } from './tables-query.ts'

/** A view of tenant tables that the serving role can reach. */
interface ViewRow {
  name: string
  isMaterialized: boolean
  /** Whether it runs with the rights of the role that queries it. */
  isInvoker: boolean
  /** Some of r, a, w, d. */
  privileges: string
}

/**
 * The rows of views in the isolation matrix: those that read tenant tables, and are neither shared nor unreachable.
 *
 * @param given the serving role, the tenant column, and the names of the shared and the unreachable relations
 */
export async function accessOfViews(
  connection: Connection,
  given: readonly unknown[],
  seen: Seen,
): Promise<TableAccess[]> {
  const views = (await query(connection, viewsQuery, given)) as unknown as ViewRow[] // the query's own columns
  return views.map((view) => ({
    table: view.name,
    select: trySelect(view.name, judge(view, 'r'), seen),
    insert: judge(view, 'a'),
    update: judge(view, 'w'),
    delete: judge(view, 'd'),
  }))
}

function judge(view: ViewRow, command: 'r' | 'a' | 'w' | 'd'): Access {
  if (!view.privileges.includes(command)) return { state: 'protected', why: 'the serving role has no privilege' }
  if (view.isMaterialized) return { state: 'leaks', why: 'a materialized view has no row-level security' }
  if (view.isInvoker) return { state: 'protected', why: 'the policies of its tables apply' }
  return { state: 'not proved', why: "it runs with its owner's rights" }
}

const viewsQuery = `
with recursive ${tablesQuery}, ${readsQuery}
select name, relkind = 'm' as "isMaterialized", ${isInvoker('relations')} as "isInvoker", ${privilegesOn('relations')} as privileges
from relations
where relkind in ('v', 'm') and reachable and not shared and not unreachable
  and exists (select from reads join tables t on t.oid = reads.relation where reads.view = relations.oid)
order by name`
