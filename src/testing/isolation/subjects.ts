import { attempt } from './attempt.ts'
import { type ProbeSetup, spareRow, type TenantRows } from './make.ts'
import type { Subject } from './probes.ts'
import { isRoot, type Label, type Row } from './read-catalogue.ts'
import { documentOf } from './rows.ts'
import type { Statements } from './statements.ts'

/** Reads a row of each relation without a known row: views, partitions, tables that a trigger writes. */
export async function readVisibleRows({ db, statements, tenantColumn }: ProbeSetup, rows: TenantRows): Promise<void> {
  for (const [label, { mayLocate, take }] of statements) {
    if (rows.known.has(label) || !mayLocate) continue
    const outcome = await attempt(db, rows.tenant, [take({ [tenantColumn]: rows.tenant })])
    const row = 'reached' in outcome ? documentOf(outcome.rows[0]) : undefined
    if (row) rows.known.set(label, row)
  }
}

/** The subject of one relation's probes. */
export async function subjectOf(
  setup: ProbeSetup,
  statements: Statements,
  foreign: TenantRows,
  own: TenantRows,
  emptyTenant: string,
): Promise<Subject> {
  const { tenantColumn, catalogue } = setup
  const { label } = statements.relation
  const rowOf = (rows: TenantRows): Row => ({ ...rows.known.get(label), [tenantColumn]: rows.tenant })
  return {
    statements,
    tenantColumn,
    serverVersion: catalogue.serverVersion,
    foreign: rowOf(foreign),
    own: rowOf(own),
    spare: own.made.has(label) ? await spareRow(setup, own, statements) : rowOf(own),
    parents: { foreign: foreign.known, own: own.known },
    clear: dependentsOf(setup, own, label).flatMap(([dependent, row]) => dependent.deleteWhere(row)),
    emptyTenant,
  }
}

/** Inserted rows that reference a relation's row, directly or indirectly; the newest first. */
function dependentsOf({ statements }: ProbeSetup, rows: TenantRows, label: Label): [Statements, Row][] {
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
 * Deletes the rows of a tenant, referencing rows first.
 *
 * @param isFresh whether the tenant is a random one: then all its rows go, including those of triggers
 * @returns the relations whose rows could not be deleted
 */
export async function removeRows(setup: ProbeSetup, rows: TenantRows, isFresh: boolean): Promise<string[]> {
  const { db, statements, tenantColumn } = setup
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
    // Without a primary key the row may look like one that the tenant had before.
    if (table.relation.mayDelete && (isFresh || (await count()) === 1))
      await attempt(db, rows.tenant, [table.deleteWhere(row)], 'keep')
    if ((await count()) !== 0 && (rows.made.has(label) || rows.known.has(label))) left.push(label)
  }
  return left
}
