import { attempt } from './attempt.ts'
import type { ProbeSetup, TenantRows } from './make.ts'
import type { IsolationRow } from './matrix.ts'
import { newTenantOf } from './new-tenant.ts'
import { probeRelation, type Tenants } from './probe.ts'
import { isRoot, type Label } from './read-catalogue.ts'
import { subjectOf } from './subjects.ts'

/** Probes every relation, and compares the other tenant's rows before and after. */
export async function probeAll(
  setup: ProbeSetup,
  foreign: TenantRows,
  own: TenantRows,
  isProbed: (label: Label) => boolean,
): Promise<IsolationRow[]> {
  const tenants: Tenants = { db: setup.db, own: own.tenant, emptyTenant: newTenantOf(setup.db) }
  const rows: IsolationRow[] = []
  const before = await digestsOf(setup, foreign.tenant)
  for (const [label, statements] of setup.statements) {
    if (!isProbed(label)) continue
    const subject = await subjectOf(setup, statements, foreign, own, tenants.emptyTenant)
    rows.push(...(await probeRelation(tenants, subject, own.made.has(label) || own.refused.has(label))))
  }
  const after = await digestsOf(setup, foreign.tenant)
  for (const [relation, digest] of before) {
    if (!isProbed(relation)) continue
    const isViolation = after.get(relation) !== digest
    rows.push({ relation, operation: 'afterwards', foreign: { result: isViolation ? 'changed' : '0', isViolation } })
  }
  return rows
}

async function digestsOf({ db, statements, tenantColumn }: ProbeSetup, tenant: string): Promise<Map<Label, unknown>> {
  const digests = new Map<Label, unknown>()
  for (const [label, { relation, mayLocate, digest }] of statements) {
    // A view may change by itself, for example with the time.
    if (!mayLocate || !isRoot(relation)) continue
    const outcome = await attempt(db, tenant, [digest({ [tenantColumn]: tenant })])
    digests.set(label, 'reached' in outcome ? outcome.rows[0]?.digest : outcome.sqlstate)
  }
  return digests
}
