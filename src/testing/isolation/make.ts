import { sql } from 'drizzle-orm'
import type { TenantDatabase } from '../../database/index.ts'
import { attempt } from './attempt.ts'
import { type Catalogue, isRoot, type Label, type Reference, type Relation, type Row } from './catalogue.ts'
import type { GivenValues } from './choices.ts'
import { documentOf, type Found, findRow } from './rows.ts'
import type { Statements } from './statements.ts'

/** What rows are made with: the same for both tenants. */
export interface Workshop {
  db: TenantDatabase
  catalogue: Catalogue
  tenantColumn: string
  statements: Map<Label, Statements>
  given: Record<Label, GivenValues>
}

/** The rows of one tenant, one a table. */
export interface TenantRows {
  tenant: string
  seed: number
  /** Rows that were made, in the order in which they were. */
  made: Map<Label, Row>
  /** Rows that can be referred to: those that were made, and those that were there. */
  known: Map<Label, Row>
  /** Tables that let none in, with what PostgreSQL said, and those that must refer to one of these. */
  refused: Map<Label, string>
  orphans: Set<Label>
}

/**
 * Makes one row of every table for a tenant, what is referred to first.
 *
 * @param rows is filled, so that what was made is known when it fails
 * @throws TypeError when no row can be found: it names the constraint and what to pass
 */
export async function makeRows(workshop: Workshop, rows: TenantRows): Promise<void> {
  for (const statements of parentsFirst(workshop)) {
    const { label } = statements.relation
    if (isOrphan(statements.relation, rows)) {
      rows.orphans.add(label)
      continue
    }
    const found = await findFor(workshop, rows, statements, 'keep')
    if ('row' in found) {
      rows.made.set(label, found.row)
      rows.known.set(label, found.row)
    } else if (found.refusal.sqlstate === '42501') rows.refused.set(label, found.refusal.message)
    else throw new TypeError(explain(statements.relation, found))
  }
}

/** Looks for one more row of a table beside the one that was made, and keeps none. */
export async function spareRow(workshop: Workshop, rows: TenantRows, statements: Statements): Promise<Row> {
  const found = await findFor(workshop, { ...rows, seed: rows.seed + 2 }, statements, 'undo')
  return 'row' in found ? found.row : found.tried
}

async function findFor(workshop: Workshop, rows: TenantRows, statements: Statements, end: 'undo' | 'keep') {
  const { label, references } = statements.relation
  for (const reference of references)
    if (!rows.known.has(reference.parent)) {
      const row = await existingParent(workshop, rows.tenant, reference)
      if (row) rows.known.set(reference.parent, row)
    }
  const { db, catalogue, tenantColumn, given } = workshop
  const parents = new Map([...rows.known].filter(([parent]) => parent !== label))
  const { tenant, seed } = rows
  return await findRow({ db, catalogue, statements, tenantColumn, tenant, seed, given: given[label], parents }, end)
}

/** A row that is there already, of a table that all tenants share or that no row is made in. */
async function existingParent(workshop: Workshop, tenant: string, reference: Reference): Promise<Row | undefined> {
  const { db, statements, tenantColumn } = workshop
  const known = statements.get(reference.parent)
  const { parentSchema, parentName, columns } = reference
  const names = columns.map(([, there]) => sql`${sql.identifier(there)}::text as ${sql.identifier(there)}`)
  const parent = sql`${sql.identifier(parentSchema)}.${sql.identifier(parentName)}`
  const firstRow = sql`select ${sql.join(names, sql`, `)} from ${parent} limit 1`
  const outcome = await attempt(db, tenant, [known ? known.take({ [tenantColumn]: tenant }) : firstRow])
  if ('sqlstate' in outcome) return undefined
  return known ? documentOf(outcome.rows[0]) : outcome.rows[0]
}

const isRequired = ({ columns }: Relation, reference: Reference): boolean =>
  reference.columns.every(([here]) => columns.some(({ name, isNotNull }) => name === here && isNotNull))

const isOrphan = (relation: Relation, { refused, orphans }: TenantRows): boolean =>
  relation.references.some(
    (reference) =>
      reference.parent !== relation.label &&
      (refused.has(reference.parent) || orphans.has(reference.parent)) &&
      isRequired(relation, reference),
  )

/** Tables that rows can be made in, each after those that it must refer to, and where it can be after those it may. */
function parentsFirst({ statements }: Workshop): Statements[] {
  const rest = [...statements.values()].filter(({ relation, mayInsert }) => isRoot(relation) && mayInsert)
  const order: Statements[] = []
  const waits = ({ relation }: Statements, which: (reference: Reference) => boolean) =>
    relation.references.some(
      (reference) =>
        reference.parent !== relation.label &&
        which(reference) &&
        rest.some((other) => other.relation.label === reference.parent),
    )
  while (rest.length > 0) {
    const next =
      rest.find((one) => !waits(one, () => true)) ??
      rest.find((one) => !waits(one, (reference) => isRequired(one.relation, reference))) ??
      rest[0]
    if (next) order.push(...rest.splice(rest.indexOf(next), 1))
  }
  return order
}

/** Why no row could be made, and what to pass so that one can. */
function explain({ label, checks, columns, references }: Relation, { tried, refusal }: Extract<Found, { tried: Row }>) {
  const { sqlstate, constraint, column, message } = refusal
  const check = checks.find(({ name }) => name === constraint)
  const reference = references.find(({ name }) => name === constraint)
  const about = check?.columns ?? reference?.columns.map(([here]) => here) ?? (column ? [column] : Object.keys(tried))
  const wanted = about.filter((name) => columns.some((known) => known.name === name && known.mayInsert))
  return [
    `No row of ${label} could be made: ${constraint ? `${constraint} refuses` : 'PostgreSQL refuses'} what was tried`,
    ` (${sqlstate}: ${message}${check ? `; ${check.definition}` : ''}).`,
    reference ? ` It wants a row of ${reference.parent}, which must be there before.` : '',
    ` Pass values: { '${label}': { ${wanted.map((name) => `${name}: …`).join(', ')} } }`,
    reference ? `, or tenants: [a, b] where ${reference.parent} holds the tenants.` : '.',
  ].join('')
}
