import type { SQL } from 'drizzle-orm'
import type { TenantDatabase } from '../../database/index.ts'
import { attempt, type Outcome } from './attempt.ts'
import { isTable } from './catalogue.ts'
import { insertProbes } from './insert-probes.ts'
import { isRefusal, judgeForeign, judgeOwn } from './judge.ts'
import type { IsolationRow } from './matrix.ts'
import type { Probe, Subject } from './probes.ts'
import { rowProbes } from './row-probes.ts'
import { constraintsNow, withoutTenant } from './statements.ts'

/** Whose rows are probed as whom. */
export interface Parties {
  db: TenantDatabase
  /** The tenant that tries. */
  own: string
  /** A tenant that has no row. */
  nobody: string
}

/** Tries every kind of statement on one relation. `isMade`: rows of both tenants ought to be there. */
export async function probeRelation(parties: Parties, subject: Subject, isMade: boolean): Promise<IsolationRow[]> {
  const { relation } = subject.statements
  const rows: IsolationRow[] = []
  if (isTable(relation) || relation.kind === 'm') {
    const result = relation.isBound ? 'on' : 'off'
    rows.push({ relation: relation.label, operation: 'row security', foreign: { result, isBroken: !relation.isBound } })
  }
  const ownRows = await countOwn(parties, subject)
  for (const probe of [...rowProbes(subject), ...insertProbes(subject)])
    rows.push(await run(parties, subject, probe, ownRows, isMade))
  return rows
}

/** How many rows the trying tenant has, after a statement if one is given. */
async function countOwn({ db, own }: Parties, { statements, tenantColumn }: Subject, after?: SQL): Promise<number> {
  const count = statements.countOf({ [tenantColumn]: own })
  const outcome = await attempt(db, own, after ? [after, count] : [count])
  return 'reached' in outcome ? outcome.reached : 1
}

async function run(
  parties: Parties,
  subject: Subject,
  probe: Probe,
  ownRows: number,
  isMade: boolean,
): Promise<IsolationRow> {
  const { db, own, nobody } = parties
  const { relation } = subject.statements
  const { operation, may, expected, least = 1 } = probe
  const isDeferrable = [...relation.references, ...relation.keys].some((constraint) => constraint.isDeferrable)
  const as = (tenant: string, ...statements: SQL[]) =>
    attempt(db, tenant, isDeferrable ? [constraintsNow, ...statements] : statements)

  const byOwner = probe.own && (await as(own, ...probe.own))
  const tried: Outcome[] = []
  // A statement without WHERE must reach the own rows and no other.
  const beyond = probe.sweeps && byOwner && 'reached' in byOwner ? byOwner.reached - ownRows : 0
  if (beyond > 0) tried.push({ reached: beyond, rows: [] })
  if (probe.foreign) {
    const outcome = await as(own, probe.foreign)
    // A trigger may write the tenant whatever is named: a row that has come to be an own one is no hole.
    const isHome =
      expected === 'refused' && 'reached' in outcome && (await countOwn(parties, subject, probe.foreign)) > ownRows
    if (!isHome) tried.push(outcome)
  }
  if (probe.foreignOfNobody) tried.push(await as(nobody, probe.foreignOfNobody))

  // A view may be granted where what stands behind it is not.
  const refusalTells = may && (isMade || byOwner === undefined || !isRefusal(byOwner))
  const foreign = tried.map((outcome) => judgeForeign(outcome, expected, may, refusalTells))
  const worst = foreign.find(({ isBroken }) => isBroken) ?? foreign[0]
  const none = probe.none && judgeForeign(await as(own, withoutTenant, probe.none), expected, may, false)
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
