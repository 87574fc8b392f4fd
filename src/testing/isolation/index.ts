import { stdout } from 'node:process'
import type { TenantDatabase } from '../../database/index.ts'
import { type Catalogue, type Label, readCatalogue } from './catalogue.ts'
import type { GivenValues } from './choices.ts'
import { makeRows, type TenantRows, type Workshop } from './make.ts'
import { IsolationBroken, IsolationMatrix, type IsolationRow } from './matrix.ts'
import { probeAll } from './probe-all.ts'
import { statementsFor } from './statements.ts'
import { lookAround, removeRows } from './subjects.ts'

export type { GivenValues } from './choices.ts'
export { IsolationBroken, type IsolationCell, IsolationMatrix, type IsolationRow } from './matrix.ts'

export interface IsolationOptions {
  /** The column that says whose a row is: `tenant_id` when left out. */
  tenantColumn?: string
  /** Ids of two tenants, where a table must know them; two fresh ones when left out. They should have no rows. */
  tenants?: [string, string]
  /**
   * Values for columns where none can be guessed: `{ 'public.tasks': { code: 'KB-7' } }`. Where they must be unique, a function
   * of a number that differs from row to row: `{ 'public.tasks': (n) => ({ code: `KB-${n}` }) }`.
   */
  values?: Record<Label, GivenValues>
  /** What is not to be probed: relations, or one operation of one, such as `public.tasks truncate`. */
  except?: string[]
  /** Where the matrix goes: standard output when left out. */
  print?: (text: string) => void
}

const outOfReach = 'not probed: COPY (the driver cannot send it), functions, and relations without the tenant column'

/**
 * Proves that no tenant reaches another's rows, for all tables at once: reads the catalogue as the serving role, makes a row
 * of every table for two tenants, and tries every kind of statement on the own row, on the other tenant's, and without a
 * tenant. Every attempt is rolled back, and what was made is deleted. For a test database: the attempts lock rows.
 *
 * "Without a tenant" is an empty setting, as on a used connection; a connection on which it was never set is not tried.
 *
 * @returns what each statement came to, relation by relation; it is printed as well
 * @throws IsolationBroken that names every cell that is wrong
 * @throws TypeError when no row of a table can be made: it names the constraint, and the `values` to pass
 * @example
 * test("no tenant reaches another tenant's rows", () => expectTenantIsolation(db))
 */
export async function expectTenantIsolation(
  db: TenantDatabase,
  options: IsolationOptions = {},
): Promise<IsolationMatrix> {
  const { tenantColumn = 'tenant_id', except = [], values = {}, print = (text) => stdout.write(`${text}\n`) } = options
  const [a, b] = options.tenants ?? [crypto.randomUUID(), crypto.randomUUID()]
  const catalogue = await readCatalogue(db, tenantColumn)
  assertKnown(catalogue, [...except, ...Object.keys(values)])
  const reachable = catalogue.relations.filter(({ isReachable }) => isReachable)
  if (reachable.length === 0) throw new TypeError(`The role can reach no relation with the column ${tenantColumn}`)

  const statements = new Map(
    reachable.map((relation) => [relation.label, statementsFor(relation, tenantColumn, catalogue.types)] as const),
  )
  const workshop: Workshop = { db, catalogue, tenantColumn, statements, given: values }
  const seed = Math.floor(Math.random() * 10_000) * 3
  const foreign = noRows(a, seed + 1)
  const own = noRows(b, seed + 2)
  const rows: IsolationRow[] = []
  const left: string[] = []
  try {
    for (const tenant of [foreign, own]) {
      await makeRows(workshop, tenant)
      await lookAround(workshop, tenant)
    }
    rows.push(...(await probeAll(workshop, foreign, own, (label) => !except.includes(label))))
  } finally {
    const isFresh = options.tenants === undefined
    for (const tenant of [own, foreign]) left.push(...(await removeRows(workshop, tenant, isFresh)))
  }
  const matrix = new IsolationMatrix(
    rows.filter(({ relation, operation }) => !except.includes(`${relation} ${operation}`)),
    [
      ...catalogue.relations
        .filter(({ isReachable }) => !isReachable)
        .map(({ label }) => `not probed: ${label}, which the role cannot reach`),
      ...except.map((name) => `not probed: ${name}, as asked`),
      ...reachable
        .filter(({ label }) => !foreign.known.has(label))
        .map(
          ({ label }) => `nothing to see: ${label} has no row that a tenant sees${because(foreign.refused.get(label))}`,
        ),
      ...[...new Set(left)].map((label) => `left behind: what was written to ${label} could not be deleted`),
      outOfReach,
    ],
  )
  print(String(matrix))
  if (matrix.holes.length > 0) throw new IsolationBroken(matrix)
  return matrix
}

function assertKnown({ relations }: Catalogue, names: string[]): void {
  const unknown = names.filter((name) => !relations.some(({ label }) => name === label || name.startsWith(`${label} `)))
  if (unknown.length > 0)
    throw new TypeError(`There is no relation of tenants named ${unknown.join(', ')}: write schema.name`)
}

const because = (message: string | undefined): string => (message ? ` (${message})` : '')

const noRows = (tenant: string, seed: number): TenantRows => ({
  tenant,
  seed,
  made: new Map(),
  known: new Map(),
  refused: new Map(),
  orphans: new Set(),
})
