import { attempt } from './attempt.ts'
import { isRoot, type Label } from './catalogue.ts'
import type { TenantRows, Workshop } from './make.ts'
import type { IsolationRow } from './matrix.ts'
import { type Parties, probeRelation } from './probe.ts'
import { subjectOf } from './subjects.ts'

/** Probes every relation, and looks whether the other tenant's rows are afterwards what they were. */
export async function probeAll(
  workshop: Workshop,
  foreign: TenantRows,
  own: TenantRows,
  isProbed: (label: Label) => boolean,
): Promise<IsolationRow[]> {
  const parties: Parties = { db: workshop.db, own: own.tenant, nobody: crypto.randomUUID() }
  const rows: IsolationRow[] = []
  const before = await digestsOf(workshop, foreign.tenant)
  for (const [label, statements] of workshop.statements) {
    if (!isProbed(label)) continue
    const subject = await subjectOf(workshop, statements, foreign, own, parties.nobody)
    rows.push(...(await probeRelation(parties, subject, own.made.has(label) || own.refused.has(label))))
  }
  const after = await digestsOf(workshop, foreign.tenant)
  for (const [relation, digest] of before) {
    if (!isProbed(relation)) continue
    const isBroken = after.get(relation) !== digest
    rows.push({ relation, operation: 'afterwards', foreign: { result: isBroken ? 'changed' : '0', isBroken } })
  }
  return rows
}

async function digestsOf({ db, statements, tenantColumn }: Workshop, tenant: string): Promise<Map<Label, unknown>> {
  const digests = new Map<Label, unknown>()
  for (const [label, { relation, mayLocate, digest }] of statements) {
    // What a view shows may change by itself: the time, for example.
    if (!mayLocate || !isRoot(relation)) continue
    const outcome = await attempt(db, tenant, [digest({ [tenantColumn]: tenant })])
    digests.set(label, 'reached' in outcome ? outcome.rows[0]?.digest : outcome.sqlstate)
  }
  return digests
}
