import type { SQL } from 'drizzle-orm'
import type { TenantDatabase } from '../../database/index.ts'
import { attempt, type Outcome } from './attempt.ts'
import { insertProbes } from './insert-probes.ts'
import { isRefusal, judgeForeign, judgeOwn } from './judge.ts'
import type { IsolationRow } from './matrix.ts'
import type { Probe, Subject } from './probes.ts'
import { isTable } from './read-catalogue.ts'
import { rowProbes } from './row-probes.ts'
import { constraintsNow, tenantAgain, withoutTenant } from './statements.ts'

/** The tenants that the probes run as. */
export interface Tenants {
  db: TenantDatabase
  /** The tenant of the own rows. */
  own: string
  /** A tenant without rows. */
  emptyTenant: string
}

/** Tries every kind of statement on one relation. `isMade`: both tenants should have a row in it. */
export async function probeRelation(tenants: Tenants, subject: Subject, isMade: boolean): Promise<IsolationRow[]> {
  const { relation } = subject.statements
  const rows: IsolationRow[] = []
  if (isTable(relation) || relation.kind === 'm') {
    const result = relation.isBound ? 'on' : 'off'
    rows.push({
      relation: relation.label,
      operation: 'row-level security',
      foreign: { result, isViolation: !relation.isBound },
    })
  }
  const ownRows = await countOwn(tenants, subject)
  for (const probe of [...rowProbes(subject), ...insertProbes(subject)])
    rows.push(await run(tenants, subject, probe, ownRows, isMade))
  return rows
}

/** The number of the tenant's own rows, after an optional statement. */
async function countOwn({ db, own }: Tenants, { statements, tenantColumn }: Subject, after?: SQL): Promise<number> {
  const count = statements.countOf({ [tenantColumn]: own })
  const outcome = await attempt(db, own, after ? [after, count] : [count])
  return 'reached' in outcome ? outcome.reached : 1
}

async function run(
  tenants: Tenants,
  subject: Subject,
  probe: Probe,
  ownRows: number,
  isMade: boolean,
): Promise<IsolationRow> {
  const { db, own, emptyTenant } = tenants
  const { relation } = subject.statements
  const { operation, may, expected, least = 1 } = probe
  const isDeferrable = [...relation.references, ...relation.keys].some((constraint) => constraint.isDeferrable)
  const as = (tenant: string, ...statements: SQL[]) =>
    attempt(db, tenant, isDeferrable ? [constraintsNow, ...statements] : statements)

  const byOwner = probe.own && (await as(own, ...probe.own))
  // PostgreSQL looks at privileges before it looks at rows or tenants, so it refuses the same statement to each of them.
  const denied = !may && byOwner && isRefusal(byOwner) ? byOwner : undefined
  const tried: Outcome[] = []
  // A statement without WHERE must reach only the own rows.
  const beyond = probe.sweeps && byOwner && 'reached' in byOwner ? byOwner.reached - ownRows : 0
  if (beyond > 0) tried.push({ reached: beyond, rows: [] })
  if (probe.foreign) {
    const outcome = denied ?? (await as(own, probe.foreign))
    // A trigger may overwrite the tenant: a row that became the tenant's own is no violation.
    const isOwn =
      expected === 'refused' && 'reached' in outcome && (await countOwn(tenants, subject, probe.foreign)) > ownRows
    if (!isOwn) tried.push(outcome)
  }
  if (probe.asEmptyTenant) tried.push(denied ?? (await as(emptyTenant, probe.asEmptyTenant)))

  // A role may have privileges on a view without those on its tables.
  const refusalReveals = may && (isMade || byOwner === undefined || !isRefusal(byOwner))
  const foreign = tried.map((outcome) => judgeForeign(outcome, expected, may, refusalReveals))
  const worst = foreign.find(({ isViolation }) => isViolation) ?? foreign[0]
  const untied = probe.none && (denied ?? (await as(own, withoutTenant, probe.none, tenantAgain)))
  const none = untied && judgeForeign(untied, expected, may, false)
  const shown = byOwner && (beyond > 0 ? { reached: ownRows, rows: [] } : byOwner)
  return {
    relation: relation.label,
    operation,
    ...(shown && {
      own:
        expected === 'forbidden' ? judgeForeign(shown, expected, may, false) : judgeOwn(shown, may, isMade ? least : 0),
    }),
    ...(worst && { foreign: worst }),
    ...(none && { none }),
  }
}
