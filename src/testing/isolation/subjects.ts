import { attempt } from './attempt.ts'
import { isRoot, type Label, type Row } from './catalogue.ts'
import { spareRow, type TenantRows, type Workshop } from './make.ts'
import type { Subject } from './probes.ts'
import { documentOf } from './rows.ts'
import type { Statements } from './statements.ts'

/** What a tenant sees of relations that no row was made in: views, partitions, tables that a trigger writes. */
export async function lookAround({ db, statements, tenantColumn }: Workshop, rows: TenantRows): Promise<void> {
  for (const [label, { mayLocate, take }] of statements) {
    if (rows.known.has(label) || !mayLocate) continue
    const outcome = await attempt(db, rows.tenant, [take({ [tenantColumn]: rows.tenant })])
    const row = 'reached' in outcome ? documentOf(outcome.rows[0]) : undefined
    if (row) rows.known.set(label, row)
  }
}

/** All that the probes of one relation need. */
export async function subjectOf(
  workshop: Workshop,
  statements: Statements,
  foreign: TenantRows,
  own: TenantRows,
  nobody: string,
): Promise<Subject> {
  const { tenantColumn, catalogue } = workshop
  const { label } = statements.relation
  const rowOf = (rows: TenantRows): Row => ({ ...rows.known.get(label), [tenantColumn]: rows.tenant })
  return {
    statements,
    tenantColumn,
    serverVersion: catalogue.serverVersion,
    foreign: rowOf(foreign),
    own: rowOf(own),
    spare: own.made.has(label) ? await spareRow(workshop, own, statements) : rowOf(own),
    parents: { foreign: foreign.known, own: own.known },
    clear: dependentsOf(workshop, own, label).flatMap(([dependent, row]) => dependent.deleteWhere(row)),
    nobody,
  }
}

/** What was made after a relation's row and refers to it, directly or not; the last that was made first. */
function dependentsOf({ statements }: Workshop, rows: TenantRows, label: Label): [Statements, Row][] {
  const reached = new Set([label])
  const found: [Statements, Row][] = []
  const made = [...rows.made]
  for (const [other, row] of made.slice(1 + made.findIndex(([name]) => name === label))) {
    const dependent = statements.get(other)
    if (!dependent?.relation.references.some(({ parent }) => reached.has(parent))) continue
    reached.add(other)
    if (dependent.relation.mayDelete && dependent.mayLocate) found.unshift([dependent, row])
  }
  return found
}

/**
 * Deletes what was made for a tenant, what refers to others first, and says what it had to leave.
 *
 * @param isFresh the tenant is of our making: all that it has goes, also what triggers wrote
 */
export async function removeRows(workshop: Workshop, rows: TenantRows, isFresh: boolean): Promise<string[]> {
  const { db, statements, tenantColumn } = workshop
  const made = [...rows.made.keys()].reverse()
  const written = [...statements.keys()].filter((label) => !rows.made.has(label) && isFresh)
  const left: string[] = []
  for (const label of [...written, ...made]) {
    const table = statements.get(label)
    if (!table || !isRoot(table.relation)) continue
    const row = isFresh ? { [tenantColumn]: rows.tenant } : (rows.made.get(label) ?? {})
    const count = async () => {
      const outcome = await attempt(db, rows.tenant, [table.countOf(row)])
      return 'reached' in outcome ? outcome.reached : undefined
    }
    // Without a primary key the row cannot be told from others that the tenant had before.
    if (isFresh || (await count()) === 1) await attempt(db, rows.tenant, [table.deleteWhere(row)], 'keep')
    if ((await count()) !== 0 && (rows.made.has(label) || rows.known.has(label))) left.push(label)
  }
  return left
}
