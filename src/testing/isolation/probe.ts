import type { SQL } from 'drizzle-orm'
import type { TenantDatabase } from '../../tenancy/index.ts'
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

/** How many rows the trying tenant has: a statement without WHERE must reach these and no other. */
async function countOwn({ db, own }: Parties, { statements, tenantColumn, own: row }: Subject): Promise<number> {
  const outcome = await attempt(db, own, [statements.countOf({ [tenantColumn]: row[tenantColumn] })])
  return 'reached' in outcome ? outcome.reached : 1
}

async function run(
  { db, own, nobody }: Parties,
  { statements }: Subject,
  probe: Probe,
  ownRows: number,
  isMade: boolean,
): Promise<IsolationRow> {
  const { relation } = statements
  const { operation, may, wall, least = 1 } = probe
  const before = relation.references.some(({ isDeferrable }) => isDeferrable) ? [constraintsNow] : []
  const as = (tenant: string, last: SQL | undefined, ...first: SQL[]) =>
    last && attempt(db, tenant, [...before, ...first, last])

  const byOwner = await as(own, probe.own?.at(-1), ...(probe.own?.slice(0, -1) ?? []))
  const beyond: Outcome | undefined =
    probe.sweeps && byOwner && 'reached' in byOwner && byOwner.reached > ownRows
      ? { reached: byOwner.reached - ownRows, rows: [] }
      : undefined
  const shown = beyond ? { reached: ownRows, rows: [] } : byOwner
  const tried = [beyond, await as(own, probe.foreign), await as(nobody, probe.foreignOfNobody)]
  // A view may be granted where what stands behind it is not.
  const refusalTells = may && (isMade || byOwner === undefined || !isRefusal(byOwner))
  const foreign = tried
    .filter((outcome) => outcome !== undefined)
    .map((outcome) => judgeForeign(outcome, wall, may, refusalTells))
  const worst = foreign.find(({ isBroken }) => isBroken) ?? foreign[0]
  const byNone = await as(own, probe.none, withoutTenant)
  return {
    relation: relation.label,
    operation,
    ...(shown && {
      own: wall === 'forbidden' ? judgeForeign(shown, wall, may, false) : judgeOwn(shown, may, isMade ? least : 0),
    }),
    ...(worst && { foreign: worst }),
    ...(byNone && { none: judgeForeign(byNone, wall, may, false) }),
  }
}
