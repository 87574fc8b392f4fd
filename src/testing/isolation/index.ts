import { stdout } from 'node:process'
import type { TenantDatabase } from '../../database/index.ts'
import { spellings } from '../../text/index.ts'
import type { GivenValues } from './choices.ts'
import { makeRows, type ProbeSetup, type TenantRows } from './make.ts'
import { IsolationMatrix, type IsolationRow, TenantIsolationError } from './matrix.ts'
import { newTenantOf } from './new-tenant.ts'
import { probeAll } from './probe-all.ts'
import { type Catalogue, type Label, readCatalogue } from './read-catalogue.ts'
import { statementsFor } from './statements.ts'
import { readVisibleRows, removeRows } from './subjects.ts'
import { probeUnreachable } from './unreachable.ts'

export type { GivenValues } from './choices.ts'
export { type IsolationCell, IsolationMatrix, type IsolationRow, TenantIsolationError } from './matrix.ts'

export interface TenantIsolationOptions {
  /**
   * The column that holds the tenant.
   *
   * @default 'tenant_id'
   */
  tenantColumn?: string
  /**
   * Ids of two tenants without rows, for a schema with a table of tenants.
   *
   * @default two random ids
   */
  tenants?: [string, string]
  /**
   * Values for columns that no guess fits: `{ 'public.tasks': { code: 'KB-7' } }`. For unique columns, a function of a number
   * that differs in every row: `{ 'public.tasks': (n) => ({ code: `KB-${n}` }) }`.
   *
   * @default {}
   */
  values?: Record<Label, GivenValues>
  /**
   * Relations to skip, or one operation of a relation, such as `public.tasks truncate`.
   *
   * @default []
   */
  except?: string[]
  /**
   * Relations that the serving role must not reach, as `schema.name`. A privilege on one of them is a violation.
   *
   * @default []
   */
  unreachable?: string[]
  /**
   * Receives the printed matrix.
   *
   * @default writes to stdout
   */
  print?: (text: string) => void
}

/**
 * Proves that no tenant reaches rows of another tenant, for all tables at once: reads the catalogue as the serving role, inserts
 * a row into every table for two tenants, and tries every kind of statement on the tenant's own row, on the other tenant's row,
 * and without a tenant. A statement for which the role lacks the privilege runs once. It rolls back every attempt and deletes the inserted
 * rows. Use a test database: the attempts lock rows.
 *
 * "Without a tenant" is an empty setting, as on a used connection. A connection that never had the setting is not tried.
 *
 * @returns the result of each statement, by relation, which is also printed
 * @throws TenantIsolationError that names every violation
 * @throws TypeError when no row of a table can be inserted: the message names the constraint and the `values` to pass
 * @example
 * test("no tenant reaches another tenant's rows", () => expectTenantIsolation(db))
 */
export async function expectTenantIsolation(
  db: TenantDatabase,
  options: TenantIsolationOptions = {},
): Promise<IsolationMatrix> {
  const { tenantColumn = 'tenant_id', print = (text) => stdout.write(`${text}\n`) } = options
  const { unreachable = [] } = options
  const closed = await probeUnreachable(db, unreachable)
  const [a, b] = options.tenants ?? [newTenantOf(db), newTenantOf(db)]
  const catalogue = await readCatalogue(db, tenantColumn)
  const except = (options.except ?? []).map((name) => labelled(name, catalogue))
  const named = Object.entries(options.values ?? {}).map(([name, given]) => [labelled(name, catalogue), given] as const)
  assertKnown(catalogue, [...except, ...named.map(([name]) => name)])
  const reachable = catalogue.relations.filter(({ isReachable }) => isReachable)
  if (reachable.length === 0)
    throw new TypeError(`The role has no privilege on a relation with the column ${tenantColumn}`)

  const statements = new Map(
    reachable.map((relation) => [relation.label, statementsFor(relation, tenantColumn, catalogue.types)] as const),
  )
  const setup: ProbeSetup = { db, catalogue, tenantColumn, statements, given: Object.fromEntries(named) }
  const seed = Math.floor(Math.random() * 10_000) * 3
  const foreign = noRows(a, seed + 1)
  const own = noRows(b, seed + 2)
  const rows: IsolationRow[] = [...closed]
  const left: string[] = []
  try {
    for (const tenant of [foreign, own]) {
      await makeRows(setup, tenant)
      await readVisibleRows(setup, tenant)
    }
    rows.push(...(await probeAll(setup, foreign, own, (label) => !except.includes(label))))
  } finally {
    const isFresh = options.tenants === undefined
    for (const tenant of [own, foreign]) left.push(...(await removeRows(setup, tenant, isFresh)))
  }
  const matrix = new IsolationMatrix(
    rows.filter(({ relation, operation }) => !except.includes(`${relation} ${operation}`)),
    notesOf(catalogue, { except, unreachable }, foreign, left),
  )
  print(String(matrix))
  if (matrix.violations.length > 0) throw new TenantIsolationError(matrix)
  return matrix
}

/** Relations that were not probed, that proved nothing, or that keep rows. */
function notesOf(
  { relations }: Catalogue,
  { except, unreachable: known }: { except: string[]; unreachable: string[] },
  foreign: TenantRows,
  left: string[],
): string[] {
  const reachable = relations.filter(({ isReachable }) => isReachable)
  const named = known.flatMap(spellings)
  const unreachable = relations.filter(({ isReachable, label }) => !isReachable && !named.includes(label))
  const unseen = reachable.filter(({ label }) => !foreign.known.has(label))
  return [
    ...unreachable.map(({ label }) => `not probed: ${label}, on which the role has no privilege`),
    ...except.map((name) => `not probed: ${name}, listed in "except"`),
    ...unseen.map(({ label }) => {
      const message = foreign.refused.get(label)
      return `nothing proved: no tenant sees a row of ${label}${message ? ` (${message})` : ''}`
    }),
    ...[...new Set(left)].map((label) => `left behind: rows of ${label} that could not be deleted`),
    'not probed: COPY (the driver cannot send it), functions, and relations without the tenant column',
  ]
}

/** A name, maybe with an operation behind it, as the catalogue writes it. */
function labelled(name: string, { relations }: Catalogue): string {
  const label = relations.map(({ label }) => label).find((label) => spellings(label).some((one) => isOf(name, one)))
  const spelling = label && spellings(label).find((one) => isOf(name, one))
  return spelling ? `${label}${name.slice(spelling.length)}` : name
}

/** Whether a name is that of a relation, with an operation behind it or not. */
const isOf = (name: string, label: string): boolean => name === label || name.startsWith(`${label} `)

function assertKnown({ relations }: Catalogue, names: string[]): void {
  const unknown = names.filter((name) => !relations.some(({ label }) => isOf(name, label)))
  if (unknown.length > 0)
    throw new TypeError(`No relation with the tenant column is named ${unknown.join(', ')}. Write names as schema.name`)
}

const noRows = (tenant: string, seed: number): TenantRows => ({
  tenant,
  seed,
  made: new Map(),
  known: new Map(),
  refused: new Map(),
  orphans: new Set(),
})
