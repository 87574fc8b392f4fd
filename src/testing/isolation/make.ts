import { sql } from 'drizzle-orm'
import type { TenantDatabase } from '../../database/index.ts'
import { attempt } from './attempt.ts'
import type { GivenValues } from './choices.ts'
import { type Catalogue, isRoot, type Label, type Reference, type Relation, type Row } from './read-catalogue.ts'
import { documentOf, type Found, findRow } from './rows.ts'
import type { Statements } from './statements.ts'

/** What the rows and the statements of both tenants are made from. */
export interface ProbeSetup {
  db: TenantDatabase
  catalogue: Catalogue
  tenantColumn: string
  statements: Map<Label, Statements>
  given: Record<Label, GivenValues>
}

/** The rows of one tenant, one for each table. */
export interface TenantRows {
  tenant: string
  seed: number
  /** Inserted rows, in their order. */
  made: Map<Label, Row>
  /** Rows that can be referenced: inserted ones and existing ones. */
  known: Map<Label, Row>
  /** Tables that refuse every row, with the message of PostgreSQL. */
  refused: Map<Label, string>
  /** Tables with a required reference to a table without rows. */
  orphans: Set<Label>
}

/**
 * Inserts one row into every table for a tenant, referenced tables first.
 *
 * @param rows receives the rows, so that they are known when an insert fails
 * @throws TypeError when no row fits: the message names the constraint and the values to pass
 */
export async function makeRows(setup: ProbeSetup, rows: TenantRows): Promise<void> {
  for (const statements of parentsFirst(setup)) {
    const { label } = statements.relation
    if (isOrphan(statements.relation, rows)) {
      rows.orphans.add(label)
      continue
    }
    const found = await findFor(setup, rows, statements, 'keep')
    if ('row' in found) {
      rows.made.set(label, found.row)
      rows.known.set(label, found.row)
    } else if (found.refusal.sqlstate === '42501') rows.refused.set(label, found.refusal.message)
    else throw new TypeError(explain(statements.relation, found, setup.tenantColumn))
  }
}

/** Finds one more row that the table would accept, without keeping it. */
export async function spareRow(setup: ProbeSetup, rows: TenantRows, statements: Statements): Promise<Row> {
  const found = await findFor(setup, { ...rows, seed: rows.seed + 2 }, statements, 'undo')
  return 'row' in found ? found.row : found.tried
}

async function findFor(setup: ProbeSetup, rows: TenantRows, statements: Statements, end: 'undo' | 'keep') {
  const { label, references } = statements.relation
  for (const reference of references)
    if (!rows.known.has(reference.parent)) {
      const row = await existingParent(setup, rows.tenant, reference)
      if (row) rows.known.set(reference.parent, row)
    }
  const { db, catalogue, tenantColumn, given } = setup
  const parents = new Map([...rows.known].filter(([parent]) => parent !== label))
  const { tenant, seed } = rows
  return await findRow({ db, catalogue, statements, tenantColumn, tenant, seed, given: given[label], parents }, end)
}

/** An existing row of a table that all tenants share or that gets no row. */
async function existingParent(setup: ProbeSetup, tenant: string, reference: Reference): Promise<Row | undefined> {
  const { db, statements, tenantColumn } = setup
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

/** Tables that get a row, each after its required parents and, where possible, after its optional ones. */
function parentsFirst({ statements }: ProbeSetup): Statements[] {
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

/** The message for a table that refuses every row. */
function explain(
  { label, checks, columns, references }: Relation,
  { tried, refusal }: Extract<Found, { tried: Row }>,
  tenantColumn: string,
) {
  const { sqlstate, constraint, column, message } = refusal
  const check = checks.find(({ name }) => name === constraint)
  const reference = references.find(({ name }) => name === constraint)
  const about = check?.columns ?? reference?.columns.map(([here]) => here) ?? (column ? [column] : Object.keys(tried))
  const wanted = about.filter((name) => columns.some((known) => known.name === name && known.mayInsert))
  return [
    `No row could be inserted into ${label}: ${constraint ?? 'PostgreSQL'} refuses every value that was tried`,
    ` (${sqlstate}: ${message}${check ? `; ${check.definition}` : ''}).`,
    reference ? ` It needs an existing row of ${reference.parent}.` : '',
    ` Pass values: { '${label}': { ${wanted.map((name) => `${name}: …`).join(', ')} } }`,
    reference?.columns.some(([here]) => here === tenantColumn)
      ? `, or tenants: [a, b] with two tenants of ${reference.parent}.`
      : '.',
  ].join('')
}
